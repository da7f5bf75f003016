"""Draws cards as Adaptive Cards 1.5, in the activities that carry them. Pure, and nothing in it is ever read as markup.

Words stand in text runs, which read no Markdown; the button of a customer's `[link](…)` never comes alive. What handlers.reach
knows as a way to reach a customer is tapped through the run's own action. `summary`, `speak`
and `fallbackText` carry the plain line for phones and screen readers; `text` never stands beside a card, or Teams splits the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.chats.msteams import plain
from handlers import asides
from handlers.cards import Button, Card, Chart
from handlers.reach import link

Element = dict[str, Any]
Activity = dict[str, Any]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.5"

MOST = 19_500
"""Weight of one card: Teams takes more, but not on every client."""
LINE = 9_000
PLAIN = 1_200
HEADLINE = 700
CONTEXT = 4_000
FOOTER = 500
WAY = 300
BLOCK = 100
"""What a line weighs beside its words."""
LEAST = 600
"""What is left of the customer's words, whatever else a card holds."""
WORDS = 1_300
"""What the words of a small card weigh when all of them are cut."""
LABEL = 24
SPOKEN = 75
HINT = 300
LINES = 30
ROW = 6
"""Buttons Teams shows side by side; it leaves out the rest."""
NOTHING = "…"


def message(card: Card, *, listed: bool = False, charts: bool = True) -> Activity:
    """A card as an activity. `listed`: it is part of a list, which nobody will edit when the follow-up changes. Without `charts`
    only their words are left."""
    if card.is_line:
        return line(card.plain)
    if not charts and card.chart is not None:
        card = replace(card, chart=None, context=card.lines)
    return activity(drawn(card, listed=listed), card.plain or card.headline)


def line(text: str) -> Activity:
    """A line of talk: text alone, read without Markdown; it also takes the place of a card."""
    said = plain.cut(plain.unaddressed(plain.clean(text)), LINE) or NOTHING
    return {"type": "message", "text": said, "textFormat": "plain", "summary": plain.cut(said, PLAIN), "attachments": []}


def activity(content: Element, summary: str) -> Activity:
    """A drawn card as an activity."""
    said = plain.cut(plain.clean(summary), PLAIN) or NOTHING
    return {"type": "message", "summary": said, "attachments": [{"contentType": CARD_TYPE, "content": content}]}


