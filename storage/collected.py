"""How far tools were read, what they only named, and payloads that are kept for some days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, select, update

from storage import models
from storage.database import upsert
from storage.prepared import AnyRow

reading = models.Reading.__table__  # type: ignore[attr-defined]
errand = models.Errand.__table__  # type: ignore[attr-defined]
payload = models.Payload.__table__  # type: ignore[attr-defined]

_begin = upsert(reading, ["key"])
# One that waits keeps its time: it is being fetched and will be anew, or the tool asked us to wait.
_name = upsert(
    errand,
    ["source", "reference"],
    lambda new: (
        {"wanted": errand.c.wanted + 1, "state": "waiting", "attempts": 0}
        | {"next_s": case((and_(errand.c.state == "waiting", errand.c.next_s > new.next_s), errand.c.next_s), else_=new.next_s)}
    ),
)


def begin(tx: Connection, key: str, source: str, cursor: str, next_s: float) -> None:
    """Start to read a tool from there; nothing happens where we have begun already."""
    row = {"key": key, "source": source, "cursor": cursor, "next_s": next_s}
    tx.execute(_begin[tx.dialect.name], row | {"lease_s": 0, "fence": 0, "failures": 0, "reason": "", "read_s": 0})


def lease(tx: Connection, keys: Collection[str], now_s: float, until_s: float) -> AnyRow | None:
    """The reading that is due the longest and that nobody is at, ours until then; None when there is none."""
    due = (reading.c.key.in_(keys), reading.c.next_s <= now_s, reading.c.lease_s <= now_s)
    found = tx.execute(
        select(reading.c.key).where(*due).order_by(reading.c.next_s).limit(1).with_for_update(skip_locked=True)
    ).scalar()
    if found is None:
        return None
    tx.execute(update(reading).where(reading.c.key == found).values(lease_s=until_s, fence=reading.c.fence + 1))
    return tx.execute(select(reading).where(reading.c.key == found)).one()


def let_go(tx: Connection, keys: Collection[str]) -> None:
    """End the leases of these readings: for whoever knows that their holder is gone."""
    tx.execute(update(reading).where(reading.c.key.in_(keys)).values(lease_s=0))


def move(tx: Connection, key: str, fence: int, changes: Mapping[str, Any]) -> bool:
    """Note how far we came; False when somebody else has leased it since."""
    ours = update(reading).where(reading.c.key == key, reading.c.fence == fence)
    return tx.execute(ours.values(**changes)).rowcount == 1


def next_reading(tx: Connection, keys: Collection[str]) -> float | None:
    """When the next of these readings is due, in real seconds."""
    at = case((reading.c.next_s > reading.c.lease_s, reading.c.next_s), else_=reading.c.lease_s)
    soonest: float | None = tx.execute(select(func.min(at)).where(reading.c.key.in_(keys))).scalar_one()
    return soonest


def readings(tx: Connection) -> Sequence[AnyRow]:
    """All of them, for whoever looks after the house."""
    return tx.execute(select(reading).order_by(reading.c.key)).all()


def name(tx: Connection, source: str, references: Sequence[str], at: datetime, now_s: float) -> None:
    """Remember responses that a tool named, to be fetched. One that waits already is fetched anew, when its time has come."""
    rows = [
        {"source": source, "reference": reference, "wanted": 1, "state": "waiting", "attempts": 0, "next_s": now_s}
        | {"named_at": at, "reason": ""}
        for reference in dict.fromkeys(references)
    ]
    if rows:
        tx.execute(_name[tx.dialect.name], rows)


def take(tx: Connection, sources: Collection[str], now_s: float, until_s: float) -> AnyRow | None:
    """The errand that waits the longest; nobody else gets it before then. None when none is due."""
    due = (errand.c.source.in_(sources), errand.c.state == "waiting", errand.c.next_s <= now_s)
    found = tx.execute(
        select(errand).where(*due).order_by(errand.c.next_s, errand.c.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if found is not None:
        tx.execute(update(errand).where(errand.c.id == found.id).values(next_s=until_s, attempts=errand.c.attempts + 1))
    return found


def done(tx: Connection, errand_id: int, wanted: int) -> None:
    """The response is stored; if it was named again meanwhile, it is due again."""
    if not tx.execute(delete(errand).where(errand.c.id == errand_id, errand.c.wanted == wanted)).rowcount:
        tx.execute(update(errand).where(errand.c.id == errand_id).values(next_s=0, attempts=0))


def put_off(tx: Connection, errand_id: int, next_s: float, reason: str) -> None:
    tx.execute(update(errand).where(errand.c.id == errand_id).values(next_s=next_s, reason=reason))


def put_off_all(tx: Connection, source: str, errand_id: int, next_s: float, reason: str) -> None:
    """The tool asked us to wait: neither this nor anything else of it is fetched before then."""
    tx.execute(update(errand).where(errand.c.source == source, errand.c.next_s < next_s).values(next_s=next_s))
    put_off(tx, errand_id, next_s, reason)


def park(tx: Connection, errand_id: int, reason: str) -> None:
    """Give up for now; it stays in sight, and is fetched when the tool names it again."""
    tx.execute(update(errand).where(errand.c.id == errand_id).values(state="parked", reason=reason))


def next_errand(tx: Connection, sources: Collection[str]) -> float | None:
    """When the next errand of these sources is due, in real seconds."""
    waiting = (errand.c.source.in_(sources), errand.c.state == "waiting")
    soonest: float | None = tx.execute(select(func.min(errand.c.next_s)).where(*waiting)).scalar_one()
    return soonest


def errands(tx: Connection) -> Sequence[AnyRow]:
    """All that was named and is not stored yet, the oldest first."""
    return tx.execute(select(errand).order_by(errand.c.id)).all()


def keep(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep payloads as they came: `source`, `body`, `received_at`, `rejected`, `reason`."""
    if rows:
        tx.execute(insert(payload), list(rows))


