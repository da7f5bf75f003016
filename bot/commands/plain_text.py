"""A card as plain lines: what the terminal shows, and the words that every chat shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from handlers.cards import Card


def lines(card: Card) -> Iterator[str]:
    """Yields headline, quote, ways to reach, context, small cards, the lines below them, footer, and buttons in brackets; of a
    plain line just its text."""
    if card.is_line:
        yield card.plain
        return
    yield card.headline
    if card.quote:
        yield f"“{card.quote}”"
    yield from (*card.reach, *card.lines)
    for item in card.items:
        yield from (f"  {line}" for line in lines(item))
    yield from card.below
    if card.footer:
        yield card.footer
    if card.buttons:
        yield " ".join(f"[{button.label}]" for button in card.buttons)
