"""Errands: responses that a survey tool only named, to be fetched. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, case, delete, func, select, update

from storage import models
from storage.prepared import AnyRow
from storage.statements import Search, finds, upsert

AT_ONCE = 100

errand = models.Errand.__table__  # type: ignore[attr-defined]

# A waiting errand keeps a later `next_s`: it is being fetched and will be fetched again, or the tool asked us to wait.
_name = upsert(
    errand,
    ["source", "reference"],
    lambda new: (
        {"wanted": errand.c.wanted + 1, "state": "waiting", "attempts": 0}
        | {"next_s": case((and_(errand.c.state == "waiting", errand.c.next_s > new.next_s), errand.c.next_s), else_=new.next_s)}
    ),
)


def name(tx: Connection, source: str, references: Sequence[str], now_s: float) -> None:
    """Remember responses that a tool named, to be fetched. One that waits already is fetched again when its time comes."""
    rows = [
        {"source": source, "reference": reference, "wanted": 1, "state": "waiting", "attempts": 0, "next_s": now_s, "reason": ""}
        for reference in dict.fromkeys(references)
    ]
    if rows:
        tx.execute(_name[tx.dialect.name], rows)


def take(tx: Connection, sources: Collection[str], now_s: float, until_s: float) -> AnyRow | None:
    """Lease the errand that has waited longest; nobody else gets it before `until_s`. Returns None if none is due."""
    due = (errand.c.source.in_(sources), errand.c.state == "waiting", errand.c.next_s <= now_s)
    found = tx.execute(
        select(errand).where(*due).order_by(errand.c.next_s, errand.c.id).limit(1).with_for_update(skip_locked=True)
    ).first()
    if found is not None:
        tx.execute(update(errand).where(errand.c.id == found.id).values(next_s=until_s, attempts=errand.c.attempts + 1))
    return found


def done(tx: Connection, errand_id: int, wanted: int) -> None:
    """Remove an errand whose response is stored; if it was named again meanwhile, make it due again."""
    if not tx.execute(delete(errand).where(errand.c.id == errand_id, errand.c.wanted == wanted)).rowcount:
        _fetch_again(tx, errand_id)


def put_off(tx: Connection, errand_id: int, next_s: float, reason: str) -> None:
    tx.execute(update(errand).where(errand.c.id == errand_id).values(next_s=next_s, reason=reason))


def put_off_all(tx: Connection, source: str, errand_id: int, next_s: float, reason: str) -> None:
    """Put off this errand and all others of the source until `next_s`, because the tool asked us to wait."""
    tx.execute(update(errand).where(errand.c.source == source, errand.c.next_s < next_s).values(next_s=next_s))
    put_off(tx, errand_id, next_s, reason)


def park(tx: Connection, errand_id: int, wanted: int, reason: str) -> None:
    """Give up for now. The errand stays visible, and is fetched when the tool names it again; if it was named again meanwhile, make
    it due again."""
    fetched = (errand.c.id == errand_id, errand.c.wanted == wanted)
    if not tx.execute(update(errand).where(*fetched).values(state="parked", reason=reason)).rowcount:
        _fetch_again(tx, errand_id)


def _fetch_again(tx: Connection, errand_id: int) -> None:
    tx.execute(update(errand).where(errand.c.id == errand_id).values(next_s=0, attempts=0))


def next_due(tx: Connection, sources: Collection[str]) -> float | None:
    """Returns when the next errand of these sources is due, in real seconds; None if none waits."""
    waiting = (errand.c.source.in_(sources), errand.c.state == "waiting")
    soonest: float | None = tx.execute(select(func.min(errand.c.next_s)).where(*waiting)).scalar_one()
    return soonest


def unfinished(tx: Connection) -> Sequence[AnyRow]:
    """Returns all that was named and is not stored yet, oldest first."""
    return tx.execute(select(errand).order_by(errand.c.id)).all()


def containing(tx: Connection, searches: Sequence[Search]) -> Sequence[AnyRow]:
    """Returns id and reference of the errands whose reference any of these searches finds."""
    found: list[AnyRow] = []
    for n in range(0, len(searches), AT_ONCE):
        named = finds(func.lower(errand.c.reference), searches[n : n + AT_ONCE])
        found += tx.execute(select(errand.c.id, errand.c.reference).where(named)).all()
    return found


def naming(tx: Connection, answers: Collection[tuple[str, str]]) -> Sequence[int]:
    """Returns the ids of the errands that name just one of these answers, each given by its source and its id there."""
    found = [
        tx.execute(select(errand.c.id).where(errand.c.source == source, errand.c.reference == id_)).scalars().all()
        for source, id_ in answers
    ]
    return [errand_id for each in found for errand_id in each]


def delete_these(tx: Connection, ids: Collection[int]) -> int:
    """Delete these errands. Returns how many."""
    return sum(tx.execute(delete(errand).where(errand.c.id == each)).rowcount for each in sorted(ids))
