"""Before a sender is refused as unknown, or for a wrong secret, the database is asked: another replica may know better."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

EVERY_S = 1.0
"""Seconds from one look to the next, however many callers ask: forged names are cheap to send."""
MOST_WAITING = 100
"""With so many callers waiting for the next look, a further one returns at once and goes by what is known."""


class SecondLook:
    """Looks at most once in EVERY_S. A call returns after a look that began after the call; waiting calls share one look."""

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
            await asyncio.shield(self._ahead)  # a caller that is cancelled must not cancel it for the others
        finally:
            self._waiting -= 1

    async def _in_time(self) -> None:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._began + EVERY_S - now()))
        self._began, self._ahead = now(), None
        await self._look()


def _seen(look: asyncio.Task[None]) -> None:
    """Mark the error as retrieved: the waiting callers get it, and it does not matter if all of them have gone."""
    if not look.cancelled():
        look.exception()