def drawn(card: Card, *, listed: bool = False, also: Sequence[Element] = ()) -> Element:
    """The content of a card, `also` after its own buttons. The customer's words give way when the rest leaves too little room."""
    actions = [*_actions(card, listed=listed), *also]
    said = card.plain or card.headline
    room = MOST - size(frame([], actions, said))
    share = room // (len(card.items) + 1)
    items = [_apart(nested(item, share, listed=listed)) for item in card.items]
    if not (items or card.below):
        return frame(elements(card, room), actions, said)
    footer = _footer(card, FOOTER)  # below the small cards
    left = room - size([*items, *footer])
    above = elements(replace(card, footer=""), left - size(_below(card, left // 2)))
    return frame([*above, *items, *_below(card, left - size(above)), *footer], actions, said)


def _below(card: Card, room: int) -> list[Element]:
    """Returns the lines under the small cards, as many as fit."""
    said = [text(each) for each in _within(card.below, min(CONTEXT, room - BLOCK))]
    return [_apart(said)] if said else []


def _apart(content: list[Element]) -> Element:
    return {"type": "Container", "separator": True, "spacing": "Large", "items": content}


def nested(card: Card, room: int = MOST // 10, *, listed: bool = False) -> list[Element]:
    """A small card inside another: its words with its own buttons below them, in the first form that leaves half of the room to the
    words, if they need it. `room` is what all may weigh."""
    words = min(size(elements(card, MOST)), max(WORDS, room // 2))
    for actions in _forms(card, listed=listed):
        if words + size(actions) <= room:
            break
    return [*elements(card, room - size(actions)), *([_set(actions)] if actions else [])]


def elements(card: Card, room: int) -> list[Element]:
    """What stands in a card above its buttons. `room` is what it may weigh; the customer's words give way first, but never all.

    Beside a quote the context is small print, without one the body, which has the room that the words would have."""
    if card.is_line:
        return paragraphs(card.plain, max(LEAST, room)) or [text(NOTHING)]
    ways = _ways(card, room // 3) if room >= 2 * LEAST else []
    room -= size(ways) if ways else 0
    fair = (max(LEAST, room) - 4 * BLOCK) // 4
    lines = max(1, min(LINES, room // LEAST))
    look: dict[str, Any] = {"isSubtle": True} if plain.clean(card.quote) else {}
    told = fair if look else max(LEAST, room - 4 * BLOCK) * 3 // 4
    context = [
        block for each in _within(card.context, min(CONTEXT, told)) for block in paragraphs(each, CONTEXT, lines=lines, **look)
    ]
    if card.chart is not None:
        context[1:1] = [_chart(card.chart), *paragraphs(card.chart.twin, CONTEXT, lines=lines, isSubtle=True, size="Small")]
    headline = text(plain.cut(plain.run(card.headline), min(HEADLINE, fair)), weight="Bolder", size="Medium")
    below = [*context, *_footer(card, min(FOOTER, fair))]
    left = room - size([headline, *below])
    quote = [_quote(card.quote, max(min(LEAST, fair), left), lines)] if look else []
    return [headline, *quote, *ways, *below]


def _ways(card: Card, room: int) -> list[Element]:
    """How to reach a customer, one way a line, as large as the body; what is none is text alone. As many as weigh no more."""
    ways: list[Element] = []
    for line in card.reach:
        url = link(line)
        opened = {"type": "Action.OpenUrl", "title": _title(line), "url": url}
        tapped = {"underline": True, "selectAction": opened} if url else {}
        way = text(plain.cut(plain.run(line), WAY), **tapped) | {"spacing": "Small"}
        if plain.clean(line) and size([*ways, way]) <= room:
            ways.append(way)
    return ways


def _chart(chart: Chart) -> Element:
    """Stacked bars, which a client that does not know them leaves out: their words stand below."""
    series = [
        {"legend": plain.run(name), "values": [{"x": plain.run(x), "y": y} for x, y in zip(chart.labels, values, strict=True)]}
        for name, values in chart.series
    ]
    title = plain.run(chart.title)
    return {"type": "Chart.VerticalBar.Grouped", "title": title, "stacked": True, "data": series, "fallback": "drop"}


def frame(body: Sequence[Element], actions: Sequence[Element], said: str) -> Element:
    """An Adaptive Card of these parts that says `said` where it cannot be drawn."""
    words = plain.cut(plain.clean(said), PLAIN) or NOTHING
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "fallbackText": plain.escaped(words),
        "speak": plain.spoken(words).strip() or NOTHING,
        "body": list(body),
        **({"actions": list(actions)} if actions else {}),
    }


def text(words: str, **look: Any) -> Element:
    """Words that are never read as Markdown. Line breaks become spaces."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": " ".join(words.split()) or NOTHING, **look}]}


def paragraphs(words: str, limit: int, *, lines: int = LINES, **look: Any) -> list[Element]:
    """Words with their line breaks: one block a line, the last of at most so many `lines` takes what is left."""
    said = [each for each in plain.cut(plain.run(words), limit).split("\n") if each.strip()]
    if len(said) > lines:
        said = [*said[: lines - 1], " ".join(said[lines - 1 :])]
    return [text(each, **look) | ({"spacing": "Small"} if n else {}) for n, each in enumerate(said)]


def execute(button: Button, *, listed: bool = False) -> Element:
    """A button: Action.Execute, and for old clients Action.Submit with the same data."""
    data: dict[str, Any] = {"verb": button.verb, "target": button.target, **({"listed": True} if listed else {})}
    return action(button.label, data, button.spoken, inputs=True)  # beside it there are none


def action(label: str, data: dict[str, Any], spoken: str = "", *, inputs: bool = False) -> Element:
    """Any button of ours. Without `inputs` it can be pressed whatever stands in the card's fields."""
    title = _title(label)
    associated = {} if inputs else {"associatedInputs": "none"}
    tooltip = {"tooltip": plain.cut(_shortened(spoken, SPOKEN), HINT)} if plain.clean(spoken) else {}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": data["verb"],
        "data": data,
        **tooltip,
        **associated,
        "fallback": {"type": "Action.Submit", "title": title, "data": data, **associated},
    }


def size(content: Element | list[Element]) -> int:
    """The weight of what is sent."""
    return len(json.dumps(content))


def _footer(card: Card, limit: int) -> list[Element]:
    """The small print, where there is any."""
    return [text(plain.cut(plain.run(card.footer), limit), size="Small", isSubtle=True)] if plain.clean(card.footer) else []


def _actions(card: Card, *, listed: bool) -> list[Element]:
    actions = [execute(button, listed=listed) for button in card.buttons[: ROW - 1]]
    return [*actions, *([_menu([execute(button, listed=listed) for button in card.menu])] if card.menu else [])]


def _forms(card: Card, *, listed: bool) -> Iterator[list[Element]]:
    """The buttons of a small card, in ever smaller forms; each of them leads to all that can be done."""
    yield _actions(card, listed=listed)
    about = {button.target for button in (*card.buttons, *card.menu)}
    silent = _silent(card.buttons)
    if len(about) != 1 or not isinstance(target := about.pop(), int):
        yield _actions(replace(card, buttons=silent, menu=_silent(card.menu)), listed=listed)
        return
    whole = asides.all_of_it(target)
    if card.menu:
        yield [execute(button, listed=listed) for button in (*card.buttons[: ROW - 1], whole)]
    yield [execute(button, listed=listed) for button in (*silent[: ROW - 1], *(_silent([whole]) if card.menu else ()))]
    yield [execute(button, listed=listed) for button in _silent([whole])]


def _silent(buttons: Iterable[Button]) -> tuple[Button, ...]:
    """The same buttons; a screen reader says no more than what stands on them."""
    return tuple(replace(button, spoken="") for button in buttons)


def _menu(actions: list[Element]) -> Element:
    """All but the first two, behind one button: a phone shows few. Rows, because Teams shows no more than six of one."""
    rows = [_set(actions[at : at + ROW]) for at in range(0, len(actions), ROW)]
    return {
        "type": "Action.ShowCard",
        "title": _title(asides.more()),
        "card": {"type": "AdaptiveCard", "version": VERSION, "body": rows},
    }


def _set(actions: list[Element]) -> Element:
    return {"type": "ActionSet", "actions": actions}


def _quote(words: str, room: int, lines: int) -> Element:
    """The customer's own words, set apart. `room` is what the whole of it may weigh."""
    limit, least = room, min(LEAST, room) // 2
    while True:
        box = {"type": "Container", "style": "emphasis", "items": paragraphs(words, limit, lines=lines)}
        over = size(box) - room
        if over <= 0 or limit <= least:
            return box
        limit = max(least, limit - over)


def _within(lines: Sequence[str], limit: int) -> list[str]:
    """Lines that together weigh no more than this; the last that fits is cut."""
    kept: list[str] = []
    for each in lines:
        room = limit - sum(plain.weight(line) + BLOCK for line in kept)
        if room > BLOCK and plain.clean(each):
            kept.append(plain.cut(plain.run(each), room))
    return kept


def _title(label: str) -> str:
    return _shortened(label, LABEL)


def _shortened(words: str, characters: int) -> str:
    words = " ".join(plain.clean(words).split()) or NOTHING
    return words if len(words) <= characters else words[: characters - 1].rstrip() + "…"
