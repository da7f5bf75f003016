"""Renders cards as Adaptive Cards 1.5, in the activities that carry them. Pure; no text is ever interpreted as markup.

Words are put into text runs, in which Markdown is not parsed, so a customer's `[link](…)` never becomes a link. Ways to reach a
customer that handlers.reach recognises, and our own cards, are opened through the run's own action. `summary`, `speak` and
`fallbackText` carry the plain line for phones and screen readers; `text` is never set beside a card, or Teams splits the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.chats.msteams import plain
from bot.chats.msteams.runs import LINES, NOTHING, Element, paragraphs, shortened, size, text, titled, to_reach, to_the_card
from bot.untrusted import clean
from handlers.cards import Button, Card, Chart
from handlers.wording import asides

Activity = dict[str, Any]

CARD_TYPE = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.5"

MOST = 19_500
"""Maximum weight of one card: some clients take more, but not all."""
LINE = 9_000
PLAIN = 1_200
HEADLINE = 700
CONTEXT = 4_000
FOOTER = 500
BLOCK = 100
"""Weight of a line beyond its words."""
LEAST = 600
"""Weight that the customer's words keep, whatever else a card holds."""
WORDS = 1_300
"""Weight of a small card's words when all of them are cut."""
SPOKEN = 75
HINT = 300
ROW = 6
"""Buttons that Teams shows side by side; it omits the rest."""


def message(card: Card, *, listed: bool = False, charts: bool = True) -> Activity:
    """Returns a card as an activity. `listed`: it is part of a list, which nobody will edit when the follow-up changes. Without
    `charts`, a chart is reduced to its words."""
    if card.is_line:
        return line(card.plain)
    if not charts and card.chart is not None:
        card = replace(card, chart=None, context=card.lines)
    return activity(drawn(card, listed=listed), card.plain or card.headline)


def line(text: str) -> Activity:
    """Returns a line of talk: text alone, without Markdown. As an edit it also replaces a card."""
    said = plain.cut(plain.unaddressed(clean(text)), LINE) or NOTHING
    return {"type": "message", "text": said, "textFormat": "plain", "summary": plain.cut(said, PLAIN), "attachments": []}


def activity(content: Element, summary: str) -> Activity:
    """Returns a rendered card as an activity."""
    said = plain.cut(clean(summary), PLAIN) or NOTHING
    return {"type": "message", "summary": said, "attachments": [{"contentType": CARD_TYPE, "content": content}]}


