"""Lets each look for a post fail alone: one team's trouble keeps no other team's posts back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from storage.units import savepoint

T = TypeVar("T")
Failed = Callable[[str, Exception], None]
"""Is told whose look failed, as in `team:oak-street` or `leader:17`, and of what."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Does each look in a savepoint of its own, and tells `failed` of those that fail. Without `failed` they are done as they are,
    and the first that fails ends them all: savepoints would cost as much as the looks."""

    tx: Connection
    failed: Failed | None = None

    def __call__(self, whose: str, do: Callable[[], T]) -> T | None:
        """Returns what `do` returns; None if it failed and was rolled back. Trouble of the database is nobody's own, and raised."""
        if self.failed is None:
            return do()
        try:
            with savepoint(self.tx):
                return do()
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - told
            self.failed(whose, error)
            return None
