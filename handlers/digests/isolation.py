"""Isolates failures while posts are made: one team's error does not keep other teams' posts back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from storage.units import savepoint

T = TypeVar("T")
Failed = Callable[[str, Exception], None]
"""Called with whose part failed, such as `team:oak-street` or `leader:17`, and the error."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Makes each post in a savepoint of its own, and passes errors to `failed`. Without `failed` there are no savepoints, which
    would cost as much as the work in them, and the first error ends everything."""

    tx: Connection
    failed: Failed | None = None

    def __call__(self, whose: str, do: Callable[[], T]) -> T | None:
        """Returns what `do` returns; None if it failed and was rolled back. Errors of the database itself are nobody's own, and
        raised."""
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
