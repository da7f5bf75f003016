"""What one view of the practice page shows, read from the rows and arranged for the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from bot.chats.practice import html
from bot.chats.practice.extras import Channel, Extras
from bot.chats.practice.people import PEOPLE, Member, member
from bot.chats.practice.whispers import Whisper
from handlers.cards import Form, linked
from handlers.commands import BY_OPS, COMMANDS
from storage import practice

SHOWN = 200
"""Posts of a conversation on one page; a link leads to earlier ones."""
ON_PHONE = 12

VIEWS = ("channel", "private", "feedback")


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at what: the query of the page's URL."""

    me: Member | None = None
    channel: str = ""
    view: str = "channel"
    post: int | None = None
    before: int | None = None
    said: str = ""

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Looking:
        """Parse a query or a form; invalid values are ignored."""
        text = {name: value for name, value in query.items() if isinstance(value, str)}
        view = text.get("view", "")
        return cls(
            me=member(text.get("as", "")),
            channel=text.get("channel", "")[:200],
            view=view if view in VIEWS else VIEWS[0],
            post=number(text.get("post")),
            before=number(text.get("before")),
            said=text.get("said", "")[:40],
        )

    def fields(self) -> dict[str, str]:
        """Returns the query again, without unset fields."""
        said = {
            "as": self.me.id if self.me else "",
            "channel": self.channel,
            "view": "" if self.view == VIEWS[0] else self.view,
            "post": str(self.post or ""),
            "before": str(self.before or ""),
            "said": self.said,
        }
        return {name: value for name, value in said.items() if value}

    def url(self, path: str = "/", **changes: Any) -> str:
        """Returns the URL of this page, with some fields changed."""
        query = urlencode(replace(self, **changes).fields())
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: its messages, oldest first, and the id of the first, if there are earlier ones."""

    title: str
    messages: tuple[html.Message, ...]
    earlier: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What one read of the database returns."""

    channels: Sequence[str]
    channel: Sequence[practice.PracticeMessage]
    answers: Sequence[practice.PracticeMessage]
    private: Sequence[practice.PracticeMessage]
    chosen: practice.PracticeMessage | None
    revision: str


def look(tx: Connection, looking: Looking) -> Rows:
    """Read what the page shows, in one transaction."""
    mine = looking.me.id if looking.me else ""
    talk = practice.conversation(tx, looking.channel, SHOWN + 1, looking.before)
    chosen = practice.by_id(tx, looking.post) if looking.post else None
    if chosen is not None and chosen.channel not in (looking.channel, mine):
        chosen = None
    return Rows(
        channels=practice.channels(tx),
        channel=talk,
        answers=practice.threads(tx, looking.channel, talk[0].id) if talk else (),
        private=practice.conversation(tx, mine, SHOWN) if mine else (),
        chosen=chosen,
        revision=practice.revision(tx, (looking.channel, mine)),
    )


def reaching(tx: Connection, channel: str, post_id: int) -> int | None:
    """Returns the `before` with which the page shows this post of a channel; None if it is among the newest."""
    newest = practice.conversation(tx, channel, SHOWN)
    return post_id + 1 if newest and post_id < newest[0].id else None


def seen(revision: str, now: datetime) -> str:
    """Returns what a page has seen: the revision of the rows, and the minute of the clock."""
    return f"{revision}.{int(now.timestamp()) // 60}"


def channels(extras: Extras, spoken_in: Sequence[str]) -> list[Channel]:
    """Returns the configured channels, then any other that has a message."""
    known = list(extras.channels())
    taken = {channel.id for channel in known} | {person.id for person in PEOPLE}
    return known + [Channel(name, name) for name in spoken_in if name not in taken]


def build(looking: Looking, rows: Rows, extras: Extras, whisper: Whisper | None, now: datetime, unread: int) -> dict[str, Any]:
    """Returns everything the templates need. `unread`: the number of private messages this person has not seen."""
    zone, local = extras.timezone, now.astimezone(extras.timezone)
    rooms = channels(extras, rows.channels)
    title = next((room.title for room in rooms if room.id == looking.channel), looking.channel or "Channel")
    more = len(rows.channel) > SHOWN
    shown = rows.channel[1:] if more else rows.channel
    room = Talk(title, html.messages(shown, rows.answers, zone), shown[0].id if more else None)
    private = Talk("Private messages", html.messages(rows.private, (), zone), None)
    talk = private if looking.view == "private" else room
    chosen = rows.chosen or next((said for said in reversed([*rows.channel, *rows.private]) if said.card["headline"]), None)
    return {
        "looking": looking,
        "me": looking.me,
        "people": PEOPLE,
        "rooms": rooms,
        "shops": [room for room in rooms if room.team],
        "room": room,
        "closed": next((each.closed for each in rooms if each.id == looking.channel), ""),
        "private": private,
        "unread": unread,
        "phone": talk.messages[-ON_PHONE:],
        "phone_title": talk.title,
        "bell": _newest(room, private),
        "behind": _behind(chosen, extras) if chosen is not None else None,
        "selected": rows.chosen.id if rows.chosen is not None else None,
        "clock": f"{html.told_day(local)} {local.year}, {local:%H:%M}",
        "time": f"{local:%H:%M}",
        "now": local.isoformat(timespec="minutes"),
        "seen": seen(rows.revision, now),
        "extras": extras,
        "words": (*COMMANDS, *BY_OPS),
        "whisper": whisper,
        "sheet": _sheet(whisper, looking),
        "loose": [html.loose(card) for card in whisper.reply.cards] if whisper else [],
    }


def _sheet(whisper: Whisper | None, looking: Looking) -> Form | None:
    if whisper is None or whisper.form is None or looking.me is None:
        return None
    return html.sheet(whisper.form, whisper.answers)


def _newest(room: Talk, private: Talk) -> html.Message | None:
    """Returns what the lock screen of the phone shows: the latest message in this channel or to this person."""
    last = [talk.messages[-1] for talk in (room, private) if talk.messages]
    return max(last, key=lambda message: message.id, default=None)


def _behind(said: practice.PracticeMessage, extras: Extras) -> dict[str, Any]:
    card = linked(html.unpack(said.card), lambda _there: "")  # a link of this page would lead nowhere in another chat
    return {
        "id": said.id,
        "headline": card.headline or card.plain,
        "plain": card.plain,
        "payloads": {chat: json.dumps(payload(card), indent=2, ensure_ascii=False) for chat, payload in extras.payloads.items()},
    }


def number(text: str | None) -> int | None:
    """Returns the id that a query or a form gives; None if it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
