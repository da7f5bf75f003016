"""SQLite's one writer: a thread that runs all units that wait at the same time in one transaction."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from sqlalchemy import Engine

from storage.connections import write_back
from storage.units import Unit

TOGETHER = 256
"""The most units that share one commit. Bounds how long the first of them waits for the last."""
FEW = 4
"""More units than this at once are a crowd: more will come while they are being run."""
NAP_S = 0.0005
"""Seconds between two looks at the queue, in a crowd, to see whether more units came."""
REST_S = 0.2
"""Seconds without a unit before the writer does work that nobody should wait for."""


class SqliteWriter:
    """`commit(units)` runs them in one transaction, tells whoever asked for them, and raises nothing."""

    def __init__(self, engine: Engine, commit: Callable[[list[Unit]], None]) -> None:
        self._engine, self._commit = engine, commit
        self._queue = UnitQueue()
        self._changes, self._grown = 0, False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def ask(self, unit: Unit) -> None:
        self._queue.put(unit)

    def close(self) -> None:
        """Finish the waiting units."""
        self._queue.end()
        self._thread.join()

    def _run(self) -> None:
        # While idle, checkpoint SQLite's WAL: a commit that had to do it took ten times as long, and would be somebody's tap.
        while (units := self._queue.collect(self._write_back if self._grown else None)) is not None:
            self._commit(units)
            self._grown = True

    def _write_back(self) -> None:
        # If this fails, the next commit fails too and says why; the writer thread must live on.
        with suppress(Exception), closing(self._engine.raw_connection()) as raw:
            driver: Any = raw.driver_connection
            self._changes, self._grown = write_back(driver, self._changes), False


class UnitQueue:
    """Units in the order in which they were asked for."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._crowd = False

    def put(self, unit: Unit) -> None:
        self._queue.put(unit)

    def end(self) -> None:
        """Let the writer end, once all that came before is done."""
        self._queue.put(None)

    def collect(self, rest: Callable[[], None] | None = None) -> list[Unit] | None:
        """Wait for the next units to run. Returns None at the end. If none come for a while, `rest` is called once."""
        first = self._first(rest)
        if first is None:
            return None
        self._gather()
        units = [first, *self._others()]
        self._crowd = len(units) > FEW
        return units

    def _first(self, rest: Callable[[], None] | None) -> Unit | None:
        if rest is not None:
            try:
                return self._queue.get(timeout=REST_S)
            except queue.Empty:
                rest()
        return self._queue.get()

    def _gather(self) -> None:
        """In a crowd, wait until no more units come: a commit costs nearly as much for few as for many."""
        came, waiting = -1, self._queue.qsize()
        while self._crowd and came < waiting < TOGETHER:
            time.sleep(NAP_S)
            came, waiting = waiting, self._queue.qsize()

    def _others(self) -> list[Unit]:
        """Returns the units that wait behind the first."""
        units: list[Unit] = []
        while len(units) < TOGETHER - 1:
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                break
            if unit is None:
                self.end()  # it is meant for the next time, after all that came before
                break
            units.append(unit)
        return units
