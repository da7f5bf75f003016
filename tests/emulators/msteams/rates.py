"""The connector's limits: several windows per conversation, one per tenant, and the pause after a 429."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """At most `count` calls in any `per` platform seconds."""

    count: int
    per: float


SENDS = (Window(7, 1), Window(8, 2), Window(60, 30), Window(1800, 3600))
"""Creating, sending, editing and deleting combined, per channel or private chat."""
READS = (Window(14, 1), Window(16, 2), Window(120, 30), Window(3600, 3600))
TENANT = (Window(50, 1),)


class Meter:
    """Counts calls against windows. All times are monotonic seconds; `scale` is real seconds per platform second."""

    def __init__(self, limits: dict[str, tuple[Window, ...]], scale: float, tolerance: float) -> None:
        """`limits` maps kinds of budget (sends, reads, tenant) to windows. `tolerance` is in platform seconds."""
        self.limits = limits
        self._scale = scale
        self._tolerance = tolerance * scale
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self._blocked: dict[tuple[str, str], float] = {}

    def early(self, budgets: list[tuple[str, str]], now: float) -> tuple[float, tuple[str, str]] | None:
        """Take one call from each budget (kind, key), or from none. Returns the real seconds to wait and the budget, or None."""
        for budget in budgets:
            wait = self._wait(budget, now)
            if wait > self._tolerance:
                if self._blocked.get(budget, 0.0) <= now:
                    self.block(budget, now + self.pause(wait))
                return wait, budget
        for budget in budgets:
            self._seen.setdefault(budget, deque()).append(now)
        return None

    def block(self, budget: tuple[str, str], until: float) -> None:
        """Refuse this budget until a moment, as after a 429."""
        self._blocked[budget] = until

    def pause(self, early: float) -> float:
        """Returns the Retry-After for a call that was `early`: whole platform seconds, at least one, in real seconds."""
        return max(1, math.ceil(early / self._scale - 0.001)) * self._scale

    def _wait(self, budget: tuple[str, str], now: float) -> float:
        windows = self.limits.get(budget[0], ())
        seen = self._seen.setdefault(budget, deque())
        longest = max((window.per for window in windows), default=0.0) * self._scale
        while seen and seen[0] <= now - longest:
            seen.popleft()
        waits = [self._blocked.get(budget, 0.0) - now]
        waits += [seen[-each.count] + each.per * self._scale - now for each in windows if len(seen) >= each.count]
        return max(waits)
