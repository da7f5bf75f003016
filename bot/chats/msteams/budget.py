"""Keeps to the rate limits of Microsoft Teams, per conversation and for the whole tenant.

Delivery's pace spaces what is sent to one place, over all replicas. It does not cover the hourly limits, private answers in
between, and all conversations together: these are counted here, for this process alone; a 429 reveals what the others spend.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence

Windows = Sequence[tuple[int, float]]
"""At most so many calls in so many seconds."""

SENDS: Windows = ((7, 1), (8, 2), (60, 30), (1800, 3600))
READS: Windows = ((14, 1), (16, 2), (120, 30), (3600, 3600))
TENANT: Windows = ((50, 1),)
MARGIN = 1.02
"""Factor on each window, because calls do not take equally long to arrive."""
KEPT = 2000
"""Conversations remembered. The one idle the longest has most of its budget back."""


class Budget:
    """The calls already made. `seconds` is a monotonic clock."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._spent: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._closed: dict[str, float] = {}
        self._limits: Mapping[str, Windows] = {"sends": SENDS, "reads": READS, "tenant": TENANT}

    def take(self, kind: str, conversation: str, tenant: str) -> float:
        """Count one call of `kind` (`sends` or `reads`) and return 0; if it is too early, count nothing and return the seconds to
        wait."""
        purses = [(kind, conversation), ("tenant", tenant)]
        wait = max(*(self._early(purse) for purse in purses), self._closed.get(conversation, 0.0) - self._seconds())
        if wait > 0:
            return wait
        for purse in purses:
            self._spent[purse].append(self._seconds())
            self._spent.move_to_end(purse)
        while len(self._spent) > KEPT:
            self._spent.popitem(last=False)
        return 0.0

    def close(self, conversation: str, seconds: float) -> None:
        """Block a conversation for so long, as Teams asked."""
        now = self._seconds()
        self._closed = {name: until for name, until in self._closed.items() if until > now}
        self._closed[conversation] = now + seconds

    def _early(self, purse: tuple[str, str]) -> float:
        windows, now = self._limits[purse[0]], self._seconds()
        spent = self._spent.setdefault(purse, deque(maxlen=max(most for most, _ in windows)))
        return max(spent[-most] + per * MARGIN - now if len(spent) >= most else 0.0 for most, per in windows)
