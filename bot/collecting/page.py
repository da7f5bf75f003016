"""What the entries of a page say, and which of them are kept as they came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.listening import Ignored
from bot.sources import LoadedSource
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import Entry
from handlers.feedback import FieldError

MOST_SEEN = 20_000


def read(loaded: LoadedSource, entries: Sequence[Any], at: datetime) -> tuple[list[Arrival], list[Entry]]:
    """Returns what the entries say, and those to be kept: what could not be read, and all of a source with `keep`."""
    arrivals, kept = list[Arrival](), list[Entry]()
    for entry in entries:
        row = {"source": loaded.name, "body": json.dumps(entry, sort_keys=True), "received_at": at, "rejected": False, "reason": ""}
        try:
            said = loaded.parse(entry)
        except Ignored:
            said = ()
        except FieldError as error:
            kept.append(Entry(row | {"rejected": True, "reason": f"{error.field} {error.why}"}, field=error.field))
            continue
        arrivals += [Arrival(loaded.name, piece, at) for piece in said]
        if loaded.options.keep:
            kept.append(Entry(row, said))
    return arrivals, kept


class Seen:
    """Digests of the entries last offered for keeping: a tool returns the same entries again and again, and this spares the
    database from looking each of them up among all that it keeps."""

    def __init__(self) -> None:
        self._digests: dict[bytes, None] = {}

    def new(self, entries: Sequence[Entry]) -> list[Entry]:
        return [each for each in entries if _digest(each) not in self._digests]

    def remember(self, entries: Sequence[Entry]) -> None:
        self._digests |= dict.fromkeys(map(_digest, entries))
        while len(self._digests) > MOST_SEEN:
            del self._digests[next(iter(self._digests))]


def _digest(entry: Entry) -> bytes:
    return hashlib.blake2b(f"{entry.row['source']}\0{entry.row['body']}".encode(), digest_size=16).digest()
