"""Rate limit of a source: `limit: 600/m` in app.yaml, counted in memory."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests in `seconds`, written `600/m` (per `s`, `m` or `h`)."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: object) -> Limit | None:
        if text is None or isinstance(text, cls):
            return text
        match = re.fullmatch(r"([1-9][0-9]{0,8})/([smh])", text.strip()) if isinstance(text, str) else None
        if match is None:
            raise ValueError("is not a limit; write requests per second, minute or hour, for example 600/m")
        return cls(int(match[1]), {"s": 1, "m": 60, "h": 3600}[match[2]])


@dataclass(slots=True)
class Bucket:
    """A token bucket: the requests a limited source has left, and when they were counted. A full bucket may be spent at once."""

    limit: Limit
    left: float
    counted_at: datetime

    def take(self, at: datetime) -> int:
        """Take one request. Returns 0, or the whole seconds until there is one again. Setting the clock back changes nothing."""
        rate = self.limit.count / self.limit.seconds
        passed = max(0.0, (at - self.counted_at).total_seconds())
        self.left, self.counted_at = min(float(self.limit.count), self.left + passed * rate), at
        if self.left < 1:
            return max(1, math.ceil((1 - self.left) / rate))
        self.left -= 1
        return 0
