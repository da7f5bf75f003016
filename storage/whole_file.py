"""Writes a file that gets its name only once it is complete, and that nobody else may read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def becoming(target: Path) -> Iterator[Path]:
    """Yields where to write. At the end it is synced to disk and gets its name; if anything is raised, nothing of it stays. Raises
    FileExistsError, mostly before anything is written, and OSError."""
    if target.exists():
        raise FileExistsError(target)
    handle, name = tempfile.mkstemp(".part", f"{target.name}.", target.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _to_the_disk(part)
        _give_name(part, target)
        _to_the_disk(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _give_name(part: Path, target: Path) -> None:
    """Give the file its name without ever overwriting another, as a rename would. Raises FileExistsError and OSError."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # there are file systems without links, as on many memory sticks
        target.touch(0o600, exist_ok=False)  # takes the name, so that what is overwritten is ours
        part.replace(target)


def _to_the_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
