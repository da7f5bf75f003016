"""Payloads that are kept for some days, unchanged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from storage import models, storable
from storage.prepared import AnyRow

AT_ONCE = 100

payload = models.Payload.__table__  # type: ignore[attr-defined]


def keep(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep payloads, without what no database can store. Each row has `source`, `body`, `received_at`, `rejected` and `reason`."""
    if rows:
        tx.execute(insert(payload), [storable.value(row) for row in rows])


def kept(tx: Connection, source: str, after: int, limit: int) -> Sequence[AnyRow]:
    """Returns the payloads of a source whose id is above `after`, in the order they came."""
    ours = select(payload).where(payload.c.source == source, payload.c.id > after)
    return tx.execute(ours.order_by(payload.c.id).limit(limit)).all()


def unread(tx: Connection, source: str) -> int:
    """Returns how many payloads of a source are kept because they could not be read."""
    return tx.execute(select(func.count()).where(payload.c.source == source, payload.c.rejected)).scalar_one()


def read_well(tx: Connection, payload_id: int, *, keep: bool) -> None:
    """Note that a rejected payload could be read now. With `keep` it is kept like any other, else deleted."""
    if keep:
        tx.execute(update(payload).where(payload.c.id == payload_id).values(rejected=False, reason=""))
    else:
        tx.execute(delete(payload).where(payload.c.id == payload_id))


def forget(tx: Connection, source: str, before: datetime) -> int:
    """Delete what a source sent before then. Returns how many."""
    return tx.execute(delete(payload).where(payload.c.source == source, payload.c.received_at < before)).rowcount


def forget_others(tx: Connection, sources: Collection[str], before: datetime) -> int:
    """Delete what came from any other source before then. Returns how many."""
    return tx.execute(delete(payload).where(payload.c.source.not_in(sources), payload.c.received_at < before)).rowcount


def containing(tx: Connection, words: Sequence[Collection[str]]) -> Iterator[AnyRow]:
    """Yields id and body of the payloads that contain one word of each collection, in upper or lower case."""
    each = (or_(*(payload.c.body.icontains(way, autoescape=True) for way in ways)) for ways in words)
    yield from tx.execute(select(payload.c.id, payload.c.body).where(*each).order_by(payload.c.id)).yield_per(AT_ONCE)


def delete_these(tx: Connection, ids: Collection[int]) -> int:
    """Delete these payloads. Returns how many."""
    gone, listed = 0, sorted(ids)
    for n in range(0, len(listed), AT_ONCE):
        gone += tx.execute(delete(payload).where(payload.c.id.in_(listed[n : n + AT_ONCE]))).rowcount
    return gone
