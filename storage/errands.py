"""What tools only named, to be fetched. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, case, delete, func, select, update

from storage import models
from storage.prepared import AnyRow
from storage.statements import upsert

errand = models.Errand.__table__  # type: ignore[attr-defined]

# One that waits keeps its time: it is being fetched and will be anew, or the tool asked us to wait.
_name = upsert(
    errand,
    ["source", "reference"],
    lambda new: (
        {"wanted": errand.c.wanted + 1, "state": "waiting", "attempts": 0}
        | {"next_s": case((and_(errand.c.state == "waiting", errand.c.next_s > new.next_s), errand.c.next_s), else_=new.next_s)}
    ),
)


def name(tx: Connection, source: str, references: Sequence[str], now_s: float) -> None:
    """Remember responses that a tool named, to be fetched. One that waits already is fetched anew, when its time has come."""
    rows = [
        {"source": source, "reference": reference, "wanted": 1, "state": "waiting", "attempts": 0, "next_s": now_s, "reason": ""}
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


def next_due(tx: Connection, sources: Collection[str]) -> float | None:
    """When the next errand of these sources is due, in real seconds."""
    waiting = (errand.c.source.in_(sources), errand.c.state == "waiting")
    soonest: float | None = tx.execute(select(func.min(errand.c.next_s)).where(*waiting)).scalar_one()
    return soonest


def unfinished(tx: Connection) -> Sequence[AnyRow]:
    """All that was named and is not stored yet, the oldest first."""
    return tx.execute(select(errand).order_by(errand.c.id)).all()


def forget(tx: Connection, words: Collection[str]) -> int:
    """Forget the responses that were named and are not fetched, in whose name one of these stands; answers how many."""
    gone = 0
    for word in words:
        gone += tx.execute(delete(errand).where(errand.c.reference.icontains(word, autoescape=True))).rowcount
    return gone
