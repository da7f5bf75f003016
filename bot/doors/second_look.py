"""Before somebody is told that we do not know them, or not by that secret, the database is asked: another replica may know."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

EVERY_S = 1.0
"""Seconds from one look to the next, however many ask: forged names are cheap to send."""
MOST_WAITING = 100
"""Who comes when so many wait for the next look is answered by what is known."""


class SecondLook:
    """Looks at most once in EVERY_S. Whoever asks returns after a look that began after they asked; those who wait share it."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._ahead: asyncio.Task[None] | None = None
        self._began = float("-inf")
        self._waiting = 0

    async def __call__(self) -> None:
        """Raises what the look raises."""
        if self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        try:
            if self._ahead is None:
                self._ahead = asyncio.create_task(self._in_time())
                self._ahead.add_done_callback(_seen)
            await asyncio.shield(self._ahead)  # whoever hangs up takes it from nobody else
        finally:
            self._waiting -= 1

    async def _in_time(self) -> None:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._began + EVERY_S - now()))
        self._began, self._ahead = now(), None
        await self._look()


def _seen(look: asyncio.Task[None]) -> None:
    """Its error is told to those who wait; that all of them have gone is none."""
    if not look.cancelled():
        look.exception()
