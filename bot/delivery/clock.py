"""The clock by which lanes are leased and paced: the database's, so that all replicas share one."""

from __future__ import annotations

import time

import structlog

from bot.diagnosis import CLOCK_S
from storage import vitals
from storage.database import Store

log = structlog.get_logger()
SURE_S = 0.01
"""Seconds. A reply that took longer says too little about when its time was read: two replicas may each be off by half of that, and
what one sends after the other comes too early by as much."""
TRIES = 5


class SendingClock:
    """Real seconds since 1970. Between two synchronisations with the database they advance with the monotonic clock, so when this
    machine's time is set, lanes neither wait for hours nor send too early."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()
        self._apart = False

    def seconds(self) -> float:
        return time.monotonic() + self._ahead

    async def set(self, store: Store) -> None:
        """Synchronise with the database's clock (PostgreSQL only). Of several replies the quickest counts. Tells the log once that
        this machine's clock is another one, and once that it is no more."""
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
        self._compare(round(time.time() - self.seconds()))

    def _compare(self, off: int) -> None:
        apart = abs(off) > CLOCK_S
        if apart and not self._apart:
            side = "ahead of" if off > 0 else "behind"
            log.warning("clock.apart", why=f"this machine's clock is {abs(off)} s {side} the database server's; run hero doctor")
        elif self._apart and not apart:
            log.info("clock.agrees")
        self._apart = apart
