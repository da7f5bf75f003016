"""Slack's rate limits, per method and per channel or workspace, and the pause after a 429."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """At most `count` calls in any `per` platform seconds; with `burst`, evenly paced with that many at once.

    `by` names the argument (a channel) whose values have separate budgets; None means one budget for the workspace.
    """

    count: float
    per: float = 60.0
    by: str | None = None
    burst: int | None = None


def usual(posts_per_second: float, burst: int) -> dict[str, Rate]:
    """Returns Slack's tiers for the methods the emulator knows; `posts_per_second` is per channel, 0 means no limit."""
    tiers = {
        10: ("apps.connections.open",),
        20: ("usergroups.users.list", "dnd.teamInfo"),
        50: ("chat.update", "chat.delete", "conversations.history", "conversations.replies", "conversations.open"),
        51: ("conversations.info", "users.lookupByEmail"),
        100: ("users.info", "views.open", "views.update", "views.publish", "views.push", "chat.postEphemeral"),
        300: ("auth.test", "chat.getPermalink"),
    }
    rates = {method: Rate(count) for count, methods in tiers.items() for method in methods}
    if posts_per_second:
        rates["chat.postMessage"] = Rate(posts_per_second, 1.0, by="channel", burst=burst)
    return rates


class Meter:
    """Counts calls against the rates. All times are monotonic seconds; `scale` is real seconds per platform second."""

    def __init__(self, rates: dict[str, Rate], scale: float, tolerance: float) -> None:
        self.rates = rates
        self._scale = scale
        self._tolerance = tolerance
        self._due: dict[tuple[str, str], float] = {}
        self._seen: dict[tuple[str, str], deque[float]] = {}
        self._blocked: dict[tuple[str, str], float] = {}

    def early(self, method: str, key: str, now: float) -> float:
        """Take one call. Returns how many real seconds it is too early, 0 when it is allowed. A refused call uses no budget."""
        blocked = self._blocked.get((method, key), 0.0) - now
        if blocked > self._tolerance * self._scale:
            return blocked
        rate = self.rates.get(method)
        if rate is None:
            return 0.0
        early = self._paced((method, key), rate, now) if rate.burst else self._windowed((method, key), rate, now)
        if early:
            self.block(method, key, now + self.pause(early))
        return early

    def block(self, method: str, key: str, until: float) -> None:
        """Refuse this method until a moment, as after a 429."""
        self._blocked[method, key] = until

    def pause(self, early: float) -> float:
        """Returns the Retry-After for a call that was `early`: whole platform seconds, at least one, in real seconds."""
        return max(1, math.ceil(early / self._scale - 0.001)) * self._scale

    def _paced(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        gap = rate.per / rate.count * self._scale
        due = self._due.get(key, 0.0)
        early = due - ((rate.burst or 1) - 1) * gap - now
        if early > self._tolerance * self._scale:
            return early
        self._due[key] = max(due, now) + gap
        return 0.0

    def _windowed(self, key: tuple[str, str], rate: Rate, now: float) -> float:
        seen = self._seen.setdefault(key, deque())
        while seen and seen[0] <= now - rate.per * self._scale:
            seen.popleft()
        if len(seen) >= rate.count:
            return seen[0] + rate.per * self._scale - now
        seen.append(now)
        return 0.0
