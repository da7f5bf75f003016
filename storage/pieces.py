"""Cuts what is too long for one statement or one unit of work into pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yields the values in their order, at most `size` at once."""
    return (values[n : n + size] for n in range(0, len(values), size))
