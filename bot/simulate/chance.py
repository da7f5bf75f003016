"""Chance that is the same for a seed on every machine: each draw is named, so it does not matter in which order they are made."""

from __future__ import annotations

import math
from hashlib import sha256
from statistics import NormalDist

_STEPS = 1 << 53
_NORMAL = NormalDist()


def draw(*about: object) -> float:
    """A number from 0 up to 1, always the same for the same words."""
    digest = sha256(":".join(map(str, about)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / _STEPS


def minutes(half: float, spread: float, *about: object) -> int:
    """Whole minutes, at least one; half of all draws are above `half`, a few far above."""
    return max(1, round(half * math.exp(spread * _NORMAL.inv_cdf(max(draw(*about), 1 / _STEPS)))))
