"""What a bot did that its platform would not have taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rejection:
    """A call or answer of the bot that the platform would refuse, split, truncate or silently drop, with all that is wrong with it."""

    method: str
    error: str
    detail: Sequence[str]
    args: Any = field(repr=False)

    def __str__(self) -> str:
        return "\n  ".join([f"{self.method}: {self.error}", *self.detail])


@dataclass(frozen=True)
class Violation:
    """A call that came before the platform allowed it. `early` is in real seconds."""

    method: str
    key: str
    at: float
    early: float
