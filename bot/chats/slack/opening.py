"""A form that is opened by a button, because the word that asked for it cannot open one: the button keeps what was typed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from bot.chats.slack import blocks
from bot.chats.slack.plain import cut, units
from bot.chats.slack.taps import Json, Pressed, title_of
from handlers.cards import Ask, Field, Form, Reply
from handlers.wording import asides

VALUE = 2000
"""The most that Slack takes as the value of a button."""


def opening(form: Form) -> blocks.Message:
    """Returns a message with a button that opens a form, where a word cannot open one by itself. The button keeps what was typed
    after the word."""
    [message] = blocks.messages(Reply(cards=(asides.opens(form),)))
    [button] = [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]
    button["value"] = _keeping(
        button["value"], {each.name: each.value for each in form.fields if each.ask is Ask.TEXT and each.value}
    )
    return message


def again(view: Json, press: Pressed, typed: Mapping[str, str], words: str) -> Form:
    """Returns what `opening` needs for a form that was sent and has to be sent again: `words` say why."""
    fields = tuple(Field(name, name, Ask.TEXT, value=said) for name, said in typed.items())
    return Form(press.verb, press.target, title_of(view), words, "", fields)


def filled(form: Form, typed: Mapping[str, str]) -> Form:
    """Returns a form with what was typed before in those fields that are empty."""
    return replace(form, fields=tuple(replace(each, value=each.value or typed.get(each.name, "")) for each in form.fields))


def _keeping(target: str, typed: Mapping[str, str]) -> str:
    """Returns the value of a button: its target and what was typed, as much of it as there is room for."""
    room = VALUE if typed else 0
    while room > 0:
        value = f"{target} {json.dumps({name: cut(text, room) for name, text in typed.items()}, ensure_ascii=False)}"
        if units(value) <= VALUE:
            return value
        room = room * VALUE // units(value) - 1
    return target
