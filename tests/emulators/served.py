"""What the emulators of chats share: each is served on loopback by a thread with its own event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web

from tests.emulators.pending import Pending, until

T = TypeVar("T")
_HOST = "127.0.0.1"


class Served:
    """A context manager that serves until the end of the block. Whoever mixes it in has `_application` and `close_log`."""

    def __init__(self, name: str, port: int) -> None:
        self.port = port
        self.closing = False
        self._kept: set[asyncio.Future[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.begin(self._open()).wait()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.begin(self._close()).wait()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.close_log()

    async def _open(self) -> None:
        self.session = aiohttp.ClientSession()
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, self.port).start()
        self.port = self._runner.addresses[0][1]
        self.origin = f"{_HOST}:{self.port}"

    async def _close(self) -> None:
        self.closing = True
        for task in self._kept:
            task.cancel()
        await asyncio.gather(*self._kept, return_exceptions=True)
        await self._hang_up()
        await self.session.close()
        await self._runner.cleanup()
        await self._loop.shutdown_asyncgens()

    async def _hang_up(self) -> None:
        """End the connections that do not end by themselves."""

    def begin(self, work: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run a coroutine on the emulator's event loop."""
        return Pending(work, self._loop)

    def keep(self, task: asyncio.Future[Any]) -> None:
        """Keep a reference to a background task; it is cancelled at the end."""
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    def eventually(self, holds: Callable[[], object], within: float = 5.0) -> Pending[bool]:
        """Wait until `holds` is true. Returns whether it was in time. Runs on the emulator's thread, so keep it fast."""
        return self.begin(until(holds, within))
