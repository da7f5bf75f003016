"""Units that many ask for at the same time on PostgreSQL: gathered into shared transactions, and run in the event loop itself.

In threads intake cost a fifth more CPU: whenever the server answered, a thread and the event loop took the interpreter from each
other. A unit still is a plain function. It runs in a greenlet, and while it waits for the server the event loop goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import psycopg
from psycopg.waiting import wait_async
from sqlalchemy import URL, Connection, QueuePool, event
from sqlalchemy.util import await_, greenlet_spawn
from sqlalchemy.util.concurrency import in_greenlet

from storage.connections import engine
from storage.units import Unit

AT_ONCE = 2
"""The transactions under way at once: while PostgreSQL works for one, the next is prepared."""
TOGETHER = 32
"""The most units that share a commit: half of what waits when 64 callers do, so that the other half is served meanwhile."""
FEW = 4
"""More units than this at once are a crowd: more will come while they are being run."""
NAP_S = 0.0003
"""Seconds between two looks, in a crowd, to see whether more units came."""


class Crowd:
    """Gathers units, of which those of one kind share a transaction. Its calls come from one event loop at a time.

    `commit(units, connect)` runs them on a connection that `connect` returns, tells whoever asked for them, and raises nothing.
    """

    def __init__(self, url: URL, commit: Callable[[list[Unit], Callable[[], Connection]], None]) -> None:
        self._engine = engine(url, writes=True)
        event.listen(self._engine, "do_connect", lambda _dialect, _record, args, wire: _Connection.connect(*args, **wire))
        self._commit = commit
        self._waiting: deque[Unit] = deque()
        self._serving = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._many = False

    def ask(self, unit: Unit) -> None:
        self._waiting.append(unit)
        if self._serving < AT_ONCE:
            self._serving += 1
            task = asyncio.get_running_loop().create_task(self._serve())
            self._tasks.add(task)  # the loop itself would let go of it
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Close the connections that nobody uses; the others when their units end."""
        self._engine.dispose()

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
        while self._waiting and len(units) < TOGETHER and (not units or units[0].kind == self._waiting[0].kind):
            units.append(self._waiting.popleft())
        self._many = len(units) > FEW
        return units

    def _connect(self) -> Connection:
        """Returns a connection. A new one is opened in a thread: the event loop must not wait for that."""
        if cast("QueuePool", self._engine.pool).checkedin():
            return self._engine.connect()
        return await_(asyncio.get_running_loop().run_in_executor(None, self._engine.connect))


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
