"""How far survey tools that we poll have been read. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update

from storage import models
from storage.prepared import AnyRow
from storage.statements import upsert

reading = models.Reading.__table__

_begin = upsert(reading, ["key"])


def begin(tx: Connection, key: str, source: str, cursor: str, next_s: float) -> None:
    """Start to read a tool from this cursor; does nothing if the reading exists."""
    row = {"key": key, "source": source, "cursor": cursor, "next_s": next_s}
    tx.execute(_begin[tx.dialect.name], row | {"lease_s": 0, "fence": 0, "failures": 0, "reason": "", "read_s": 0})


def forget_others(tx: Connection, source: str, keys: Collection[str]) -> int:
    """Delete the readings of a source but these: another kind of tool had its name. Returns how many."""
    return tx.execute(delete(reading).where(reading.c.source == source, reading.c.key.not_in(keys))).rowcount


def failing(tx: Connection, failures: int) -> Sequence[AnyRow]:
    """Those that failed so often in a row, by name."""
    return tx.execute(select(reading).where(reading.c.failures >= failures).order_by(reading.c.key)).all()


def lease(tx: Connection, keys: Collection[str], now_s: float, until_s: float) -> AnyRow | None:
    """Lease the reading that has been due longest and that nobody else holds, until `until_s`. Returns None if there is none."""
    due = (reading.c.key.in_(keys), reading.c.next_s <= now_s, reading.c.lease_s <= now_s)
    found = tx.execute(
        select(reading.c.key).where(*due).order_by(reading.c.next_s).limit(1).with_for_update(skip_locked=True)
    ).scalar()
    if found is None:
        return None
    tx.execute(update(reading).where(reading.c.key == found).values(lease_s=until_s, fence=reading.c.fence + 1))
    return tx.execute(select(reading).where(reading.c.key == found)).one()


def let_go(tx: Connection, keys: Collection[str]) -> None:
    """End the leases of these readings; for callers that know the holder is gone."""
    tx.execute(update(reading).where(reading.c.key.in_(keys)).values(lease_s=0))


def move(tx: Connection, key: str, fence: int, changes: Mapping[str, Any]) -> bool:
    """Store how far we came. Returns False if somebody else has leased it since."""
    ours = update(reading).where(reading.c.key == key, reading.c.fence == fence)
    return tx.execute(ours.values(**changes)).rowcount == 1


def next_due(tx: Connection, keys: Collection[str]) -> float | None:
    """Returns when the next of these readings is due and free, in real seconds; None if there are none."""
    at = case((reading.c.next_s > reading.c.lease_s, reading.c.next_s), else_=reading.c.lease_s)
    soonest: float | None = tx.execute(select(func.min(at)).where(reading.c.key.in_(keys))).scalar_one()
    return soonest


def every(tx: Connection) -> Sequence[AnyRow]:
    """Returns all readings, for ops."""
    return tx.execute(select(reading).order_by(reading.c.key)).all()
