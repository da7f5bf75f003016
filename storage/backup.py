"""Copies a SQLite database while others write to it, as one consistent snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage.whole_file import becoming

PAGES = 2048
"""Pages copied per step; progress is reported between two steps."""


class Nothing(Exception):
    """The file exists, but it holds no database of Action Hero."""


def copy(source: Path, target: Path, watch: Callable[[int, int], None]) -> None:
    """Copy everything that was committed before the call. `watch` is given the number of pages left and the total.

    The copy is checked and synced to disk before it gets its final name. Raises FileExistsError before anything is written, and
    Nothing, sqlite3.Error and OSError.
    """
    with (
        becoming(target) as part,
        # query_only instead of mode=ro: reading a WAL without its index, as a killed bot leaves it, needs write access.
        closing(sqlite3.connect(source, isolation_level=None, timeout=10)) as there,
        closing(sqlite3.connect(part)) as here,
    ):
        there.execute("PRAGMA query_only=ON")
        there.execute("PRAGMA wal_autocheckpoint=0")
        there.execute("BEGIN")
        [ours] = there.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        if not ours:  # this read fixes the snapshot that is copied
            raise Nothing
        there.backup(here, pages=PAGES, progress=lambda _status, left, all_of_them: watch(left, all_of_them))
        here.execute("PRAGMA journal_mode=DELETE")  # one file, without a WAL beside it
        found = here.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {found}")
