"""Responses that a tool announced by id only, to be fetched later (“errands”). Times `_s` are real seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, case, delete, func, select, update

from storage import models
from storage.pieces import pieces
from storage.prepared import AnyRow
from storage.statements import Search, finds, upsert

AT_ONCE = 100
TROUBLE = 3
"""Failed tries in a row from which ops are told: of a named response, and of a tool that is polled."""

errand = models.Errand.__table__

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


def let_go(tx: Connection, errand_id: int, until_s: float, now_s: float) -> None:
    """End the lease until `until_s`, which `take` gave: this was no try."""
    ours = update(errand).where(errand.c.id == errand_id, errand.c.next_s == until_s)
    tx.execute(ours.values(next_s=now_s, attempts=errand.c.attempts - 1))


def done(tx: Connection, errand_id: int, wanted: int) -> None:
    """Remove an errand whose response is stored; if it was named again meanwhile, make it due again."""
    if not tx.execute(delete(errand).where(errand.c.id == errand_id, errand.c.wanted == wanted)).rowcount:
        _fetch_again(tx, errand_id)


def put_off(tx: Connection, errand_id: int, next_s: float, reason: str) -> None:
    tx.execute(update(errand).where(errand.c.id == errand_id).values(next_s=next_s, reason=reason))


def put_off_all(tx: Connection, source: str, errand_id: int, next_s: float, reason: str) -> None:
    """Put off this errand and all others of the source until `next_s`, because the tool asked us to wait: that is no failed try."""
    _put_off_others(tx, source, next_s)
    put_off(tx, errand_id, next_s, reason)
    _not_tried(tx, errand_id, 0)


def refused(tx: Connection, source: str, errand_id: int, next_s: float, reason: str) -> None:
    """Put off this errand and all others of the source until `next_s`, because the tool does not accept our token. None is given up
    for that, and ops are told at once. The others are due first, in case that only this one is refused."""
    _put_off_others(tx, source, next_s)
    put_off(tx, errand_id, next_s + 1, reason)
    _not_tried(tx, errand_id, TROUBLE)


def _put_off_others(tx: Connection, source: str, next_s: float) -> None:
    waiting = (errand.c.source == source, errand.c.state == "waiting", errand.c.next_s < next_s)
    tx.execute(update(errand).where(*waiting).values(next_s=next_s))


def _not_tried(tx: Connection, errand_id: int, at_least: int) -> None:
    """Do not count the last try, which `take` has counted; leave at least so many."""
    before = errand.c.attempts - 1
    tx.execute(update(errand).where(errand.c.id == errand_id).values(attempts=case((before < at_least, at_least), else_=before)))


def park(tx: Connection, errand_id: int, wanted: int, now_s: float, reason: str) -> None:
    """Give up for now; `next_s` then says since when. The errand stays visible, and is fetched when the tool names it again; if it
    was named again meanwhile, make it due again."""
    fetched = (errand.c.id == errand_id, errand.c.wanted == wanted)
    if not tx.execute(update(errand).where(*fetched).values(state="parked", next_s=now_s, reason=reason)).rowcount:
        _fetch_again(tx, errand_id)


def try_again(tx: Connection, source: str) -> int:
    """Make the parked errands of a source due again. Returns how many."""
    parked = (errand.c.source == source, errand.c.state == "parked")
    return tx.execute(update(errand).where(*parked).values(state="waiting", attempts=0, next_s=0)).rowcount


def forget(tx: Connection, before_s: float) -> int:
    """Delete what was parked before then. Returns how many."""
    return tx.execute(delete(errand).where(errand.c.state == "parked", errand.c.next_s < before_s)).rowcount


def failing(tx: Connection) -> Sequence[AnyRow]:
    """Returns those that are still tried, but failed so often in a row that ops are told; oldest first."""
    troubled = (errand.c.state == "waiting", errand.c.attempts >= TROUBLE, errand.c.reason != "")
    return tx.execute(select(errand).where(*troubled).order_by(errand.c.id)).all()


def parked_by_reason(tx: Connection, since_s: float = 0) -> Sequence[AnyRow]:
    """Returns how many errands were parked since then, by source and reason."""
    parked = (errand.c.state == "parked", errand.c.next_s >= since_s)
    each = select(errand.c.source, errand.c.reason, func.count().label("number")).where(*parked)
    return tx.execute(each.group_by(errand.c.source, errand.c.reason).order_by(errand.c.source, func.count().desc())).all()


def unfetched(tx: Connection) -> Sequence[AnyRow]:
    """Returns how many could not be fetched when last tried, by source and state."""
    each = select(errand.c.source, errand.c.state, func.count().label("number")).where(errand.c.reason != "")
    return tx.execute(each.group_by(errand.c.source, errand.c.state)).all()


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
    for these in pieces(searches, AT_ONCE):
        named = finds(func.lower(errand.c.reference), these)
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
