"""The queue of units of work before the writers, and which of them a writer takes together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from storage.units import Unit

TOGETHER = 256
"""The most units that share one commit. Bounds how long the first of them waits for the last."""
FEW = 4
"""More units than this at once are a crowd: more will come while they are being run."""
NAP_S = 0.0005
"""Seconds between two looks at the queue, in a crowd, to see whether more units came."""
REST_S = 0.2
"""Seconds without a unit before a writer does work that nobody should wait for."""


class WriterQueue:
    """The queue before the writers. With `shared`, all waiting units may share a transaction; else only units of one kind do,
    together with the one unit that ends their run."""

    def __init__(self, *, shared: bool) -> None:
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._shared = shared
        self._collecting = threading.Lock()
        self._crowd = False

    def put(self, unit: Unit) -> None:
        self._queue.put(unit)

    def end(self) -> None:
        """Let one writer end, once all that came before is done."""
        self._queue.put(None)

    def collect(self, rest: Callable[[], None] | None = None) -> list[Unit] | None:
        """Wait for the next units to run. Returns None at the end. If none come for a while, `rest` is called once.

        Only one writer collects at a time; otherwise several would each get a few units of a crowd.
        """
        with self._collecting:
            first = self._first(rest)
            if first is None:
                return None
            units = [first]
            if self._shared or first.kind is not None:
                self._gather()
                self._join(units)
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

    def _join(self, units: list[Unit]) -> None:
        """Append all waiting units that may run together with the first. The last one may be of another kind: once taken from the
        queue, it cannot be put back at its head."""
        while len(units) < TOGETHER and (self._shared or units[-1].kind == units[0].kind):
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return
            if unit is None:  # `end` is meant for a writer, after all that came before
                self.end()
                return
            units.append(unit)
