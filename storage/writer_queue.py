"""Units of work that wait for a writer, and which of them it takes together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from storage.units import Unit

TOGETHER = 256
"""The most units that share one commit: bounds how long the first of them waits for the last."""
FEW = 4
"""More units than these at once are a crowd, and more of it will come while they are answered."""
NAP_S = 0.0005
"""How long a writer listens, in a crowd, for whoever comes next."""
REST_S = 0.2
"""How long nothing must have come before a writer does what nobody should wait for."""


class WriterQueue:
    """The queue before the writers. `shared`: whatever waits may share a transaction; else only units of one kind do, and whoever
    ends their row comes along."""

    def __init__(self, *, shared: bool) -> None:
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._shared = shared
        self._collecting = threading.Lock()
        self._crowd = False

    def put(self, unit: Unit) -> None:
        self._queue.put(unit)

    def end(self) -> None:
        """One writer less: once all that came before is done."""
        self._queue.put(None)

    def collect(self, rest: Callable[[], None] | None = None) -> list[Unit] | None:
        """Wait for the units to be done next; None at the end. While none comes, `rest` is called, once.

        One writer collects at a time, or several would each have a few of a crowd.
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
        """In a crowd, wait until nobody more comes: a commit costs nearly as much for few as for many."""
        came, waiting = -1, self._queue.qsize()
        while self._crowd and came < waiting < TOGETHER:
            time.sleep(NAP_S)
            came, waiting = waiting, self._queue.qsize()

    def _join(self, units: list[Unit]) -> None:
        """Put to the first all that wait and may be done with it. One of another kind is among them: once taken out of the queue it
        cannot go back to its head."""
        while len(units) < TOGETHER and (self._shared or units[-1].kind == units[0].kind):
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return
            if unit is None:  # for a writer, after all that came before
                self.end()
                return
            units.append(unit)
