"""`hero move`: copies a SQLite database to PostgreSQL, or back, and reports progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from bot.refusals import Mistaken, unfinished
from storage.address import NoAddress, read, shown
from storage.bell import is_at_work
from storage.database import Store
from storage.move import move
from storage.sqlite_file import Occupied, is_there

Say = Callable[[str, bool], None]
"""Called with a line of progress and whether that line is complete."""
FAILED = "one of the two databases failed"
AGAIN = "What was copied by then stays; once that is mended, run the same command again"


def moved(source: str, target: str, say: Say) -> str:
    """Copy everything. Returns what was done and what to do next. Raises Mistaken, Unfinished, or Unfit or Occupied."""
    if source == target:
        raise Mistaken("these two are the same database, so there is nothing to move.")
    with closing(_opened(source, "FROM")) as here, closing(_opened(target, "TO")) as there:
        _refuse_served(here, there)
        with unfinished(FAILED, AGAIN):
            counts = move(here, there, _Line(say))
        _refuse_served(here, there)  # whoever was started meanwhile may have written since the copy was compared
        address = shown(_from_anywhere(there.url))
    rows = f"{sum(counts.values())} rows in {len(counts)} tables"
    return f"Moved {rows}; their number and contents agree.\nNow write `database: {address}` in app.yaml and start the bot."


def _from_anywhere(url: URL) -> URL:
    """Returns the address with the whole path of the file: app.yaml reads a relative one from its own folder."""
    return url.set(database=str(Path(url.database or "").absolute())) if url.get_backend_name() == "sqlite" else url


class _Line:
    """Reports progress: one line for each table, updated in place on a terminal."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def __call__(self, table: str, done: int, total: int) -> None:
        ended = done >= total
        if sys.stderr.isatty():
            self._say(f"\r{table}: {done} of {total}", ended)
        elif ended:
            self._say(f"{table}: {done} of {total}", True)


def _opened(url: str, which: str) -> Store:
    """Open the database; a file for this process alone, see `_refuse_served`. The one to leave must exist."""
    try:
        address = read(url)
    except NoAddress as error:
        raise Mistaken(f"{which}: {error}") from None
    if which == "FROM" and address.get_backend_name() == "sqlite" and not is_there(address.database or ""):
        raise Mistaken(f"there is no database {address.database}, so there is nothing to move.")
    return Store(url, alone=address.get_backend_name() == "sqlite")  # on PostgreSQL such a one counts as at work


def _refuse_served(*stores: Store) -> None:
    """Raise Occupied if a bot serves from one: what that writes meanwhile would be lost, or posted from half a copy."""
    for store in stores:
        if not store.sqlite and store.read_sync(is_at_work):
            raise Occupied(
                f"a bot serves from {shown(store.url)}, and what it does meanwhile could be lost. "
                "Stop it, with all its replicas, then run the same command again."
            )
