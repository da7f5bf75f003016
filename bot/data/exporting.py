"""`hero export`: writes stored data as CSV for a spreadsheet or JSON Lines for a program."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from bot.data.cells import cell
from bot.progress import watched
from storage import exports
from storage.database import Store
from storage.prepared import AnyRow
from storage.whole_file import becoming

KINDS = tuple(exports.KINDS)
AT_ONCE = 1000


def written(store: Store, kind: str, format: str, out: TextIO) -> int:
    """Write all rows of a kind to `out`, a batch at a time. Returns the number of rows."""
    names, number = exports.columns(kind), 0
    write = FORMATS[format](names, out)
    for row in watched("Exporting", _rows(store, kind), store.read_sync(exports.number, kind)):
        write(row[1:])
        number += 1
    out.flush()
    return number


def written_whole(store: Store, kind: str, format: str, target: Path) -> int:
    """Like `written`, to a file that gets its name only once it is whole, and that nobody else may read: it holds customers'
    comments and addresses. Raises FileExistsError before anything is written, and OSError."""
    with becoming(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        return written(store, kind, format, file)


def _rows(store: Store, kind: str) -> Iterator[AnyRow]:
    at = 0
    while rows := store.read_sync(exports.after, kind, at, AT_ONCE):
        yield from rows
        at = rows[-1].at_id


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
