"""Extracts from Slack's payloads who did what, where, and with which answers. Pure; a payload may be any JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.cards import Target, read_target
from handlers.feedback import MAIN_WORKSPACE, Person, Place

Json = Mapping[str, Any]

VERB = re.compile(r"[a-z][a-z_]{0,39}")
COMMAND = re.compile(r"\A/?hero\b\s*", re.IGNORECASE)
LONGEST = 4000
IN_THREADS = ("message_changed", "message_deleted", "thread_broadcast", "file_share")
"""Subtypes of messages that a person writes, edits or deletes in a thread."""
ELSEWHERE = "elsewhere"
"""The workspace of somebody in a channel shared with other companies when Slack does not say which is theirs: never ours."""
UNKNOWN = "unknown"
"""The workspace of somebody whose workspace is not known yet."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A pressed button or submitted form: the verb and its target. `typed` is what a button keeps for the form that it opens, by
    field name."""

    verb: str
    target: Target
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a tap came from, and so where its private answer goes. Any part may be missing."""

    channel: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    response_url: str = ""
    home: bool = False
    view_hash: str = ""

    @property
    def lasting(self) -> Origin:
        """Returns where an answer stays until it is read, unlike in the channel: the direct messages, or the home."""
        return Origin(home=self.home, view_hash=self.view_hash)


@dataclass(frozen=True, slots=True)
class Here:
    """Slack's ids of the workspace and of the organisation in which something happened; empty if there is none. `whole`: it is the
    organisation that has the app, not the workspace; None if Slack does not say."""

    team: str
    company: str
    whole: bool | None

    @property
    def ids(self) -> tuple[str, ...]:
        """Returns the id of whoever has the app here; both where Slack does not say which."""
        both = (self.team, self.company) if self.whole is None else (self.company if self.whole else self.team,)
        return tuple(filter(None, both))

    def home(self, homes: Mapping[str, str]) -> str | None:
        """Returns our name of whoever has the app here; None if nobody we know."""
        near = (self.company, self.team) if self.whole else (self.team, self.company)
        return next((homes[id] for id in near if id in homes), None)


def pressed(payload: Json) -> Pressed | None:
    """Returns what was pressed: a button or a choice in the menu; None if it is not one of ours."""
    action = _object(_first(payload.get("actions")))
    chosen = _object(action.get("selected_option"))
    if chosen:
        verb, _, target = _string(chosen.get("value")).partition(":")
    else:
        verb, target = _string(action.get("action_id")).partition(":")[0], _string(action.get("value"))
    target, _, typed = target.partition(" ")
    return _pressed(verb, target, typed)


def submitted(view: Json) -> tuple[Pressed | None, Origin]:
    """Returns the submitted form, and where the tap that opened it came from."""
    try:
        kept = _object(json.loads(_string(view.get("private_metadata"))))
    except ValueError:
        kept = {}
    origin = Origin(
        _string(kept.get("channel")), _string(kept.get("message_ts")), _string(kept.get("thread_ts")), home=kept.get("home") is True
    )
    return _pressed(_string(view.get("callback_id")), str(kept.get("target"))), origin


def title_of(view: Json) -> str:
    return _string(_object(view.get("title")).get("text"))


def luggage(target: Target, origin: Origin) -> str:
    """Returns what a form must carry in its private_metadata."""
    kept = {
        "target": target,
        "channel": origin.channel,
        "message_ts": origin.message_ts,
        "thread_ts": origin.thread_ts,
        "home": origin.home,
    }
    return json.dumps({name: value for name, value in kept.items() if value or name == "target"})


def answers(view: Json) -> dict[str, str]:
    """Returns what was filled in, by field name; a blank field is an empty string, a person is their user id."""
    return {name: _answer(element) for name, element in _elements(view)}


def people(view: Json, workspace: str = MAIN_WORKSPACE) -> dict[str, Person]:
    """Returns who was chosen, by field name, in the workspace of the person who chose."""
    chosen = {name: _string(element.get("selected_user")) for name, element in _elements(view)}
    return {name: Person("slack", workspace, user) for name, user in chosen.items() if user}


def message_text(payload: Json) -> str:
    """Returns the words of the message on which a shortcut was used, as people read them: without Slack's markup."""
    return _as_read(_string(_object(payload.get("message")).get("text")))


def said_to_us(event: Json) -> str | None:
    """Returns the words of a message that a person typed to the bot in its direct messages, without a leading /hero; None for
    anything else, such as a message of ours or of an app, an edit, a file, or a message in a channel."""
    ours = event.get("bot_id") or event.get("app_id") or event.get("subtype") or event.get("hidden")
    if ours or event.get("channel_type") != "im" or not _string(event.get("user")):
        return None
    text = _as_read(_string(event.get("text")))
    return COMMAND.sub("", text, count=1)[:LONGEST] if text else None


