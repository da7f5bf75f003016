"""A page of a tool: the cursor from which it is read, what its entries say, and which of them are kept as they came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.doors import entries
from bot.latest import Latest
from bot.sources import LoadedSource
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import KeptPayload
from handlers.feedback import FieldError

MOST_SEEN = 20_000


def fitting(cursor: str, begin: str) -> str:
    """Returns the stored cursor, or `begin` if the cursor does not have its form: then a source of another kind had the same name
    before, and it means nothing."""
    found, usual = _object(cursor), _object(begin)
    return cursor if (found is None) == (usual is None) and (usual or {}).keys() <= (found or {}).keys() else begin


def read(loaded: LoadedSource, page: Sequence[Any], at: datetime) -> tuple[list[Arrival], list[KeptPayload]]:
    """Returns what the entries of a page say, and those to be kept: what could not be read, and all of a source with `keep`."""
    arrivals, kept = list[Arrival](), list[KeptPayload]()
    for entry in page:
        payload = KeptPayload(loaded.name, json.dumps(entry, sort_keys=True), at, entries.read(loaded.parse, entry))
        arrivals += [Arrival(loaded.name, piece, at) for piece in payload.said]
        if loaded.options.keep or isinstance(payload.read, FieldError):
            kept.append(payload)
    return arrivals, kept


class Seen:
    """Digests of the entries last offered for keeping: a tool returns the same entries again and again, and this spares the
    database from looking each of them up among all that it keeps."""

    def __init__(self) -> None:
        self._digests = Latest[bytes, None](MOST_SEEN)

    def new(self, offered: Sequence[KeptPayload]) -> list[KeptPayload]:
        return [each for each in offered if _digest(each) not in self._digests]

    def remember(self, offered: Sequence[KeptPayload]) -> None:
        self._digests.update(dict.fromkeys(map(_digest, offered)))


def _digest(entry: KeptPayload) -> bytes:
    return hashlib.blake2b(f"{entry.source}\0{entry.body}".encode(), digest_size=16).digest()


def _object(cursor: str) -> dict[str, Any] | None:
    try:
        found = json.loads(cursor)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
