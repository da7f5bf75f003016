"""Renders cards, forms and private answers as Block Kit. Pure; no text is ever interpreted as markup.

Customers' words are put into plain_text objects and rich text elements of type text: Slack parses neither, so no mention, link,
`*bold*` or :emoji: takes effect, and there is no escaping to get wrong. Only the top-level `text`, which phones show, has no plain
variant: there & < > are escaped. The only links are ways to reach a customer that handlers.reach recognises, and to our own cards.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from bot.chats.slack.plain import cut, escaped, parts, units
from bot.untrusted import clean
from handlers.cards import Ask, Button, Card, Chart, Field, Form, Reply, Style
from handlers.wording import asides
from handlers.wording.reach import link

Block = dict[str, Any]
Message = dict[str, Any]

# Slack rejects a message whose texts exceed an undocumented total of 11,000 to 13,000 characters. The largest card within the
# limits below has 8,700, including `text`, buttons and menu.
TEXT = 900
HEADLINE = 150
QUOTE = 2600
SECTION = 2900
BODY = 4500
CONTEXT = 1900
REACH = 100
WAYS = 8
FOOTER = 300
LABEL = 75
MENU = 15
RADIOS = 10
FEW = 5
"""Up to this many options are shown as radio buttons: one tap, where a list takes two and a search. An optional field with more
than FEW options becomes a list, because a radio button cannot be unselected."""
LINES = 12
CHART_TITLE = 50
CHART_LABEL = 20
ROOM = 6900
"""Characters in the blocks of one message, not counting `text`."""

USER = re.compile(r"[UW][A-Z0-9]{2,30}")
BLOCKS = 50
VIEW_BLOCKS = 100
INTRO = 20
"""Sections above the cards of the home: enough for all that one customer can write."""
NOTHING = "…"
"""Used where Slack requires a text and there is none."""


def message(card: Card, *, plainly: bool = False) -> Message:
    """Returns a card as the `text` and `blocks` of a message. `text` matches the first block, and is all that a phone notification
    shows.

    With `plainly`, charts and links are reduced to their words, for a workspace that cannot render them.
    """
    return {"text": escaped(card.plain or card.headline, TEXT) or NOTHING, "blocks": _told_apart(_drawn(card, plainly=plainly))}


def messages(reply: Reply) -> list[Message]:
    """Returns a private answer in as few messages as Slack's limits allow; empty when there is nothing to say."""
    groups = [[_section(part)] for part in parts(clean(reply.text), SECTION)]
    groups += [_drawn(card) for card in reply.cards]
    return [{"text": escaped(blocks[0]["text"]["text"], TEXT), "blocks": _told_apart(blocks)} for blocks in _packed(groups)]


def modal(form: Form, private_metadata: str) -> dict[str, Any]:
    """Returns a form as a modal view. Field names become block and action ids; the verb becomes the callback id."""
    intro = [_section(form.intro)] if clean(form.intro) or not form.fields else []
    return {
        "type": "modal",
        "callback_id": form.verb,
        "private_metadata": private_metadata,
        "title": _text(form.title, 24),
        "submit": _text(form.submit, 24),
        "blocks": [*intro, *(_input(field) for field in form.fields)],
    }


def note(title: str, text: str) -> dict[str, Any]:
    """Returns a modal view that only says something."""
    return {"type": "modal", "title": _text(title, 24), "blocks": [_section(text)]}


def home(title: str, cards: Sequence[Card], intro: str) -> dict[str, Any]:
    """Returns the App Home tab of one person."""
    groups = [[_header(title), *(_section(part) for part in parts(clean(intro), SECTION)[:INTRO])]]
    groups += [[{"type": "divider"}, *_drawn(card)] for card in cards]
    return {"type": "home", "blocks": _told_apart(_packed(groups, blocks=VIEW_BLOCKS, room=10 * ROOM)[0])}


def _drawn(card: Card, *, plainly: bool = False) -> list[Block]:
    """Returns the blocks of one card, beginning with a header or a section. With a quote the context is small print, otherwise it
    is the body."""
    if card.is_line:
        return [_section(part) for part in parts(clean(card.plain), SECTION)[:2]] or [_section(NOTHING)]
    quoted = bool(clean(card.quote))
    context, below = (clean("\n".join(line for line in lines if clean(line))) for lines in (card.context, card.below))
    return [
        _header(card.headline),
        *_words(card, plainly=plainly),
        *([_small(context, CONTEXT)] if quoted and context else []),
        *([] if quoted else _body(card, context, plainly=plainly)),
        *([_actions(card)] if card.buttons or card.menu else []),
        *(block for item in card.items for block in _item(item, plainly=plainly)),
        *([_section(part) for part in parts(cut(below, max(1, BODY - units(context + card.quote))), SECTION)] if below else []),
        *([_small(card.footer, FOOTER)] if clean(card.footer) else []),
    ]


