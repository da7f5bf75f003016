"""The state of a Teams tenant: teams, channels, private chats, people, and what was said and refused."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.emulators.mistakes import Rejection, Violation
from tests.emulators.msteams.world import Call, Channel, Json, Message, Team

if TYPE_CHECKING:
    from tests.emulators.msteams.person import Person

HOME = "Northwind"


class Tenant:
    """Only the emulator's thread changes it, except for what a test sets up before the bot runs."""

    def __init__(self, *, app_id: str, tenant: str, bot_name: str, now: Callable[[], float], log: Path | None) -> None:
        self.app_id, self.tenant, self.bot_name = app_id, tenant, bot_name
        self.bot_id = f"28:{app_id}"
        self.people: dict[str, Person] = {}
        self.teams: dict[str, Team] = {}
        self.channels: dict[str, Channel] = {}
        self.calls: list[Call] = []
        self.rejections: list[Rejection] = []
        self.violations: list[Violation] = []
        self.errors: list[str] = []
        """The errors people saw: time-outs, unreadable answers, errors the bot answered with."""
        self.largest_card = 0
        """The largest card so far, in bytes of UTF-8."""
        self.accepted: list[Message] = []
        self.disabled = False
        """Whether the tenant's admin has blocked the bot."""
        self._now = now
        self._last_id = 0
        self._log = log.open("a", encoding="utf-8", buffering=1) if log else None

    # For tests to read and set up

    def team(self, what: str = HOME, name: str | None = None) -> Team:
        """Returns the team with this name or id (19:…), created with its General channel on first use; the bot is not in it yet."""
        found = next((team for team in self.teams.values() if what in (team.id, team.name)), None)
        if found is None:
            id = what if what.startswith("19:") else f"19:{uuid.uuid5(uuid.NAMESPACE_OID, what).hex}@thread.tacv2"
            found = self.teams[id] = Team(id, name or what, str(uuid.uuid5(uuid.NAMESPACE_URL, id)))
            self.channels[id] = Channel(id, "General", team=id)
        found.name = name or found.name
        return found

    def channel(self, what: str, *, team: str | None = None, **flags: Any) -> Channel:
        """Returns the channel with this id (19:…) or name, created in `team` on first use. `flags` are fields of Channel."""
        found = self.channels.get(what) or next((c for c in self.channels.values() if c.name == what and not c.is_personal), None)
        if found is None:
            home = self.team(team or HOME)
            id = what if what.startswith("19:") else f"19:{uuid.uuid5(uuid.NAMESPACE_OID, home.id + what).hex}@thread.tacv2"
            found = self.channels[id] = Channel(id, what, team=home.id)
        for key, value in flags.items():
            if not hasattr(found, key):
                raise TypeError(f"a channel has no {key}")
            setattr(found, key, value)
        return found

    def dm(self, who: str | Person) -> Channel:
        """Returns somebody's private chat with the bot, created on first use."""
        person = self.known(who)
        id = f"a:{uuid.uuid5(uuid.NAMESPACE_OID, self.app_id + person.id).hex}"
        return self.channels.setdefault(id, Channel(id, owner=person.id, people={person.id}))

    def known(self, who: str | Person) -> Person:
        """Returns somebody by person, key (as given to `user`) or id. Raises LookupError when nobody created them."""
        if not isinstance(who, str):
            return who
        person = self.people.get(f"29:{who.removeprefix('29:')}")
        if person is None:
            raise LookupError(f"nobody made the user {who!r}")
        return person

    def posts(self, channel: str | None = None) -> list[Message]:
        """Returns every accepted message of the bot in order, including deleted ones. `channel` is an id or name."""
        id = self.channel(channel).id if channel is not None else None
        return [m for m in list(self.accepted) if id in (None, m.conversation)]

    def opened(self, url: str) -> Message:
        """Returns the post of a channel that this deep link opens. Raises LookupError where Teams might say that it finds nothing: what
        the link tells must be so, and it must tell the tenant and the first message of the thread."""
        parts = urlsplit(url)
        said = dict(parse_qsl(parts.query, strict_parsing=True))
        _, where, what, channel, id = [unquote(part) for part in parts.path.split("/")] if parts.path.count("/") == 4 else [""] * 5
        place = self.channels.get(channel)
        message = place.find(id) if place is not None and not place.is_personal else None
        if (parts.scheme, parts.netloc, where, what, parts.fragment) != ("https", "teams.microsoft.com", "l", "message", ""):
            raise LookupError(f"Teams does not open {url}")
        if message is None or ":" in parts.path or "@" in parts.path:
            raise LookupError(f"Teams shows nothing at {url}")
        root = message.root or message.id
        if said != {"tenantId": self.tenant, "parentMessageId": root, "createdTime": id}:
            raise LookupError(f"Teams is told something else of the message at {url}")
        return message

    def name_of(self, id: str) -> str:
        return self.bot_name if id == self.bot_id else self.people[id].name if id in self.people else id

    def members(self, channel: Channel) -> list[Person]:
        """Returns who is in a channel, private chat or team."""
        people = [p for p in self.people.values() if channel.people is None or p.id in channel.people]
        return [p for p in people if channel.is_personal or p.teams is None or channel.team in p.teams]

    # For the HTTP endpoints

    def next_id(self) -> str:
        """Returns milliseconds since the epoch, unique and increasing even when the clock stands still."""
        self._last_id = max(self._last_id + 1, int(self._now() * 1000))
        return str(self._last_id)

    def accept(self, channel: Channel, message: Message) -> None:
        message.accepted_at = time.monotonic()
        channel.add(message)
        if message.author == self.bot_id:
            self.accepted.append(message)
        message.versions.append(str(message))
        self.note("post", message)

    def changed(self, message: Message) -> None:
        message.edits += 1
        message.views.clear()
        message.versions.append(str(message))
        self.note("edit", message)

    def remove(self, channel: Channel, message: Message) -> None:
        channel.remove(message)
        self.note("delete", message)

    def reject(self, method: str, error: str, detail: list[str], args: Any) -> None:
        self.rejections.append(Rejection(method, error, detail, args))

    def violate(self, method: str, key: str, at: float, early: float) -> None:
        self.violations.append(Violation(method, key, at, early))

    def new_activity_id(self) -> str:
        return f"f:{secrets.token_hex(16)}"

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
        "channel": message.conversation,
        "id": message.id,
        "root": message.root,
        "text": message.plain,
        "edits": message.edits,
        "deleted": message.deleted,
    }
