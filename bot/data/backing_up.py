"""`hero backup`: copies the database while the bot runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.progress import progress
from bot.refusals import Mistaken
from storage import backup
from storage.address import read, shown
from storage.sqlite_file import is_there


def back_up(database: str, target: Path) -> str:
    """Copy the database to `target`. Returns a sentence that says what was done. Raises Mistaken."""
    address = read(database)
    if address.get_backend_name() != "sqlite":
        raise Mistaken(
            f"{shown(address)} is PostgreSQL, which has a tool of its own: pg_dump --format=custom --file={target} DATABASE"
        )
    source = Path(address.database or "")
    if not is_there(str(source)):
        raise Mistaken(f"there is no database at {source}, so there is nothing to copy.")
    if not target.parent.is_dir():
        raise Mistaken(f"there is no folder {target.parent} for the copy. Make it first, or name another file.")
    copied = 0
    try:
        with progress("Copying", 100) as went_on:

            def watch(left: int, pages: int) -> None:
                nonlocal copied
                now = 100 - left * 100 // max(1, pages)
                went_on(now - copied)
                copied = now

            backup.copy(source, target, watch)
    except FileExistsError:
        raise Mistaken(f"{target} is there already, and is left as it is; name another file.") from None
    except backup.Nothing:
        raise Mistaken(f"nothing is in the database {source} yet, so there is nothing to copy. hero serve fills it.") from None
    except (OSError, sqlite3.Error) as error:
        raise Mistaken(
            f"the copy could not be made ({error}), and nothing is left of it. Is there room, and may this be written?"
        ) from error
    size = target.stat().st_size / 1024 / 1024
    return f"Copied to {target} ({size:.1f} MiB), checked and whole. To restore it: docs/data.md."
