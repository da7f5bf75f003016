"""Random numbers that are reproducible for a seed on every machine. Each draw is named, so their order does not matter."""

from __future__ import annotations

import math
from hashlib import sha256
from statistics import NormalDist

_STEPS = 1 << 53
_NORMAL = NormalDist()


def draw(*about: object) -> float:
    """Returns a number in [0, 1) that depends on the arguments only."""
    digest = sha256(":".join(map(str, about)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / _STEPS


def minutes(half: float, spread: float, *about: object) -> int:
    """Returns whole minutes, at least 1, log-normally distributed around the median `half`."""
    return max(1, round(half * math.exp(spread * _NORMAL.inv_cdf(max(draw(*about), 1 / _STEPS)))))