def kept(tx: Connection, source: str, after: int, limit: int) -> Sequence[AnyRow]:
    """Payloads of a source in the order they came, those after an id."""
    ours = select(payload).where(payload.c.source == source, payload.c.id > after)
    return tx.execute(ours.order_by(payload.c.id).limit(limit)).all()


def unread(tx: Connection, source: str) -> int:
    """How many payloads of a source are kept because they could not be read."""
    return tx.execute(select(func.count()).where(payload.c.source == source, payload.c.rejected)).scalar_one()


def read_well(tx: Connection, payload_id: int, *, keep: bool) -> None:
    """A payload that was refused could be read now: kept on as any other, or forgotten."""
    if keep:
        tx.execute(update(payload).where(payload.c.id == payload_id).values(rejected=False, reason=""))
    else:
        tx.execute(delete(payload).where(payload.c.id == payload_id))


def forget(tx: Connection, source: str, before: datetime) -> int:
    """Delete what a source sent before then; answers how many."""
    return tx.execute(delete(payload).where(payload.c.source == source, payload.c.received_at < before)).rowcount


def forget_others(tx: Connection, sources: Collection[str], before: datetime) -> int:
    """Delete what came from any other source before then; answers how many."""
    return tx.execute(delete(payload).where(payload.c.source.not_in(sources), payload.c.received_at < before)).rowcount


def forget_errands(tx: Connection, words: Collection[str]) -> int:
    """Forget the responses that were named and are not fetched, in whose name one of these stands; answers how many."""
    gone = 0
    for word in words:
        gone += tx.execute(delete(errand).where(errand.c.reference.icontains(word, autoescape=True))).rowcount
    return gone


def forget_naming(tx: Connection, words: Collection[str]) -> int:
    """Delete the payloads in which one of these stands, in any case; answers how many."""
    gone = 0
    for word in words:
        gone += tx.execute(delete(payload).where(payload.c.body.icontains(word, autoescape=True))).rowcount
    return gone
