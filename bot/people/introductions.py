"""Learns people's names from the platforms, so that acts are shown with a name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.chats import CannotPost, Chat, Refused, Throttled, Unknown, Unreachable
from handlers.colleagues import meet
from handlers.feedback import Person
from storage import followups
from storage.database import Store, Unavailable
from storage.storable import text as kept

log = structlog.get_logger()

MEET_AGAIN = timedelta(days=1).total_seconds()
"""Seconds until a platform is asked again for somebody's name."""

MOST = 100


class Introductions:
    """Asks each platform for each person once a day. `now` is the house clock."""

    def __init__(self, store: Store, chats: Mapping[str, Chat], now: Callable[[], datetime]) -> None:
        self._store, self._chats, self._now = store, chats, now
        self._met: dict[tuple[str, str, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def introduce(self, person: Person) -> asyncio.Task[None] | None:
        """Ask the platform for somebody's profile, once a day. Returns None if it was asked already."""
        key = (person.chat, person.workspace, person.user_id)
        if time.monotonic() - self._met.get(key, -MEET_AGAIN) < MEET_AGAIN:
            return None
        self._met[key] = time.monotonic()
        task = asyncio.create_task(self._meet(person))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def introduce_all(self) -> None:
        """Ask for owners of open follow-ups whom no platform has named: we may have been stopped before. Raises Unavailable."""
        for row in await self._store.read(followups.unnamed_owners, MOST):
            if row.chat in self._chats:
                self.introduce(Person(row.chat, row.workspace, row.user_id, row.name))

    async def _meet(self, person: Person) -> None:
        try:
            profile = await self._chats[person.chat].profile(person)
            if profile is not None:
                known = Person(person.chat, person.workspace, person.user_id, kept(profile.name))
                about = (profile.email, profile.timezone, self._now())
                await self._store.write(partial(meet, admin=profile.admin), known, *about)
        except (Throttled, CannotPost, Unreachable, Unknown, Unavailable):
            self._met.pop((person.chat, person.workspace, person.user_id), None)  # the next tap tries again
        except Refused as error:
            log.warning("person.unknown", chat=person.chat, reason=str(error))
