"""Two units of work that overlap, as two writers on PostgreSQL may. SQLite has one writer: there they follow one another."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, text

from storage.database import Store

A = TypeVar("A")
B = TypeVar("B")
LONGEST_S = 4.0
_AWAITED = text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))")


def overlapped(store: Store, first: Callable[[Connection], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run `first` as a unit of work, and `second`, which runs one of its own, before the commit of `first`: that comes once `second`
    is done, or waits for what `first` has locked. Returns the results of both."""
    begun: list[Future[B]] = []

    def unit(tx: Connection) -> A:
        answer = first(tx)
        begun[:] = begun or [pool.submit(second)]
        end = time.monotonic() + LONGEST_S
        while not (store.sqlite or begun[0].done() or tx.execute(_AWAITED).scalar_one()):
            assert time.monotonic() < end, "the second neither ended nor waited for the first"
            time.sleep(0.01)
        return answer

    with ThreadPoolExecutor(1) as pool:
        answer = store.write_sync(unit)
        return answer, begun[0].result()
