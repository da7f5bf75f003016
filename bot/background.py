"""Work that goes on after a platform has its response: kept until it is done, awaited before the bot ends, and never silent when it
fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from bot.chats import Throttled, Trouble
from bot.logs import broken
from storage.database import Unavailable

log = structlog.get_logger()

T = TypeVar("T")

LONGEST_WAIT_S = 20.0
"""Seconds. An answer is put off at most this long when a platform asks us to wait."""
TRIES = 5


class Background:
    """The work in progress of one chat. `deadline` is how many seconds unfinished work gets when the bot stops."""

    def __init__(self, chat: str, deadline: float) -> None:
        self._chat, self._deadline = chat, deadline
        self._work: set[asyncio.Task[Any]] = set()

    def soon(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin this in the background. Errors are logged without what was said."""
        task = asyncio.create_task(self._logged(work))
        self.keep(task)
        return task

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Wait for this task, too, before the end."""
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def finish(self) -> None:
        """Wait for the work in progress, for at most one deadline, then cancel it."""
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=self._deadline)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (Trouble, Unavailable) as error:
            log.warning("chat.unsaid", chat=self._chat, kind=type(error).__name__, why=str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours
            log.error("chat.broken", chat=self._chat, **broken(error))


async def patiently(say: Callable[[], Awaitable[T]]) -> T:
    """Send an answer. Retries after Throttled, which was certainly not accepted; not after Unknown, since a duplicate is worse than
    a missing answer."""
    for left in reversed(range(TRIES)):
        try:
            return await say()
        except Throttled as error:
            if not left or error.seconds > LONGEST_WAIT_S:
                raise
            await asyncio.sleep(error.seconds)
    raise AssertionError("the last attempt returns or raises")
