"""Payloads that are kept for some days, unchanged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from storage import models, storable
from storage.pieces import pieces
from storage.prepared import AnyRow
from storage.statements import Search, finds

AT_ONCE = 100

payload = models.Payload.__table__


def keep(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep payloads, without what no database can store. Each row has `source`, `body`, `received_at`, `rejected` and `reason`."""
    if rows:
        tx.execute(insert(payload), [storable.value(row) for row in rows])


def among(tx: Connection, source: str, bodies: Collection[str]) -> frozenset[str]:
    """Returns those of these bodies that are kept of a source just as they are."""
    found = set[str]()
    for these in pieces(list(bodies), AT_ONCE):
        same = select(payload.c.body).where(payload.c.source == source, payload.c.body.in_(these))
        found.update(tx.execute(same).scalars())
    return frozenset(found)


def kept(tx: Connection, source: str, after: int, limit: int) -> Sequence[AnyRow]:
    """Returns the payloads of a source whose id is above `after`, in the order they came."""
    ours = select(payload).where(payload.c.source == source, payload.c.id > after)
    return tx.execute(ours.order_by(payload.c.id).limit(limit)).all()


def unread(tx: Connection, source: str) -> int:
    """Returns how many payloads of a source are kept because they could not be read."""
    return tx.execute(select(func.count()).where(payload.c.source == source, payload.c.rejected)).scalar_one()


def unread_since(tx: Connection, since: datetime) -> Sequence[AnyRow]:
    """Returns how many payloads that came since then could not be read, by source."""
    came = (payload.c.received_at >= since, payload.c.rejected)
    each = select(payload.c.source, func.count().label("number")).where(*came)
    return tx.execute(each.group_by(payload.c.source).order_by(payload.c.source)).all()


def read_well(tx: Connection, payload_id: int, *, keep: bool) -> None:
    """Note that a rejected payload could be read now. With `keep` it is kept like any other, else deleted."""
    if keep:
        tx.execute(update(payload).where(payload.c.id == payload_id).values(rejected=False, reason=""))
    else:
        tx.execute(delete(payload).where(payload.c.id == payload_id))


def forget(tx: Connection, source: str, before: datetime, unread_before: datetime) -> int:
    """Delete what came from a source before then, and what of it could not be read before another moment. Returns how many."""
    read = and_(payload.c.rejected.is_(False), payload.c.received_at < before)
    late = or_(read, and_(payload.c.rejected, payload.c.received_at < unread_before))
    return tx.execute(delete(payload).where(payload.c.source == source, late)).rowcount


def forget_others(tx: Connection, sources: Collection[str], before: datetime) -> int:
    """Delete what came from any other source before then. Returns how many."""
    return tx.execute(delete(payload).where(payload.c.source.not_in(sources), payload.c.received_at < before)).rowcount


def newest(tx: Connection) -> int:
    """Returns the highest id of all payloads; 0 if there are none."""
    highest: int = tx.execute(select(func.coalesce(func.max(payload.c.id), 0))).scalar_one()
    return highest


def containing(tx: Connection, searches: Sequence[Search], above: int = 0) -> Iterator[AnyRow]:
    """Yields id, source and body of the payloads whose id is above that one and which any of these searches finds."""
    # OFFSET 0 keeps each body from being read and put in lower case once for every word.
    text = select(payload.c.id, payload.c.source, payload.c.body, func.lower(payload.c.body).label("low")).where(
        payload.c.id > above
    )
    each = text.offset(0).subquery()
    for these in pieces(searches, AT_ONCE):
        found = finds(each.c.low, these)
        yield from tx.execute(select(each.c.id, each.c.source, each.c.body).where(found)).yield_per(AT_ONCE)


def delete_these(tx: Connection, ids: Collection[int]) -> int:
    """Delete these payloads. Returns how many."""
    return sum(tx.execute(delete(payload).where(payload.c.id.in_(these))).rowcount for these in pieces(sorted(ids), AT_ONCE))
