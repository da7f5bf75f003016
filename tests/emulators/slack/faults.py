"""What goes wrong on the way to Slack and back: by probability with a seed, or queued for the next calls of a method."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping

KINDS = {
    "500": "answered 500, not accepted",
    "503": "answered 503, not accepted",
    "502": "answered 502 with an HTML page, not accepted",
    "429": "answered 429, not accepted; calling again before Retry-After is a violation",
    "reset": "connection closed, not accepted",
    "hang": "never answered, not accepted",
    "drop": "accepted, then the connection is closed without an answer",
    "late": "accepted only after the caller gave up",
    "broken": "accepted, answered 200 with half of the JSON",
    "text": "accepted, answered 200 with text/plain",
}


class Faults:
    """Picks the fault of each call. Any other word than those of KINDS is answered as Slack's error code."""

    def __init__(self, seed: int, chances: Mapping[str, float], methods: frozenset[str] | None) -> None:
        """`chances` is the share of calls by kind; `methods` limits which calls they strike, None is all."""
        unknown = chances.keys() - KINDS.keys()
        if unknown or sum(chances.values()) > 1:
            raise ValueError(f"chances must be of {', '.join(KINDS)} and at most 1 together; got {dict(chances)}")
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
        """The fault of the call that just came, None for a good day. Queued ones go first."""
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
