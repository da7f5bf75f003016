"""Units that many ask for at the same time on PostgreSQL: gathered into shared transactions, and run in the event loop itself.

In threads intake cost a fifth more CPU: whenever the server answered, a thread and the event loop took the interpreter from each
other. A unit still is a plain function. It runs in a greenlet, and while it waits for the server the event loop goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg.waiting import wait_async
from sqlalchemy import URL, Connection
from sqlalchemy.util import await_, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from storage.connections import postgresql
from storage.postgresql_connection import opened
from storage.units import Unit

AT_ONCE = 2
"""The transactions under way at once: while PostgreSQL works for one, the next is prepared."""
TOGETHER = 32
"""The most units that share a commit: half of what waits when 64 callers do, so that the other half is served meanwhile."""
MOST = 256
"""The most that share one where more wait than two transactions take, as they do while the database hangs."""
FEW = 4
"""More units than this at once are a crowd: more will come while they are being run."""
NAP_S = 0.0003
"""Seconds between two looks, in a crowd, to see whether more units came."""


class Crowd:
    """Gathers units, of which those of one kind share a transaction. They are asked for in one event loop at a time.

    `commit(units, connect)` runs them on a connection that `connect` returns, tells whoever asked for them, and raises nothing.
    """

    def __init__(self, url: URL, commit: Callable[[list[Unit], Callable[[], Connection]], None]) -> None:
        self._engine = postgresql(url, writes=True, opens=self._open)
        self._opening = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="opening")
        self._begun = False
        self._commit = commit
        self._waiting: deque[Unit] = deque()
        self._serving = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._many = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self, unit: Unit) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop.is_closed():  # it took its tasks along
            self._waiting.clear()
            self._serving = 0
        self._loop = loop
        self._waiting.append(unit)
        if self._serving < AT_ONCE:
            self._serving += 1
            task = loop.create_task(self._serve())
            self._tasks.add(task)  # the loop itself would let go of it
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Finish what waits, if the loop goes on in another thread, and close the connections."""
        if self._tasks and self._loop is not None and self._loop.is_running() and not _is_running_here(self._loop):
            asyncio.run_coroutine_threadsafe(self._finished(), self._loop).result()
        self._engine.dispose()
        self._opening.shutdown()

    async def _finished(self) -> None:
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _serve(self) -> None:
        """Run what waits until nothing does."""
        try:
            while units := await self._gathered():
                await greenlet_spawn(self._commit, units, self._connect)
        finally:
            self._serving -= 1

    async def _gathered(self) -> list[Unit]:
        """Returns those of one kind that have waited longest. In a crowd, waits until no more come: a commit costs nearly as much
        for few as for many."""
        await asyncio.sleep(0)  # whoever asks in the same turn of the loop comes along
        came, waiting = -1, len(self._waiting)
        while self._many and came < waiting < TOGETHER:
            await asyncio.sleep(NAP_S)
            came, waiting = waiting, len(self._waiting)
        units: list[Unit] = []
        most = TOGETHER if len(self._waiting) <= AT_ONCE * TOGETHER else MOST
        while self._waiting and len(units) < most and (not units or units[0].kind == self._waiting[0].kind):
            units.append(self._waiting.popleft())
        self._many = len(units) > FEW
        return units

    def _connect(self) -> Connection:
        """Returns a connection. The first asks the server what it can, and whoever comes meanwhile waits for that: in threads."""
        if self._begun:
            return self._engine.connect()
        tx: Connection = await_(asyncio.get_running_loop().run_in_executor(self._opening, self._engine.connect))
        self._begun = True
        return tx

    def _open(self, keywords: Mapping[str, Any]) -> psycopg.Connection[Any]:
        """Open a connection: in a thread, since the event loop must not wait for that."""
        if not in_greenlet():
            return opened(keywords, _Connection)
        tx: psycopg.Connection[Any] = await_(
            asyncio.get_running_loop().run_in_executor(self._opening, opened, keywords, _Connection)
        )
        return tx


class _Connection(psycopg.Connection[Any]):
    """A connection that, in a greenlet of the event loop, lets the loop go on while it waits for the server."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if not in_greenlet():
            return super().wait(gen, interval, timeout)
        try:
            return await_(wait_async(gen, self.pgconn.socket, interval, timeout))
        except asyncio.CancelledError:  # the loop ends: nobody will read the rest of the answer
            self.pgconn.finish()
            raise


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
