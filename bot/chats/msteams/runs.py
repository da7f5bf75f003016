"""Words as an Adaptive Card holds them: in text runs, which parse no Markdown, and what a tap on them opens. Pure."""

from __future__ import annotations

import json
from typing import Any

from bot.chats.msteams import plain
from bot.untrusted import clean
from handlers.cards import Card
from handlers.wording import asides
from handlers.wording.reach import link

Element = dict[str, Any]

WAY = 300
LABEL = 24
LINES = 30
NOTHING = "…"


def text(words: str, **look: Any) -> Element:
    """Returns words in which Markdown is never parsed. Line breaks become spaces."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": " ".join(words.split()) or NOTHING, **look}]}


def paragraphs(words: str, limit: int, *, lines: int = LINES, **look: Any) -> list[Element]:
    """Returns words with their line breaks: one block per line, at most `lines`, of which the last takes the rest."""
    said = [each for each in plain.cut(plain.run(words), limit).split("\n") if each.strip()]
    if len(said) > lines:
        said = [*said[: lines - 1], " ".join(said[lines - 1 :])]
    return [text(each, **look) | ({"spacing": "Small"} if n else {}) for n, each in enumerate(said)]


def to_reach(card: Card, room: int) -> list[Element]:
    """Returns the ways to reach a customer, one per line, in the body's size; one that is not a link is text alone. Returns only as
    many as fit into `room`."""
    ways: list[Element] = []
    for line in card.reach:
        url = link(line)
        way = text(plain.cut(plain.run(line), WAY), **(_opens(url, line) if url else {})) | {"spacing": "Small"}
        if clean(line) and size([*ways, way]) <= room:
            ways.append(way)
    return ways


def to_the_card(card: Card) -> list[Element]:
    """Returns the link to the card in the channel, if there is one."""
    if card.there is None or not card.there.url:
        return []
    said = asides.in_the_channel()
    return [text(said, **_opens(card.there.url, said)) | {"spacing": "Small"}]


def titled(label: str) -> str:
    """Returns a label as short as the title of a button must be."""
    return shortened(label, LABEL)


def shortened(words: str, characters: int) -> str:
    words = " ".join(clean(words).split()) or NOTHING
    return words if len(words) <= characters else words[: characters - 1].rstrip() + "…"


def size(content: Element | list[Element]) -> int:
    """Returns the weight of some content: its length as JSON."""
    return len(json.dumps(content))


def _opens(url: str, said: str) -> Element:
    """Returns the looks of a text run that opens a URL."""
    return {"underline": True, "selectAction": {"type": "Action.OpenUrl", "title": titled(said), "url": url}}
