"""Progress bars of long commands, on stderr if that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer

T = TypeVar("T")


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Shows a progress bar on stderr if that is a terminal. The caller passes the increments."""
    with typer.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield bar.update


def watched(label: str, items: Iterable[T], length: int) -> Iterator[T]:
    """Yields the items, with a progress bar."""
    with progress(label, length) as went_on:
        for item in items:
            yield item
            went_on(1)
