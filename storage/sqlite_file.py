"""Checks the file of a SQLite database before it is opened, and lets only one process serve from it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import IO

SQLITE = b"SQLite format 3\0"
"""The first bytes of every SQLite file that is not empty."""


class Occupied(Exception):
    """Another process already serves from this SQLite file."""


READABLE = "Give this user the right to read it, run the command as the bot's user, for example with sudo, or name another file."
"""What to do about a file that this user may not read."""


class Unusable(Exception):
    """The URL cannot be that of a database of ours; the text says why, and what to do. Nothing was changed."""


def is_there(path: str) -> bool:
    """Returns whether there is anything at `path`. Raises Unusable if this user may not look."""
    try:
        Path(path).stat()
    except PermissionError as error:
        raise _unreadable(path, error) from None
    except OSError:
        return False
    return True


def check(path: str) -> None:
    """Raise Unusable, with the reason, where SQLite would only say "unable to open database file"."""
    there, file = is_there(path), Path(path)
    if not file.resolve().parent.is_dir():
        raise Unusable(f"there is no folder {file.parent} for the database {file.name}. Make it first, or name another file.")
    if file.is_dir():
        raise Unusable(f"{path} is a folder, and the database is a file. Name one in it, as in sqlite:///{path}/action-hero.db.")
    try:
        begins = _beginning(file) if there else b""
    except OSError as error:
        raise _unreadable(path, error) from None
    if begins and begins != SQLITE:
        raise Unusable(f"{path} is there, but it is no SQLite database. It was left as it is; name another file.")


def _unreadable(path: str, error: OSError) -> Unusable:
    return Unusable(f"the database {path} cannot be read ({error.strerror}). {READABLE}")


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(len(SQLITE))


def make_private(path: str) -> None:
    """Create the file that SQLite is about to open, readable by its owner only: it holds what customers said.

    An existing file stays as it is. SQLite gives the WAL and its index the same permissions as the file.
    """
    with suppress(OSError):  # if the file cannot be opened either, whoever opens it says why
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def lock(path: str) -> IO[str]:
    """Hold a lock on `path`.lock for as long as this process lives; the kernel releases it however the process dies. The lock file
    has the permissions of the database: whoever may read it could hold the lock, and keep us from starting.

    Returns the open file. Raises Occupied or Unusable.
    """
    if Path(path).exists() and not os.access(path, os.W_OK):
        raise Unusable(f"the bot may not write the database {path}. Give this user the right to write it, or name another file.")
    try:
        import fcntl
    except ImportError:  # Windows
        return Path(os.devnull).open()
    try:
        file = open(f"{Path(path).resolve()}.lock", "a+", encoding="utf-8", opener=_private)  # noqa: SIM115
    except OSError as error:
        why = f"the bot may not write beside the database {path} ({error.strerror})"
        raise Unusable(f"{why}. Give this user the right to write in that folder, or name another file.") from None
    with suppress(OSError):  # there is no database yet, or the lock file is not ours to change
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


def is_locked(path: str) -> bool | None:
    """Whether some process holds the lock of the database at `path`; None where that cannot be told. Makes no file."""
    try:
        import fcntl

        with Path(f"{Path(path).resolve()}.lock").open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # given back as the file is closed, at once
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except (ImportError, OSError):  # Windows; or the file is somebody else's
        return None
    return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
