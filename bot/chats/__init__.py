"""The interface every chat platform implements: what delivery may ask of a chat, and which errors it raises."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.diagnosis import Diagnosis
from bot.logs import broken
from bot.storable_taps import kept_person
from handlers.cards import About, Card, Reply, linked
from handlers.feedback import Person, Place
from handlers.situation import Tap, Written
from handlers.wording import asides

if TYPE_CHECKING:
    from storage.database import Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is, in the platform's own ids. `channel` may differ from the requested place (a private chat)."""

    channel: str
    id: str


@dataclass(frozen=True, slots=True)
class Pace:
    """Minimum seconds between two posts to one place, and between two edits. With `edits_together`, edits share one budget per
    workspace instead of one per place."""

    post: float
    edit: float
    edits_together: bool = False


class Trouble(Exception):
    """A platform did not do what was asked. Always raised as one of the five subclasses below."""


class Throttled(Trouble):
    """Certainly not accepted; the platform asks to wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds


class CannotPost(Trouble):
    """Certainly not accepted: the bot is not there, or no single place has that name. It waits until ops add or name it, and is
    looked at again after `seconds`; the platform asked for nothing. The text is shown to ops."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class Unreachable(Trouble):
    """Certainly not accepted, but worth retrying: no connection was made, or something must be mended first, such as the bot's
    token."""


class Refused(Trouble):
    """Certainly not accepted, and the same message never will be. The text is shown to ops."""


class Unknown(Trouble):
    """It is not known whether the platform accepted the message: a time-out, a connection reset, a 5xx."""


class TurnedAway(Exception):
    """A chat rejects an HTTP request. `status` is the HTTP status of the response; the text is for ops and never quotes the
    body."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Chat(Protocol):
    """One connected chat platform. `post` and `edit` make one attempt, without hidden retries, return within `deadline` seconds,
    and raise Throttled, CannotPost, Unreachable, Refused or Unknown."""

    name: str
    pace: Pace

    async def start(self, *, listening: bool = True) -> None:
        """Open connections and begin to listen; with `listening=False`, only to send. Must not fail when the platform is
        unavailable."""

    async def stop(self) -> None: ...

    def routes(self) -> Sequence[BaseRoute]:
        """Returns the HTTP routes on which the platform calls us."""

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        """Post a new message that `find` can find by `key`; in the thread of an earlier message if `thread` is given."""

    async def edit(self, posted: Posted, place: Place, card: Card) -> None: ...

    async def remove(self, posted: Posted, place: Place) -> None:
        """Delete a message. Raises what `post` raises."""

    def link(self, reader: Place, posted: Posted) -> str:
        """Returns the URL at which somebody who reads in `reader` opens this message of their workspace; empty while it is not
        known. Calls nothing."""

    async def profile(self, person: Person) -> Profile | None:
        """Returns what the platform says about somebody; None if it says nothing. Raises what `post` raises."""

    async def people(self, name: str) -> Sequence[Person]:
        """Returns the people that a name in app.yaml refers to: an e-mail, or the platform's id of a person or of a group; empty if
        it matches nobody here. Raises what `post` raises."""

    async def resting(self, who: Sequence[Person]) -> Mapping[Person, datetime]:
        """Returns when do-not-disturb ends (aware, UTC) for each of these people who has it on now; others are left out. Takes at
        most 50 people. Raises what `post` raises."""

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:
        """Returns those of these people who removed the bot, so that no private message reaches them here."""

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Returns the post with this key that arrived after `since`; None if there is none. Raises Refused when the platform cannot
        be searched, and what `post` raises when the look-up itself fails."""

    async def examine(self, places: Sequence[Place]) -> Sequence[Diagnosis]:
        """Check the tokens, their scopes and these channels for `hero doctor`. Needs no more than start() provides. Raises what
        `post` raises when there is nothing more to report."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a platform says about somebody: the name colleagues use and, if known, e-mail and time zone (IANA). `admin`: they
    administer the workspace."""

    name: str
    email: str | None = None
    timezone: str | None = None
    admin: bool = False


def with_links(chat: Chat, reader: Place, card: Card) -> Card:
    """Returns a card for `reader` with links to the cards in channels that it leads to."""
    return linked(card, lambda there: chat.link(reader, Posted(there.channel, there.id)))


EDITS = "edits"
"""The name of the lane for all edits in a workspace, in chats whose edits share one budget."""


async def _unheard(_written: Written) -> bool:
    return False


async def _nothing_there(_reader: Person, _posted: tuple[str, str]) -> Card | None:
    return None


@dataclass(frozen=True, slots=True)
class ChatServices:
    """What a chat may call in the application; everything is safe to call from the event loop.

    `tap` runs one verb as one unit of work and returns after the commit. `command` answers a word (`mine`, `open`, `help`; help for
    an unknown one) that a person typed in a place. `now` is the application clock: aware, UTC. `deadline` is how many seconds one
    call to the platform may take. `secret` and `public_url` come from app.yaml. `overhear` receives what somebody wrote in a
    thread, and returns whether it was kept. `shown` returns what our message at a place, given as the platform's (channel, id),
    shows by now to somebody who sees it there; None if none of ours stands there. `tap`, `command`, `overhear` and `shown` raise
    storage's Unavailable while the database is unavailable.
    """

    tap: Callable[[Tap], Awaitable[Reply]]
    command: Callable[[str, Person, Place], Awaitable[Reply]]
    now: Callable[[], datetime]
    store: Store
    deadline: float
    secret: SecretStr | None = None
    public_url: str | None = None
    overhear: Callable[[Written], Awaitable[bool]] = _unheard
    shown: Callable[[Person, tuple[str, str]], Awaitable[Card | None]] = _nothing_there

    async def answer(self, word: str, who: Person, place: Place) -> Reply:
        """Like `command`, but never raises: when the database is unavailable or our code failed, the reply says so."""
        from storage.database import Unavailable  # it loads SQLAlchemy, which whoever reads only app.yaml does not need

        try:
            return await self.command(word, who, place)
        except Unavailable:
            pass
        except Exception as error:  # noqa: BLE001 - a mistake of ours
            log.error("word.broken", chat=who.chat, **broken(error))
        return Reply(asides.not_read())

    async def note_answer(self, who: Person, about: About, posted: Posted, edits: str | None = None) -> None:
        """Note where somebody's private answer stands, and what it is about. `edits` is EDITS in a chat that has such a lane."""
        from handlers import answered  # it loads the tables, so as above
        from storage.database import Unavailable

        try:
            if about and posted.id:
                await self.store.write(answered.remember, kept_person(who), about, (posted.channel, posted.id), edits, self.now())
        except Unavailable:
            log.warning("answer.not_noted", chat=who.chat, follow_ups=sorted(about))


def connect(name: str, options: Any, services: ChatServices) -> Chat:
    """Returns the chat platform `name`, from the folder of that name. Imports its heavy libraries only now."""
    chat: Chat = importlib.import_module(f"bot.chats.{name}.speak").connect(options, services)
    return chat
