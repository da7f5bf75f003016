"""Payloads that are kept for some days, unchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from storage import models
from storage.prepared import AnyRow

payload = models.Payload.__table__  # type: ignore[attr-defined]


def keep(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep payloads unchanged. Each row has `source`, `body`, `received_at`, `rejected` and `reason`."""
    if rows:
        tx.execute(insert(payload), list(rows))


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


def forget_naming(tx: Connection, words: Collection[str]) -> int:
    """Delete the payloads that contain one of these words, in upper or lower case. Returns how many."""
    gone = 0
    for word in words:
        gone += tx.execute(delete(payload).where(payload.c.body.icontains(word, autoescape=True))).rowcount
    return gone
