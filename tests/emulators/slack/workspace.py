"""The state of an emulated workspace: people, conversations, views, triggers, and everything the bot did to them."""

from __future__ import annotations

import itertools
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.emulators.mistakes import Rejection, Violation
from tests.emulators.slack.errors import ApiError
from tests.emulators.slack.oauth import OAuth
from tests.emulators.slack.world import Call, Channel, Json, Message, View, named_blocks

if TYPE_CHECKING:
    from tests.emulators.slack.person import Person

SCOPES = frozenset({"chat:write", "chat:write.public", "commands", "users:read", "users:read.email"}) | {
    *("im:write", "im:read", "im:history", "channels:read", "channels:history", "groups:read", "groups:history")
}
TRIGGER_LIFE = 3.0
RESPONSES = 5
RESPONSE_LIFE = 30 * 60.0


@dataclass
class Trigger:
    user: str
    made: float
    below: View | None
    used: bool = False


@dataclass
class ResponseUrl:
    """Where the bot may answer an interaction. `message` is what was pressed, None for a command."""

    user: str
    channel: str
    message: Message | None
    made: float
    uses: int = 0


class Workspace:
    """The state of a Slack workspace. Only the emulator's thread changes it."""

    def __init__(
        self, *, team: str, scopes: Iterable[str], now: Callable[[], float], strict: bool, page: int, log: Path | None
    ) -> None:
        self.team, self.domain, self.app_id = team, "northwind", "A0HERO"
        self.bot_user, self.bot_id = "U0BOT", "B0HERO"
        self.scopes = set(scopes)
        self.oauth = OAuth()
        self.company: str | None = None
        """The organisation of Enterprise Grid in which the workspace is, and which has not installed the app as a whole."""
        self.others: dict[str, str] = {}
        """Further workspaces that have the app, by the token for them."""
        self.acting = team
        """The workspace of the token with which the bot calls."""
        self.groups: dict[str, list[str]] = {}
        self.strict = strict
        self.page = page
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, View] = {}
        self.ephemerals: list[Message] = []
        self.calls: list[Call] = []
        self.rejections: list[Rejection] = []
        self.violations: list[Violation] = []
        self.errors: list[str] = []
        """The errors people saw: time-outs, refused forms, answers other than 200."""
        self.largest_text = 0
        """The largest sum of text over all blocks of one message or view so far; stay under 8,000."""
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.accepted: list[Message] = []
        self.tickets: set[str] = set()
        """Unused tickets for Socket Mode."""
        self.origin = ""
        """Host and port of the emulator."""
        self._homes: dict[str, View] = {}
        self._now = now
        self._last_ts = 0
        self._count = itertools.count(1)
        self._log = log.open("a", encoding="utf-8", buffering=1) if log else None

    # For tests to read and set up

    def channel(self, id: str, **flags: Any) -> Channel:
        """Returns the conversation with this id, created public with the bot in it on first use. `flags` are fields of Channel."""
        channel = self.channels.setdefault(id, Channel(id, name=id.lower()))
        for name, value in flags.items():
            if not hasattr(channel, name):
                raise TypeError(f"a channel has no {name}")
            setattr(channel, name, value)
        return channel

    def dm(self, user: str | Person) -> Channel:
        """Returns somebody's private conversation with the bot, created on first use."""
        id = user if isinstance(user, str) else user.id
        return self.channels.setdefault(f"D{id[1:]}", Channel(f"D{id[1:]}", private=True, owner=id, people={id}))

    def home(self, user: str | Person) -> View | None:
        """Returns somebody's Home tab; None until the bot published one."""
        return self._homes.get(user if isinstance(user, str) else user.id)

    def stack(self, user: str) -> list[View]:
        """Returns the modals somebody has open, the top one last."""
        return [v for v in list(self.views.values()) if v.user == user and v.open]

    def posts(self, channel: str | None = None) -> list[Message]:
        """Returns every accepted message of the bot in order, including deleted ones; `accepted_at` is monotonic."""
        return [m for m in list(self.accepted) if channel in (None, m.channel)]

    def opened(self, url: str) -> Message:
        """Returns the message that this permalink opens. Raises LookupError unless it is one of this workspace, in every letter."""
        found = re.fullmatch(rf"https://{self.domain}\.slack\.com/archives/([CG][A-Z0-9]+)/p(\d+)(\d{{6}})", url)
        channel = self.channels.get(found[1]) if found else None
        message = channel.find(f"{found[2]}.{found[3]}") if found and channel else None
        if message is None:
            raise LookupError(f"Slack shows nothing at {url}")
        return message

    def name_of(self, user: str) -> str:
        return self.people[user].display_name if user in self.people else user

    # For the methods of the Web API

    def need(self, *scopes: str) -> None:
        missing = sorted(set(scopes) - self.scopes)
        if missing:
            raise ApiError("missing_scope", needed=",".join(missing), provided=",".join(sorted(self.scopes)))

    def reach(self, id: Any) -> Channel:
        """Returns a conversation by id. Raises channel_not_found for names, unknown ids and private ones the bot is not in."""
        channel = self.channels.get(id) if isinstance(id, str) else None
        if channel is None or channel.missing or (channel.private and not channel.is_dm and not channel.member):
            raise ApiError("channel_not_found")
        return channel

    def has_app(self, team: str) -> bool:
        return team in {self.team, *self.others.values()}

    def person(self, user: Any) -> Person | None:
        """Returns somebody of whom the workspace that acts can know: not those of another one that has the app."""
        person = self.people.get(user) if isinstance(user, str) else None
        return None if person is None or (person.team != self.acting and self.has_app(person.team)) else person

    def known(self, user: Any) -> Person:
        person = self.person(user)
        if person is None:
            raise ApiError("user_not_found")
        return person

    def open_dm(self, user: str) -> Channel:
        person = self.person(user)
        if person is None:
            raise ApiError("user_not_found" if user.startswith(("U", "W")) else "channel_not_found")
        if person.deleted:
            raise ApiError("user_disabled")
        return self.dm(user)

    def next_ts(self) -> str:
        """Returns a unique, increasing ts, even when the clock stands still."""
        self._last_ts = max(self._last_ts + 1, int(self._now() * 1_000_000))
        return f"{self._last_ts // 1_000_000:010d}.{self._last_ts % 1_000_000:06d}"

    def accept(self, channel: Channel, message: Message, parent: Message | None) -> None:
        message.accepted_at = time.monotonic()
        message.marks = {"bot_id": self.bot_id, "app_id": self.app_id, "team": self.team}
        channel.add(message, parent)
        self.accepted.append(message)
        message.versions.append(str(message))
        self.note("post", message)

    def changed(self, message: Message, what: str) -> None:
        message.edits += 1
        message.versions.append(str(message))
        self.note(what, message)

    def remove(self, channel: Channel, message: Message) -> None:
        channel.remove(message)
        self.note("delete", message)

    def show_ephemeral(
        self, user: str, channel: str, text: str, blocks: list[Json], *, thread_ts: str | None = None, via: str | None = None
    ) -> Message:
        shown = Message(
            channel=channel, ts=self.next_ts(), author=self.bot_user, text=text, blocks=named_blocks(blocks), names=self.name_of,
            thread_ts=thread_ts, ephemeral_to=user, via=via, accepted_at=time.monotonic(),
        )  # fmt: skip
        self.ephemerals.append(shown)
        return shown

    def new_trigger(self, user: str, below: View | None = None) -> str:
        trigger = f"{next(self._count)}.{time.time_ns() // 1000}.{secrets.token_hex(8)}"
        self.triggers[trigger] = Trigger(user, time.monotonic(), below)
        return trigger

    def use_trigger(self, trigger: Any) -> tuple[str, View | None]:
        """Use a trigger, which works once and for three seconds. Returns whose interaction it was, and in which view."""
        found = self.triggers.get(trigger) if isinstance(trigger, str) else None
        if found is None:
            raise ApiError("invalid_trigger_id")
        if found.used:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() - found.made > TRIGGER_LIFE:
            raise ApiError("expired_trigger_id")
        found.used = True
        return found.user, found.below

    def new_response_url(self, user: str, channel: str, message: Message | None) -> str:
        """Create a response_url. Returns its id."""
        id = secrets.token_hex(12)
        self.response_urls[id] = ResponseUrl(user, channel, message, time.monotonic())
        return id

    def response_address(self, id: str) -> str:
        return f"http://{self.origin}/response/{id}"

    def new_ticket(self) -> str:
        """Returns the URL of a new Socket Mode link."""
        ticket = secrets.token_hex(8)
        self.tickets.add(ticket)
        return f"ws://{self.origin}/link?ticket={ticket}&app_id={self.app_id}"

    def show_modal(self, user: str, payload: Json, *, trigger: str | None, below: View | None = None) -> View:
        view = self._view(user, payload, trigger)
        view.root, view.previous = (below.root, below.id) if below else (view.id, None)
        self.views[view.id] = view
        return view

    def show_home(self, user: str, payload: Json) -> View:
        view = self._homes[user] = self._view(user, payload, None)
        view.root = view.id
        return view

    def _view(self, user: str, payload: Json, trigger: str | None) -> View:
        view = View(id=f"V{next(self._count):08d}", user=user, payload={}, hash="", trigger=trigger, names=self.name_of)
        view.versions = 0
        view.replace(payload)
        return view

    def note(self, what: str, message: Message) -> None:
        """Write one line about a message to the log, unbuffered."""
        if self._log:
            self._log.write(json.dumps({"what": what, **record(message)}) + "\n")

    def close_log(self) -> None:
        if self._log:
            self._log.close()


def record(message: Message) -> Json:
    """Returns a message as a line of the log. `at` is this machine's monotonic seconds."""
    return {
        "at": message.accepted_at,
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "metadata": message.metadata,
        "text": message.text,
        "edits": message.edits,
    }
