"""The clock by which lanes are leased and paced: the database's, so that all replicas share one."""

from __future__ import annotations

import time

from storage import vitals
from storage.database import Store

SURE_S = 0.01
"""Seconds. A reply that took longer says too little about when its time was read: two replicas may each be off by half of that, and
what one sends after the other comes too early by as much."""
TRIES = 5


class SendingClock:
    """Real seconds since 1970. Between two synchronisations with the database they advance with the monotonic clock, so when this
    machine's time is set, lanes neither wait for hours nor send too early."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() + self._ahead

    async def set(self, store: Store) -> None:
        """Synchronise with the database's clock (PostgreSQL only). Of several replies the quickest counts."""
        if store.sqlite:
            return
        best = None
        for _ in range(TRIES):
            asked = time.monotonic()
            told = await store.read(vitals.server_seconds)
            took = time.monotonic() - asked
            if best is None or took < best[0]:
                best = took, told - (asked + took / 2)
            if took < SURE_S:
                break
        assert best is not None
        self._ahead = best[1]
