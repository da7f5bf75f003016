"""Signed requests of the last minutes. One that comes again, byte for byte, may be somebody else's who read it on its way."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from bot.listening.signatures import TOLERANCE

KEPT = 2 * TOLERANCE
"""For how long a request is let in: its signed time may be as far ahead of our clock as behind it."""
MOST = 5_000
"""How many are remembered; beyond that the oldest are forgotten."""


class Repeats:
    """What was answered, by source and by what no other request has; in the order in which it came."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, bytes], datetime] = {}

    def is_one(self, source: str, unique: bytes) -> bool:
        return (source, unique) in self._answered

    def note(self, source: str, unique: bytes, at: datetime) -> None:
        """Remember a request that was stored. Without `unique` nobody could tell it from a new one."""
        if not unique:
            return
        self._answered[source, unique] = at
        for oldest, came in tuple(islice(self._answered.items(), 2)):
            if len(self._answered) > MOST or at - came > KEPT:
                del self._answered[oldest]
