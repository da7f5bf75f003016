"""A copy of a SQLite database while others write to it: one moment of it, whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

PAGES = 2048
"""Copied at a time; between two steps whoever watches is told."""


class Nothing(Exception):
    """There is a file, and Action Hero remembers nothing in it."""


def copy(source: Path, target: Path, watch: Callable[[int, int], None]) -> None:
    """Copy all that was committed before the call. `watch` is told how many pages are left, and of how many.

    The copy is checked and on the disk before it gets its name. Raises sqlite3.Error, OSError, Nothing, and FileExistsError before
    anything is written.
    """
    if target.exists():
        raise FileExistsError(target)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(0o600)
    try:
        # Read-only by query_only and not by mode=ro: a log without its index, as a killed bot leaves it, needs writing to be read.
        with closing(sqlite3.connect(source, isolation_level=None, timeout=10)) as there, closing(sqlite3.connect(part)) as here:
            there.execute("PRAGMA query_only=ON")
            there.execute("PRAGMA wal_autocheckpoint=0")
            there.execute("BEGIN")
            [ours] = there.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            if not ours:  # from that look on this is the moment that is copied
                raise Nothing
            there.backup(here, pages=PAGES, progress=lambda _status, left, all_of_them: watch(left, all_of_them))
            here.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            found = here.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(f"the copy is not sound: {found}")
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
