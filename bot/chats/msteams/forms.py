"""Renders a form inside a card: questions with labels, errors, what was typed, and a cancel button. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.chats.msteams import adaptive, plain
from bot.chats.msteams.runs import Element, size, text
from bot.untrusted import clean
from handlers.cards import Ask, Field, Form
from handlers.wording import asides

CANCEL = "_cancel"
"""The verb of the cancel button; no other verb begins with an underscore."""
OPEN = 10
FEW = 5
"""Up to OPEN options are shown as radio buttons: one tap, where a list takes two. An optional field with more than FEW options
becomes a list."""
CHOICES = 200
ROOM = 7_000
"""Weight of the colleagues offered at once; a button leads to the rest."""
BESIDE = 20
"""Weight of an answer beside its words."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody on the roster. `elsewhere`: they are of another company, and here through a shared channel."""

    id: str
    name: str
    email: str | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form is rendered from besides the form: the colleagues to choose from, the index of the first one offered, what was
    typed, and errors."""

    people: Sequence[Colleague] = ()
    skip: int = 0
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False


def drawn(form: Form, asked: Asked) -> Element:
    """Returns the form as the content of a card, with as much of what was typed as the card has room for."""
    texts = {each.name: asked.typed.get(each.name, each.value)[: _longest(each)] for each in form.fields if each.ask is Ask.TEXT}
    empty = _drawn(form, replace(asked, typed={**asked.typed, **dict.fromkeys(texts, "")}))
    room, kept = adaptive.MOST - size(empty), {}
    for name, typed in sorted(texts.items(), key=lambda each: plain.weight(each[1])):  # short answers whole, before long ones
        kept[name] = plain.cut(typed, room - BESIDE)
        room -= plain.weight(kept[name]) + BESIDE
    return _drawn(form, replace(asked, typed={**asked.typed, **kept}))


def _drawn(form: Form, asked: Asked) -> Element:
    shown, further = _page(asked)
    body = [text(plain.cut(plain.run(form.title), 300), weight="Bolder", size="Medium")]
    if clean(form.intro):
        body.append(text(plain.cut(plain.run(form.intro), 1_000), isSubtle=True))
    known = {each.name for each in form.fields}
    body += [_error(why) for name, why in asked.errors.items() if name not in known]
    for each in form.fields:
        body += [_error(asked.errors[each.name])] if each.name in asked.errors else []
        body += [_input(each, asked, shown, paged=further is not None), *_hint(each)]
    return adaptive.frame(body, _actions(form, asked, further), form.title)


def _longest(each: Field) -> int:
    return max(1, min(each.max_length, 3000))


def _actions(form: Form, asked: Asked, further: int | None) -> list[Element]:
    about: dict[str, Any] = {"target": form.target, **({"listed": True} if asked.listed else {})}
    people = [each.name for each in form.fields if each.ask is Ask.PERSON]
    chosen = [each.name for each in form.fields if each.ask is Ask.CHOICE and each.options]
    sent = {
        "verb": form.verb,
        **about,
        "fields": [each.name for each in form.fields],
        **({"people": people} if people else {}),
        **({"chosen": chosen} if chosen else {}),
        **({"skip": asked.skip} if asked.skip else {}),
    }
    typed = [each.name for each in form.fields if each.ask is Ask.TEXT]
    turned = {"verb": form.verb, **about, "skip": further, "typed": typed}
    more = [adaptive.action(asides.more(), turned, inputs=True)] if further is not None else []
    leave = adaptive.action(asides.cancel(), {"verb": CANCEL, **about})
    return [adaptive.action(form.submit, sent, inputs=True), *more, leave]


def _page(asked: Asked) -> tuple[list[Colleague], int | None]:
    """Returns the colleagues offered now, and the index at which the next page begins: 0 after the last page, None when all fit on
    one."""
    shown: list[Colleague] = []
    spent = 0
    for each in asked.people[asked.skip :]:
        spent += size(_choice(each.id, each.name))
        if shown and spent > ROOM:
            return shown, asked.skip + len(shown)
        shown.append(each)
    return shown, 0 if asked.skip else None


def _input(each: Field, asked: Asked, people: Sequence[Colleague], *, paged: bool) -> Element:
    """Where colleagues are `paged` nothing is required in the client, which would otherwise refuse to turn the page; the verb asks
    for what is missing."""
    label = plain.cut(clean(each.label), 500) or each.name
    why = plain.escaped(plain.cut(clean(each.error), 300)) or label
    needed = {"isRequired": True, "errorMessage": why} if each.required and not paged else {}
    return {"id": each.name, "label": label, **needed, **_question(each, asked.typed.get(each.name, each.value), people)}


def _question(each: Field, typed: str, people: Sequence[Colleague]) -> Element:
    """A choice without options becomes a text input: an empty list cannot be answered."""
    offered = {sealed(value): label for value, label in each.options[:CHOICES]}
    options = [(p.id, p.name or p.id) for p in people] if each.ask is Ask.PERSON else list(offered.items())
    if each.ask is Ask.TEXT or not options:
        longest = _longest(each)
        kept = {"value": typed[:longest]} if typed else {}
        return {"type": "Input.Text", "isMultiline": not each.short, "maxLength": longest, **kept}
    stands_open = each.ask is not Ask.PERSON and len(options) <= (OPEN if each.required else FEW)
    typed = typed if each.ask is Ask.PERSON else sealed(typed)
    kept = {"value": typed} if typed in {value for value, _ in options} else {}
    return {
        "type": "Input.ChoiceSet",
        "style": "expanded" if stands_open else "compact",
        "choices": [_choice(*option) for option in options],
        **kept,
    }


def _choice(value: str, title: str) -> Element:
    return {"title": plain.cut(" ".join(plain.unlinked(title).split()), 300) or value, "value": value}


def sealed(value: str) -> str:
    """Returns the value of a choice without commas, at which Teams would split it."""
    return value.replace("%", "%25").replace(",", "%2C")


def unsealed(value: str) -> str:
    return value.replace("%2C", ",").replace("%25", "%")


def _hint(each: Field) -> list[Element]:
    if not clean(each.hint):
        return []
    return [text(plain.cut(plain.run(each.hint), 500), size="Small", isSubtle=True) | {"spacing": "Small"}]


def _error(why: str) -> Element:
    return text(plain.cut(plain.run(why), 500), color="Attention", weight="Bolder")