def said_in_thread(event: Json) -> tuple[Json, tuple[str, str], str, str] | None:
    """Returns what a person wrote, edited or deleted in a thread of a channel: the message object that names the author, the
    channel and the root message of the thread, the message's ts, and its words, empty if it was deleted. None for anything else."""
    kind = event.get("subtype")
    said = (
        event.get({"message_changed": "message", "message_deleted": "previous_message"}.get(_string(kind), "")) if kind else event
    )
    said = _object(said)
    ours = said.get("bot_id") or said.get("app_id") or kind not in (None, "", *IN_THREADS)
    root, ts, channel = _string(said.get("thread_ts")), _string(said.get("ts")), _string(event.get("channel"))
    if ours or event.get("channel_type") == "im" or not (root and ts and channel and _string(said.get("user"))) or root == ts:
        return None
    words = "" if kind == "message_deleted" else _as_read(_string(said.get("text")))[:LONGEST]
    return said, (channel, root), ts, words


def _as_read(text: str) -> str:
    text = re.sub(r"<(?:[^<>|]*\|)?([^<>|]*)>", lambda match: "" if match[1][:1] in "@#!" else match[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def origin(payload: Json) -> Origin:
    """Returns where a button is."""
    container, message, view = _object(payload.get("container")), _object(payload.get("message")), _object(payload.get("view"))
    return Origin(
        channel=_string(_object(payload.get("channel")).get("id") or container.get("channel_id") or payload.get("channel_id")),
        message_ts=_string(container.get("message_ts")),
        thread_ts=_string(message.get("thread_ts") or container.get("thread_ts")),
        response_url=_string(payload.get("response_url")),
        home=view.get("type") == "home",
        view_hash=_string(view.get("hash")),
    )


def person(payload: Json, homes: Mapping[str, str]) -> Person:
    """Returns who did it. `homes` are our names of the workspaces and organisations that have the app, by Slack's id.

    Where it happened decides whose somebody is, unless their own team says that they are somebody else's, as in a channel shared
    by Slack Connect. A stranger's workspace is their own team's id, or `ELSEWHERE`.
    """
    said = payload.get("user")
    user = _object(said) if isinstance(said, Mapping) else {"id": payload.get("user_id") or said, "name": payload.get("user_name")}
    at, theirs = here(payload), _string(user.get("team_id") or payload.get("user_team"))
    shared = payload.get("is_ext_shared_channel") is True
    if not theirs and (shared or not at.company):
        # An event's author: colleagues in an organisation may be of any of its workspaces.
        theirs = _string(payload.get("team")) or (ELSEWHERE if shared else "")
    if theirs in ("", at.team, at.company):
        workspace = at.home(homes) or theirs or at.team or at.company or ELSEWHERE
    else:
        workspace = homes.get(theirs, theirs)
    return Person("slack", workspace, _string(user.get("id")), _string(user.get("name") or user.get("username")))


def here(payload: Json) -> Here:
    """Returns where it happened. In a shared channel the envelope of an event may name the other company: its authorization does
    not. An organisation counts only beside its own workspace, so that no two companies are taken for one."""
    told = _object(_first(payload.get("authorizations"))) or payload
    team, whole = _object(told.get("team")), told.get("is_enterprise_install")
    if team:
        id, company = team.get("id"), team.get("enterprise_id")
    else:
        id, company = told.get("team_id"), _object(told.get("enterprise")).get("id") or told.get("enterprise_id")
        if not id and (payload.get("type") == "message_action" or not origin(payload).channel):
            id = _object(payload.get("user")).get("team_id")  # shortcuts, forms and the home may leave it out; no stranger has them
    return Here(_string(id), _string(company), None if whole is None else whole in (True, "true"))


def place(at: Origin, who: Person) -> Place:
    """Returns the place in which a word was typed."""
    private = not at.channel or at.channel.startswith("D")
    return who.place if private else Place("slack", who.workspace, at.channel)


def _pressed(verb: str, target: str, typed: str = "") -> Pressed | None:
    about = read_target(target)
    try:
        kept = {name: _string(text) for name, text in _object(json.loads(typed)).items()} if typed else {}
    except ValueError:
        kept = {}
    return Pressed(verb, about, kept) if VERB.fullmatch(verb) and about is not None else None


def _elements(view: Json) -> list[tuple[str, Json]]:
    values = _object(_object(view.get("state")).get("values"))
    return [(name, _object(_first(list(_object(held).values())))) for name, held in values.items()]


def _answer(element: Json) -> str:
    chosen = _object(element.get("selected_option"))
    return _string(chosen.get("value") if chosen else element.get("selected_user") or element.get("value"))


def _object(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