def _body(card: Card, context: str, *, plainly: bool) -> list[Block]:
    """Returns the context as the body of a card; with a chart, each line becomes a section of its own."""
    if card.chart is None:
        return [_section(part) for part in parts(cut(context, BODY), SECTION)]
    first, *rest = [*context.split("\n"), ""][:LINES]
    return [
        *([_section(first)] if first else []),
        *([] if plainly else [_chart(card.chart)]),
        _small(card.chart.twin, CONTEXT),
        *(_section(cut(line, BODY // LINES)) for line in rest if line),
    ]


def _chart(chart: Chart) -> Block:
    """Returns a bar chart; the SDK has no class for it."""
    labels = [cut(clean(label), CHART_LABEL) or NOTHING for label in chart.labels]
    series = [
        {
            "name": cut(clean(name), CHART_LABEL) or NOTHING,
            "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)],
        }
        for name, values in chart.series
    ]
    drawn = {"type": "bar", "series": series, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": cut(clean(chart.title), CHART_TITLE) or NOTHING, "chart": drawn}


def _item(card: Card, *, plainly: bool) -> list[Block]:
    """Returns a small card inside a message: at most four blocks, so that ten fit into a message."""
    context = clean(" · ".join([*(line for line in card.context if clean(line)), card.footer]))
    return [
        _section(card.headline),
        *_words(card, plainly=plainly),
        *([_small(context, FOOTER)] if context else []),
        *([_actions(card)] if card.buttons or card.menu else []),
    ]


def _header(text: str) -> Block:
    return {"type": "header", "text": _text(text, HEADLINE)}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text, SECTION)}


def _small(text: str, limit: int) -> Block:
    return {"type": "context", "elements": [_text(text, limit)]}


def _words(card: Card, *, plainly: bool = False) -> list[Block]:
    """Returns the customer's own words, how to reach them, and the link to the card in the channel, in one block: a small card has
    no room for more."""
    said = cut(clean(card.quote), QUOTE)
    parts = [{"type": "rich_text_quote", "elements": [{"type": "text", "text": said}]}] if said else []
    parts += [{"type": "rich_text_section", "elements": [_way(line, plainly=plainly)]} for line in card.reach[:WAYS] if clean(line)]
    if card.there is not None and card.there.url:
        parts.append({"type": "rich_text_section", "elements": [_link(card.there.url, asides.in_the_channel())]})
    return [{"type": "rich_text", "elements": parts}] if parts else []


def _way(line: str, *, plainly: bool) -> Block:
    """Returns one way to reach a customer: a link, or text, which Slack does not parse."""
    said, url = cut(clean(line), REACH), None if plainly else link(line)
    return _link(url, said) if url else {"type": "text", "text": said}


def _link(url: str, said: str) -> Block:
    return {"type": "link", "url": url, "text": said}


def _actions(card: Card) -> Block:
    elements = [*(_button(button) for button in card.buttons[:5]), *([_menu(card.menu)] if card.menu else [])]
    return {"type": "actions", "block_id": f"case:{(*card.buttons, *card.menu)[0].target}:buttons", "elements": elements}


def _button(button: Button) -> Block:
    return {
        "type": "button",
        "action_id": button.verb,
        "text": _text(button.label, LABEL),
        "value": str(button.target),
        **({"style": "primary"} if button.style is Style.PRIMARY else {}),
        **({"accessibility_label": cut(clean(button.name), LABEL)} if clean(button.name) else {}),
    }


def _menu(buttons: Sequence[Button]) -> Block:
    options = [{"text": _text(button.label, LABEL), "value": f"{button.verb}:{button.target}"} for button in buttons[:MENU]]
    if len(options) <= 5:
        return {"type": "overflow", "action_id": "menu", "options": options}
    return {"type": "static_select", "action_id": "menu", "placeholder": _text(asides.more(), LABEL), "options": options}


def _input(field: Field) -> Block:
    return {
        "type": "input",
        "block_id": field.name,
        "label": _text(field.label or field.name, 2000),
        "optional": not field.required,
        "element": {"action_id": field.name, **_element(field)},
        **({"hint": _text(field.hint, 2000)} if clean(field.hint) else {}),
    }


def _element(field: Field) -> Block:
    """A choice without options becomes a text input: Slack would reject the whole form."""
    if field.ask is Ask.PERSON:
        return {"type": "users_select", **({"initial_user": field.value} if USER.fullmatch(field.value) else {})}
    if field.ask is Ask.CHOICE and field.options:
        few = len(field.options) <= (RADIOS if field.required else FEW) and all(units(label) <= LABEL for _, label in field.options)
        options = [{"text": _text(label, LABEL), "value": value} for value, label in field.options[:100]]
        chosen = [option for option in options if option["value"] == field.value]
        first = {"initial_option": chosen[0]} if chosen else {}
        return {"type": "radio_buttons" if few else "static_select", "options": options, **first}
    longest = max(1, min(field.max_length, 3000))
    said = cut(clean(field.value), longest)
    typed = {"initial_value": said} if said else {}
    return {"type": "plain_text_input", "multiline": not field.short, "max_length": longest, **typed}


def _text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(clean(text), limit) or NOTHING, "emoji": False}


def _packed(groups: Iterable[list[Block]], blocks: int = BLOCKS, room: int = ROOM) -> list[list[Block]]:
    """Distribute groups of blocks over messages, in order and without splitting a group."""
    packed: list[list[Block]] = []
    spent = 0
    for group in groups:
        size = _letters(group)
        if not packed or len(packed[-1]) + len(group) > blocks or spent + size > room:
            packed.append([])
            spent = 0
        packed[-1] += group
        spent += size
    return packed


def _told_apart(blocks: Iterable[Block]) -> list[Block]:
    """Make ids unique, as Slack requires: the second `claim` of a message becomes `claim:2`, which is still read as `claim`."""
    used: Counter[str] = Counter()

    def once(name: str) -> str:
        used[name] += 1
        return name if used[name] == 1 else f"{name}:{used[name]}"

    def apart(block: Block) -> Block:
        elements = [{**element, "action_id": once(element["action_id"])} for element in block["elements"]]
        return {**block, "block_id": once(block["block_id"]), "elements": elements}

    return [apart(block) if block["type"] == "actions" else block for block in blocks]


def _letters(value: Any) -> int:
    """Returns the number of characters that Slack counts in some blocks."""
    if isinstance(value, dict):
        return sum(units(part) if key == "text" and isinstance(part, str) else _letters(part) for key, part in value.items())
    return sum(_letters(part) for part in value) if isinstance(value, list) else 0
