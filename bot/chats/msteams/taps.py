"""Extracts from an activity what somebody did: a tap, a form, a word, who and where. Pure; a malformed activity is not an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botbuilder.schema import Activity

from bot.chats.msteams.forms import unsealed
from bot.untrusted import clean
from handlers.cards import Target, read_target
from handlers.feedback import MAIN_WORKSPACE, Person

VERB = re.compile(r"_?[a-z][a-z_]{0,39}")
MENTION = re.compile(r"<at\b[^<>]*>[^<]*</at>", re.IGNORECASE)
MARKUP = re.compile(r"</?[a-z][^>]{0,200}>", re.IGNORECASE)
LONGEST = 4000
COMMAND = re.compile(r"/?hero\b\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours. `answers` is None unless a form was submitted; `chosen` holds user ids by the form's person fields.
    `listed`: the card is part of a list; `skip`: the index of the first colleague that the form offers; `typed`: what stands in the
    text fields of a form that is not submitted yet."""

    verb: str
    target: Target
    answers: Mapping[str, str] | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False
    skip: int = 0
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Where:
    """Where something happened. `channel` and `team` are empty in a private chat; names are empty if Teams omitted them."""

    conversation: str
    service_url: str
    tenant: str
    channel: str = ""
    channel_name: str = ""
    team: str = ""
    team_name: str = ""
    personal: bool = False
    event: str = ""

    @property
    def roster(self) -> str:
        """Returns the conversation with the roster: the channel, never one of its threads."""
        return self.channel or self.conversation.partition(";")[0]


def pressed(activity: Activity) -> Pressed | None:
    """Returns the button behind an Action.Execute, or behind an Action.Submit, which arrives as a message; None when it is not
    ours."""
    value = _object(activity.value)
    action = _object(value.get("action"))
    data = _object(action.get("data")) if action else value
    verb, target = data.get("verb", action.get("verb")), read_target(data.get("target"))
    if target is None or not (isinstance(verb, str) and VERB.fullmatch(verb)):
        return None
    skip = data.get("skip")
    people, chosen = _names(data.get("people")), _names(data.get("chosen"))
    fields = _names(data.get("fields")) if isinstance(data.get("fields"), list) else None
    said = {name: unsealed(_string(data.get(name))) if name in chosen else _string(data.get(name)) for name in fields or ()}
    return Pressed(
        verb,
        target,
        said if fields is not None else None,
        {name: _string(data.get(name)) for name in people if _string(data.get(name))},
        data.get("listed") is True,
        skip if type(skip) is int and 0 <= skip <= 100_000 else 0,
        {name: _string(data.get(name)) for name in _names(data.get("typed"))},
    )


def stood(activity: Activity) -> tuple[str, str] | None:
    """Returns the conversation and message id of the card whose button was pressed; None when the activity does not say."""
    conversation, message = where(activity).conversation, _string(activity.reply_to_id)
    return (conversation, message) if conversation and message else None


def word(activity: Activity) -> str:
    """Returns what was said to the bot, without the mention; `help` when nothing else was said."""
    return COMMAND.sub("", words(activity), count=1) or "help"


def words(activity: Activity) -> str:
    """Returns everything that was said, without the mention."""
    text = MARKUP.sub(" ", MENTION.sub(" ", activity.text or "")).replace("&nbsp;", " ")
    return " ".join(clean(text).split())[:LONGEST]


def thread(activity: Activity) -> tuple[str, str] | None:
    """Returns the thread in which it was said, as a conversation and a message; None outside of threads, and for the message that
    starts one."""
    conversation = where(activity).conversation
    root = conversation.partition(";messageid=")[2]
    return (conversation, root) if root and root != activity.id else None


def person(activity: Activity) -> Person | None:
    """Returns who did it. Somebody from another company, who is here through a shared channel, has their tenant as workspace."""
    who = activity.from_property
    if who is None or not _string(who.id).startswith("29:"):
        return None
    home, here = _string(_object(who.additional_properties).get("tenantId")), where(activity).tenant
    workspace = home if home and here and home.casefold() != here.casefold() else MAIN_WORKSPACE
    return Person("msteams", workspace, who.id, clean(_string(who.name))[:200])


def where(activity: Activity) -> Where:
    talk, data = activity.conversation, _object(activity.channel_data)
    channel, team = _object(data.get("channel")), _object(data.get("team"))
    conversation = _string(talk.id) if talk is not None else ""
    kind = _string(talk.conversation_type) if talk is not None else ""
    tenant = _string(_object(data.get("tenant")).get("id")) or (_string(talk.tenant_id) if talk is not None else "")
    personal = kind == "personal" or not (kind or team or channel)
    return Where(
        conversation,
        _string(activity.service_url),
        tenant,
        _string(channel.get("id")) or (conversation.partition(";")[0] if kind == "channel" else ""),
        _string(channel.get("name")),
        _string(team.get("id")),
        _string(team.get("name")),
        personal,
        _string(data.get("eventType")),
    )


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str) and name] if isinstance(value, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