def drawn(card: Card, *, listed: bool = False, above: Sequence[Element] = (), also: Sequence[Element] = ()) -> Element:
    """Returns the content of a card, with `above` before its headline and `also` after its own buttons. The customer's words are
    cut when the rest leaves too little room."""
    actions = [*_actions(card, listed=listed), *also]
    said = card.plain or card.headline
    room = MOST - size(frame(above, actions, said))
    share = room // (len(card.items) + 1)
    items = [_apart(nested(item, share, listed=listed)) for item in card.items]
    if not (items or card.below):
        return frame([*above, *elements(card, room)], actions, said)
    footer = _footer(card, FOOTER)  # below the small cards
    left = room - size([*items, *footer])
    top = elements(replace(card, footer=""), left - size(_below(card, left // 2)))
    return frame([*above, *top, *items, *_below(card, left - size(top)), *footer], actions, said)


def _below(card: Card, room: int) -> list[Element]:
    """Returns the lines under the small cards, as many as fit."""
    said = [text(each) for each in _within(card.below, min(CONTEXT, room - BLOCK))]
    return [_apart(said)] if said else []


def _apart(content: list[Element]) -> Element:
    return {"type": "Container", "separator": True, "spacing": "Large", "items": content}


def nested(card: Card, room: int = MOST // 10, *, listed: bool = False) -> list[Element]:
    """Returns a small card inside another: its words, and below them its buttons, in the first form that leaves the words half
    of the room if they need it. `room` is the maximum weight of it all."""
    words = min(size(elements(replace(card, there=None), MOST)), max(WORDS, room // 2))
    forms, back = list(_forms(card, listed=listed)), size(to_the_card(card))
    enough = [form for form in forms[:-1] if words + back + size(form) <= room]  # the link takes no button away
    enough = enough or [form for form in forms if words + size(form) <= room]
    actions = enough[0] if enough else forms[-1]
    return [*elements(card, room - size(actions)), *([_set(actions)] if actions else [])]


def elements(card: Card, room: int) -> list[Element]:
    """Returns what a card shows above its buttons. `room` is its maximum weight; the customer's words are cut first, but never
    wholly.

    With a quote the context is small print; without one it is the body, and gets the room that the words would have.
    """
    if card.is_line:
        return paragraphs(card.plain, max(LEAST, room)) or [text(NOTHING)]
    for each in (card, replace(card, there=None)):  # the link is the first to go: what a button opens has it, too
        if size(whole := _parts(each, MOST)) <= room:
            return whole
    return _parts(card, room)


def _parts(card: Card, room: int) -> list[Element]:
    """Returns what a card shows above its buttons, each part with its share of the room, needed or not."""
    back = to_the_card(card) if room >= 3 * LEAST else []
    room -= size(back) if back else 0
    ways = to_reach(card, room // 3) if room >= 2 * LEAST else []
    room -= size(ways) if ways else 0
    fair = (max(LEAST, room) - 4 * BLOCK) // 4
    lines = max(1, min(LINES, room // LEAST))
    look: dict[str, Any] = {"isSubtle": True} if clean(card.quote) else {}
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
    return [headline, *quote, *ways, *below, *back]


def _chart(chart: Chart) -> Element:
    """Returns stacked bars. A client that does not support them omits them: their words are shown below."""
    series = [
        {"legend": plain.run(name), "values": [{"x": plain.run(x), "y": y} for x, y in zip(chart.labels, values, strict=True)]}
        for name, values in chart.series
    ]
    title = plain.run(chart.title)
    return {"type": "Chart.VerticalBar.Grouped", "title": title, "stacked": True, "data": series, "fallback": "drop"}


def frame(body: Sequence[Element], actions: Sequence[Element], said: str) -> Element:
    """Returns an Adaptive Card of these parts, which shows `said` where it cannot be rendered."""
    words = plain.cut(clean(said), PLAIN) or NOTHING
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "fallbackText": plain.escaped(words),
        "speak": plain.spoken(words).strip() or NOTHING,
        "body": list(body),
        **({"actions": list(actions)} if actions else {}),
    }


def execute(button: Button, *, listed: bool = False) -> Element:
    """Returns a button: Action.Execute, and for old clients Action.Submit with the same data."""
    data: dict[str, Any] = {"verb": button.verb, "target": button.target, **({"listed": True} if listed else {})}
    return action(button.label, data, button.spoken, inputs=True)  # a card with such a button has no inputs


def action(label: str, data: dict[str, Any], spoken: str = "", *, inputs: bool = False) -> Element:
    """Returns a button. Without `inputs` it can be pressed whatever the card's fields contain."""
    title = titled(label)
    associated = {} if inputs else {"associatedInputs": "none"}
    tooltip = {"tooltip": plain.cut(shortened(spoken, SPOKEN), HINT)} if clean(spoken) else {}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": data["verb"],
        "data": data,
        **tooltip,
        **associated,
        "fallback": {"type": "Action.Submit", "title": title, "data": data, **associated},
    }


def _footer(card: Card, limit: int) -> list[Element]:
    """Returns the small print, if there is any."""
    return [text(plain.cut(plain.run(card.footer), limit), size="Small", isSubtle=True)] if clean(card.footer) else []


def _actions(card: Card, *, listed: bool) -> list[Element]:
    actions = [execute(button, listed=listed) for button in card.buttons[: ROW - 1]]
    return [*actions, *([_menu([execute(button, listed=listed) for button in card.menu])] if card.menu else [])]


def _forms(card: Card, *, listed: bool) -> Iterator[list[Element]]:
    """Yield the buttons of a small card in ever smaller forms; each form leads to everything that can be done."""
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
    """Returns the buttons without `spoken`: a screen reader then says only their labels."""
    return tuple(replace(button, spoken="") for button in buttons)


def _menu(actions: list[Element]) -> Element:
    """Returns all of these actions behind one button, because a phone shows few. In rows, because Teams shows at most six in
    one."""
    rows = [_set(actions[at : at + ROW]) for at in range(0, len(actions), ROW)]
    return {
        "type": "Action.ShowCard",
        "title": titled(asides.more()),
        "card": {"type": "AdaptiveCard", "version": VERSION, "body": rows},
    }


def _set(actions: list[Element]) -> Element:
    return {"type": "ActionSet", "actions": actions}


def _quote(words: str, room: int, lines: int) -> Element:
    """Returns the customer's own words, set apart. `room` is the maximum weight of the whole."""
    limit, least = room, min(LEAST, room) // 2
    while True:
        box = {"type": "Container", "style": "emphasis", "items": paragraphs(words, limit, lines=lines)}
        over = size(box) - room
        if over <= 0 or limit <= least:
            return box
        limit = max(least, limit - over)


def _within(lines: Sequence[str], limit: int) -> list[str]:
    """Returns the first lines that together weigh at most `limit`; the last that fits is cut."""
    kept: list[str] = []
    for each in lines:
        room = limit - sum(plain.weight(line) + BLOCK for line in kept)
        if room > BLOCK and clean(each):
            kept.append(plain.cut(plain.run(each), room))
    return kept
