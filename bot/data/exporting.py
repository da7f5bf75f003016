"""`hero export`: writes stored data as CSV for a spreadsheet or JSON Lines for a program."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.data.cells import cell
from bot.progress import progress
from bot.refusals import Mistaken
from handlers.calendar.wall_clock import instant
from storage import exports
from storage.database import Store
from storage.prepared import AnyRow
from storage.whole_file import becoming

KINDS = tuple(exports.KINDS)
AT_ONCE = 1000


def moment(said: str, zone: Callable[[], ZoneInfo], now: datetime) -> datetime:
    """Returns the beginning of a day in that zone (`2026-11-01`), or a time that says its own zone. Raises Mistaken for any other
    text, and for a time to come."""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII):
            at: datetime | None = instant(zone(), date.fromisoformat(said).toordinal(), timedelta())
        else:
            given = datetime.fromisoformat(said)
            at = given.astimezone(UTC) if given.tzinfo else None
    except (ValueError, OverflowError):
        at = None
    if at is None:
        example = "2026-11-01 or 2026-11-01T02:00:00+01:00"
        raise Mistaken(f"{said!r} is neither a day nor a time with its zone; write for example {example}.")
    if at > now:
        raise Mistaken(f"{said!r} is still to come; name a day or a time that has begun.")
    return at


def written(store: Store, kind: str, format: str, out: TextIO, since: datetime | None = None) -> int:
    """Write the rows of a kind to `out`, a batch at a time: all, or what came or changed since then. Returns the number of rows."""
    names, number = exports.columns(kind), 0
    write = FORMATS[format](names, out)
    with progress("Exporting", store.read_sync(exports.last, kind)) as went_on:
        for passed, rows in _pages(store, kind, since):
            for row in rows:
                write(row[1:])
            number += len(rows)
            went_on(passed)
    out.flush()
    return number


def written_whole(store: Store, kind: str, format: str, target: Path, since: datetime | None = None) -> int:
    """Like `written`, to a file that gets its name only once it is whole, and that nobody else may read: it holds customers'
    comments and addresses. Raises FileExistsError before anything is written, and OSError."""
    with becoming(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        return written(store, kind, format, file, since)


def _pages(store: Store, kind: str, since: datetime | None) -> Iterator[tuple[int, Sequence[AnyRow]]]:
    """Yields page by page how much further it is, gaps included, and the rows."""
    at = 0
    while True:
        until, rows = store.read_sync(exports.after, kind, at, AT_ONCE, since)
        if until is None:
            return
        yield until - at, rows
        at = until


def _csv(names: Sequence[str], out: TextIO) -> Callable[[Sequence[Any]], None]:
    writer = csv.writer(out, lineterminator="\r\n")  # Python quotes a lone \r only if it is part of the line terminator
    writer.writerow(names)
    return lambda values: writer.writerow([cell(value) for value in values])


def _jsonl(names: Sequence[str], out: TextIO) -> Callable[[Sequence[Any]], None]:
    def write(values: Sequence[Any]) -> None:
        out.write(json.dumps(dict(zip(names, values, strict=True)), default=_plainly, ensure_ascii=False) + "\n")

    return write


def _plainly(value: datetime) -> str:
    return value.isoformat()


FORMATS = {"csv": _csv, "jsonl": _jsonl}
