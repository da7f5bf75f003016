"""Something under way on the emulator's own thread, for tests of both kinds: `await` it, or `.wait()` for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Pending(Generic[T]):
    """Begins at once, whether or not anybody waits; so several taps can be under way together."""

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> None:
        self._future: Future[T] = asyncio.run_coroutine_threadsafe(work, loop)

    def wait(self, within: float = 30.0) -> T:
        """Block this thread until it is done. Never on the loop the bot runs in: use `await` there."""
        return self._future.result(within)

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self._future).__await__()
