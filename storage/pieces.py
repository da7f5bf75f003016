"""Cuts what is too long for one statement or one unit of work into pieces, and puts rows together that belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from storage.prepared import AnyRow

T = TypeVar("T")


def pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yields the values in their order, at most `size` at once."""
    return (values[n : n + size] for n in range(0, len(values), size))


def grouped(rows: Iterable[AnyRow], name: str) -> dict[Any, list[AnyRow]]:
    """Returns the rows by their value in that column, in their order."""
    found: dict[Any, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found
