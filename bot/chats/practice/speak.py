"""The practice chat as delivery sees it: a platform that is one table, so nothing leaves this computer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from starlette.routing import BaseRoute

from bot.chats import ChatServices, Pace, Posted, Profile, Refused
from bot.chats.practice import Options, html
from bot.chats.practice.extras import Extras
from bot.chats.practice.people import PEOPLE, member
from bot.diagnosis import Diagnosis, well
from handlers.cards import Card
from handlers.feedback import Person, Place
from storage import practice

PATIENCE = 0.4
"""Seconds a page waits for the effects of a press, so that it shows the new card even without scripts."""
SILENCE = 0.05
"""Seconds without changes after which everything has probably arrived."""


class Practice:
    """Implements Chat. `offer` adds what only its page has."""

    name = "practice"
    pace = Pace(0, 0)

    def __init__(self, services: ChatServices) -> None:
        self.services = services
        self.extras = Extras()
        self.changes = 0
        self._changed = asyncio.Event()

    def offer(self, extras: Extras) -> None:
        """Give the page its channels, clock and customer form. May be called again, before or after the start."""
        self.extras = extras

    async def start(self, *, listening: bool = True) -> None:
        """Does nothing: there is nothing to connect to."""

    async def stop(self) -> None:
        """Does nothing: there is nothing to close."""

    def routes(self) -> Sequence[BaseRoute]:
        from bot.chats.practice import listen  # the page loads templates, which a chat that only sends does not need

        return listen.routes(self)

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        thread_id = await self._existing(thread) if thread is not None else None
        said = await self.services.store.write(practice.say, place.channel, key, html.pack(card), self.services.now(), thread_id)
        self._tell()
        return Posted(place.channel, str(said))

    async def edit(self, posted: Posted, place: Place, card: Card) -> None:  # noqa: ARG002  (a post's id is enough here)
        if not await self.services.store.write(practice.replace, _number(posted), html.pack(card), self.services.now()):
            raise _no_such(posted)
        self._tell()

    async def remove(self, posted: Posted, place: Place) -> None:  # noqa: ARG002  (a post's id is enough here)
        if not await self.services.store.write(practice.remove, _number(posted)):
            raise _no_such(posted)
        self._tell()

    def link(self, reader: Place, posted: Posted) -> str:
        """Returns a URL of the page, as this person reads it, which scrolls to the message also without scripts."""
        return f"/?{urlencode({'as': reader.channel, 'channel': posted.channel, 'to': posted.id})}#c-{posted.id}"

    async def examine(self, places: Sequence[Place]) -> Sequence[Diagnosis]:
        return [well("practice", f"{len(places)} channel{'s' * (len(places) != 1)} of made-up people, on this computer only")]

    async def profile(self, person: Person) -> Profile | None:
        who = member(person.user_id)
        return Profile(who.name, who.email, getattr(self.extras.timezone, "key", None)) if who is not None else None

    async def resting(self, who: Sequence[Person]) -> Mapping[Person, datetime]:  # noqa: ARG002 - required by Chat
        """Always empty: made-up people have no do-not-disturb."""
        return {}

    async def parted(self, who: Sequence[Person]) -> Sequence[Person]:  # noqa: ARG002 - required by Chat
        """Always empty: made-up people keep the bot."""
        return ()

    async def people(self, name: str) -> Sequence[Person]:
        return [who.person for who in PEOPLE if name.casefold() in (who.id, who.email)]

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:  # noqa: ARG002
        """Keys are never reused, so neither `since` nor `thread` narrows the search."""
        said = await self.services.store.read(practice.by_key, key)
        return Posted(said.channel, str(said.id)) if said is not None and said.channel == place.channel else None

    async def arrived(self, before: int) -> None:
        """Wait for a change beyond `before`, a value of `changes`, at most PATIENCE; then until SILENCE passes without another."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while (left := end - loop.time()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, SILENCE) if self.changes > before else left)
            except TimeoutError:
                return

    async def say_in_thread(self, root: practice.PracticeMessage, key: str, words: str) -> str:
        """Post what a made-up person writes under a message. Returns its id."""
        packed = html.pack(Card(plain=words))
        said = await self.services.store.write(practice.say, root.channel, key, packed, self.services.now(), root.id)
        self._tell()
        return str(said)

    async def _existing(self, posted: Posted) -> int:
        if await self.services.store.read(practice.by_id, _number(posted)) is None:
            raise _no_such(posted)
        return _number(posted)

    def _tell(self) -> None:
        """Count the change, and wake every page that waits for one."""
        self.changes += 1
        self._changed.set()
        self._changed = asyncio.Event()


def _number(posted: Posted) -> int:
    return int(posted.id) if posted.id.isdecimal() else 0


def _no_such(posted: Posted) -> Refused:
    return Refused(f"the practice chat has no message {posted.id}")


def connect(options: Options, services: ChatServices) -> Practice:  # noqa: ARG001  (there is nothing to set yet)
    """Returns the practice chat; nothing is opened yet."""
    return Practice(services)
