"""The seam every chat platform fills: what delivery may ask of a chat, and what can go wrong."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.diagnosis import Diagnosis
from handlers.cards import Card, Reply
from handlers.feedback import Person, Place
from handlers.situation import Tap, Written
from storage.database import Store


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message ended up, in the platform's own ids. `channel` may differ from the place asked for (a private chat)."""

    channel: str
    id: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that must lie between two posts to one place, and between two edits. `edits_together`: edits share one
    budget per workspace instead of their place's."""

    post: float
    edit: float
    edits_together: bool = False


class Trouble(Exception):
    """A platform did not do what was asked. Always one of the four below."""


class Throttled(Trouble):
    """Certainly not accepted; the platform asked to wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds


class Unreachable(Trouble):
    """Certainly not accepted: the connection was never made. Worth trying again later."""


class Refused(Trouble):
    """Certainly not accepted, and the same message never will be. The text is what to show ops."""


class Unknown(Trouble):
    """Nobody can say whether the platform accepted it: a time-out, a reset, a 5xx."""


class TurnedAway(Exception):
    """A request that a chat does not let in. `status` is the HTTP answer; the text is for ops and never quotes the body."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Chat(Protocol):
    """One chat platform, connected. `post` and `edit` make one attempt, never a hidden second one, end within `deadline`
    seconds, and raise Throttled, Unreachable, Refused or Unknown."""

    name: str
    pace: Pace

    async def start(self, *, listening: bool = True) -> None:
        """Open connections and begin to listen, or only to speak. Must not fail because the platform is away."""

    async def stop(self) -> None: ...

    def routes(self) -> Sequence[BaseRoute]:
        """HTTP routes this chat listens on."""

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        """Say something new, findable later by `key`; in the thread of an earlier message where one is given."""

    async def edit(self, posted: Posted, place: Place, card: Card) -> None: ...

    async def remove(self, posted: Posted, place: Place) -> None:
        """Take back something that was said. Raises what `post` raises."""

    async def profile(self, person: Person) -> Profile | None:
        """What the platform calls somebody; None when it does not say. Raises what `post` raises."""

    async def people(self, name: str) -> Sequence[Person]:
        """Whom a name in app.yaml means: an e-mail, or the platform's own id of a person or of a group of them; nobody when it
        means none here. Raises what `post` raises."""

    async def resting(self, who: Sequence[Person]) -> Mapping[Person, datetime]:
        """Until when (aware, UTC) each of those who asked their chat not to be disturbed now wants that; others are left out. At
        most 50 at a time. Raises what `post` raises."""

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Whether a post with this key arrived after `since`; None when it did not. Raises Refused when it cannot be
        looked for, and what `post` raises when the look-up itself fails."""

    async def examine(self, places: Sequence[Place]) -> Sequence[Diagnosis]:
        """For `hero doctor`: how the tokens, their rights and these channels are. Needs no more than start() gave it. Raises what
        `post` raises when there is nothing more to say."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a platform says about somebody: what colleagues call them, their e-mail and time zone (IANA) where it tells.
    `admin`: they run the workspace."""

    name: str
    email: str | None = None
    timezone: str | None = None
    admin: bool = False


async def _unheard(_written: Written) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ChatServices:
    """What a chat may ask of the house; all of it safe to call from the event loop.

    `tap` runs one verb as one unit of work and returns after the commit. `command` answers a typed word (`mine`, `open`,
    `help`; an unknown one is answered with help) said by a person in a place. `now` is the house clock: aware, UTC.
    `deadline` is how many seconds one call to the platform may take. `secret` and `public_url` are app.yaml's.
    `overhear` is told what somebody wrote in a thread, and answers whether it was kept.
    The first two, and `overhear`, raise storage's Unavailable while the database is away.
    """

    tap: Callable[[Tap], Awaitable[Reply]]
    command: Callable[[str, Person, Place], Awaitable[Reply]]
    now: Callable[[], datetime]
    store: Store
    deadline: float
    secret: SecretStr | None = None
    public_url: str | None = None
    overhear: Callable[[Written], Awaitable[bool]] = _unheard


def connect(name: str, options: Any, services: ChatServices) -> Chat:
    """The chat platform `name`, from the folder of that name. Heavy libraries are imported here and not before."""
    chat: Chat = importlib.import_module(f"bot.chats.{name}.speak").connect(options, services)
    return chat
