"""The file of a SQLite database, before it is opened: whether it can be one of ours, and that only one process serves from it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import IO

SQLITE = b"SQLite format 3\0"
"""What every SQLite file begins with, once something is in it."""


class Occupied(Exception):
    """Another process already serves from this SQLite file."""


class Unusable(Exception):
    """No database of ours can be where the address says; the text says why, and what to do. Nothing was changed."""


def check(path: str) -> None:
    """Raise Unusable for what SQLite would call only "unable to open database file"."""
    file = Path(path)
    if path in ("", ":memory:"):
        raise Unusable("a database in memory would forget every promise. Name a file, as in sqlite:///action-hero.db.")
    if not file.resolve().parent.is_dir():
        raise Unusable(f"there is no folder {file.parent} for the database {file.name}. Make it first, or name another file.")
    if file.is_dir():
        raise Unusable(f"{path} is a folder, and the database is a file. Name one in it, as in sqlite:///{path}/action-hero.db.")
    try:
        begins = b"" if not file.exists() else _beginning(file)
    except OSError as error:
        raise Unusable(
            f"the database {path} cannot be read ({error.strerror}). Give this user the right to, or name another."
        ) from None
    if begins and begins != SQLITE:
        raise Unusable(f"{path} is there, but it is no SQLite database. It was left as it is; name another file.")


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(len(SQLITE))


def make_private(path: str) -> None:
    """Make the file that SQLite is about to open, so that only its owner may read what customers said.

    One that is there stays as it is. SQLite gives its log, and the index of the log, the rights of the file.
    """
    with suppress(OSError):  # why it cannot be opened either is told by whoever opens it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def lock(path: str) -> IO[str]:
    """Hold `path`.lock for as long as we live; the kernel lets go of it when the process dies, however it dies. It is as private
    as the database: whoever may read a file can hold its lock, too, and keep us from starting."""
    try:
        import fcntl
    except ImportError:  # Windows
        return Path(os.devnull).open()
    try:
        file = open(f"{Path(path).resolve()}.lock", "a+", encoding="utf-8", opener=_private)  # noqa: SIM115
    except OSError as error:
        why = f"the bot may not write beside the database {path} ({error.strerror})"
        raise Unusable(f"{why}. Give this user the right to write in that folder, or name another file.") from None
    with suppress(OSError):  # no database yet, or a lock that is not ours to change
        os.fchmod(file.fileno(), S_IMODE(Path(path).stat().st_mode))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Occupied(
            f"another process already serves from {path}. Two on one SQLite file would lose promises. "
            "Stop the other one first, or move to PostgreSQL to run several."
        ) from None
    return file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
