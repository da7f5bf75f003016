"""Faults on the way to a chat and back: random with a seed, or queued for the next calls of a method."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Mapping


class Faults:
    """Picks the fault of each call. Each emulator defines what the kinds mean, and may accept other words."""

    def __init__(self, kinds: Collection[str], seed: int, chances: Mapping[str, float], methods: frozenset[str] | None) -> None:
        """`chances` is the share of calls for each kind; `methods` limits which calls can fail, None means all."""
        unknown = chances.keys() - set(kinds)
        if unknown or sum(chances.values()) > 1:
            raise ValueError(f"chances must be of {', '.join(kinds)} and at most 1 together; got {dict(chances)}")
        self._random = random.Random(seed)
        self._chances = dict(chances)
        self._methods = methods
        self._queued: dict[str, deque[str]] = {}

    def queue(self, method: str, kind: str, times: int) -> None:
        self._queued.setdefault(method, deque()).extend([kind] * times)

    def clear(self) -> None:
        self._queued.clear()
        self._chances.clear()

    def pick(self, method: str) -> str | None:
        """Returns the fault of the current call, or None. Queued faults come first."""
        queued = self._queued.get(method)
        if queued:
            return queued.popleft()
        if self._methods is not None and method not in self._methods:
            return None
        draw = self._random.random()
        for kind, chance in self._chances.items():
            draw -= chance
            if draw < 0:
                return kind
        return None
