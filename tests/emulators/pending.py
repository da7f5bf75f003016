"""A task in progress on an emulator's thread, for synchronous and asynchronous tests: `await` it, or call `.wait()`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LOOK = 0.004


class Pending(Generic[T]):
    """Starts at once, whether or not anybody waits for it, so several taps can be in progress at the same time."""

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> None:
        self._future: Future[T] = asyncio.run_coroutine_threadsafe(work, loop)

    def wait(self, within: float = 30.0) -> T:
        """Block this thread until it is done. Never call it on the bot's event loop: use `await` there."""
        return self._future.result(within)

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()


async def until(holds: Callable[[], object], within: float) -> bool:
    """Poll `holds` for at most `within` seconds. Returns whether it became true."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() >= end:
            return False
        await asyncio.sleep(LOOK)
    return True
