"""Writes a file that has its name only once it is whole, and that nobody else may read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def becoming(target: Path) -> Iterator[Path]:
    """Yields where to write. At the end it is synced to disk and gets its name; if anything is raised, nothing of it stays. Raises
    FileExistsError before anything is written, and OSError."""
    if target.exists():
        raise FileExistsError(target)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(0o600)
    try:
        yield part
        _to_the_disk(part)
        part.rename(target)
        _to_the_disk(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _to_the_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
