"""The directory of customers: who they are by key, and which keys belong to one customer.

A row with `merged_into` is an alias of that customer: whatever is said about it applies to the customer. Aliases are never chained,
and hold nothing but their key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, or_, select, update

from storage.feedback import ABOUT, FILLED_IN, customer, feedback
from storage.followups import OPEN, follow_up
from storage.pieces import pieces
from storage.prepared import AnyRow, Prepared
from storage.statements import upsert

AT_ONCE = 500
_theirs: Select[Any] = select(literal_column("1")).where(feedback.c.customer_id == literal_column("customer.id"))
_newest_of_theirs = _theirs.order_by(feedback.c.received_at.desc()).limit(literal_column("1"))
_MAY_HAVE_ANSWERED = "may_have_answered"
"""Whether they may have answered before, known without a statement of its own: most of those who answer never did. One step in
their index tells it on SQLite. On PostgreSQL an answer may be committed just while the row is waited for, and would not be seen:
there it is whether the row was there already."""
_may_have_answered = {
    "sqlite": _newest_of_theirs.scalar_subquery().label(_MAY_HAVE_ANSWERED),
    "postgresql": literal_column("customer.xmax <> 0").label(_MAY_HAVE_ANSWERED),
}
_NOTHING: Mapping[str, Any] = dict.fromkeys(ABOUT)


class _Telling:
    """The two statements that store what was said about customers: an upsert by key, and an update of the customer behind an alias.
    Columns in `kept` are only filled in; in the others the newest value wins."""

    def __init__(self, kept: Collection[str] = ()) -> None:
        self.kept = kept
        upserts = upsert(customer, ["workspace", "key"], self._words)
        self.by_key = Prepared({on: statement.returning(customer, _may_have_answered[on]) for on, statement in upserts.items()})
        new = {name: bindparam(f"new_{name}", type_=customer.c[name].type) for name in ABOUT}
        of_one = update(customer).where(customer.c.id == bindparam("this")).values(self._words(new))
        self.of_one = of_one.returning(customer, literal_column("1").label(_MAY_HAVE_ANSWERED))

    def _words(self, new: Any) -> dict[str, Any]:
        both = {name: (new[name], customer.c[name]) for name in ABOUT}
        return {name: func.coalesce(*(reversed(words) if name in self.kept else words)) for name, words in both.items()}


_told, _answered = _Telling(), _Telling(FILLED_IN)
_alias = upsert(customer, ["workspace", "key"], returning=[customer.c.id])


def know(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, AnyRow]:
    """Upsert these customers by `key`; what is not given this time keeps its value. Returns the customer behind each key."""
    return _know(tx, _told, rows)


def hear_of(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, AnyRow]:
    """Like `know`, for what an answer says: how to reach a known customer and whose they are is filled in, never
    overwritten."""
    return _know(tx, _answered, rows)


def _know(tx: Connection, telling: _Telling, rows: Sequence[Mapping[str, Any]]) -> dict[str, AnyRow]:
    if not rows:
        return {}
    found = {row.key: row for row in telling.by_key.each(tx, [{**_NOTHING, **row} for row in rows])}
    names = sorted((row for row in found.values() if row.merged_into is not None), key=lambda row: row.merged_into)
    said = {row["key"]: row for row in rows}
    for name in names:
        new = {f"new_{about}": said[name.key].get(about) for about in ABOUT}
        found[name.key] = tx.execute(telling.of_one, {"this": name.merged_into, **new}).one()
    if names:
        tx.execute(update(customer).where(customer.c.id.in_([name.id for name in names])).values(_NOTHING))
    return found


def told_of(tx: Connection, customer_ids: Collection[int], at: datetime) -> None:
    """Note that a directory named these customers. It is noted once a day: a directory may be sent every night."""
    late = or_(customer.c.told_at.is_(None), customer.c.told_at < at - timedelta(days=1))
    for these in pieces(sorted(customer_ids), AT_ONCE):
        # Whoever is answering just now holds the row and is passed over: waiting for them in another order would be a deadlock.
        free = select(customer.c.id).where(customer.c.id.in_(these), late).with_for_update(skip_locked=True)
        tx.execute(update(customer).where(customer.c.id.in_(free.correlate(None))).values(told_at=at))


def by_key(tx: Connection, workspace: str, keys: Collection[str]) -> dict[str, AnyRow]:
    """Returns the customers behind these keys; unknown keys are left out."""
    found: dict[str, AnyRow] = {}
    for these in pieces(sorted(set(keys)), AT_ONCE):
        rows = tx.execute(select(customer).where(customer.c.workspace == workspace, customer.c.key.in_(these))).all()
        into = {row.merged_into for row in rows} - {None}
        real = {row.id: row for row in tx.execute(select(customer).where(customer.c.id.in_(into)))} if into else {}
        found |= {row.key: real.get(row.merged_into, row) for row in rows}
    return found


def name(tx: Connection, workspace: str, key: str, customer_id: int) -> bool:
    """Add another key for a customer. Returns False if the key is known already, or became known at this moment."""
    alias = {"workspace": workspace, "key": key, "merged_into": customer_id}
    return tx.execute(_alias[tx.dialect.name], alias).first() is not None


def join(tx: Connection, keep: AnyRow, other: AnyRow) -> Sequence[int]:
    """Merge `other` into `keep`. Returns the ids of the feedback that was reassigned.

    What is unknown of `keep` is taken from `other`; nothing is added up.
    """
    tx.execute(select(customer.c.id).where(customer.c.id.in_((keep.id, other.id))).order_by(customer.c.id).with_for_update())
    answers = tx.execute(select(feedback.c.id).where(feedback.c.customer_id == other.id).order_by(feedback.c.id)).scalars().all()
    tx.execute(update(feedback).where(feedback.c.customer_id == other.id).values(customer_id=keep.id))
    taken = {name: getattr(other, name) for name in ABOUT if getattr(keep, name) is None}
    if keep.value is not None:
        taken.pop("currency", None)  # it belongs to the other value
    if other.told_at is not None and (keep.told_at is None or keep.told_at < other.told_at):
        taken["told_at"] = other.told_at
    if taken:
        tx.execute(update(customer).where(customer.c.id == keep.id).values(**taken))
    tx.execute(update(customer).where(customer.c.merged_into == other.id).values(merged_into=keep.id))
    tx.execute(update(customer).where(customer.c.id == other.id).values(**_NOTHING, merged_into=keep.id))
    return answers


def follow_ups(tx: Connection, customer_ids: Collection[int], *, open_only: bool = False) -> Sequence[int]:
    """Returns the ids of the follow-ups of these customers."""
    found: list[int] = []
    for these in pieces(sorted(customer_ids), AT_ONCE):
        theirs = [feedback.c.customer_id.in_(these)]
        if open_only:
            theirs.append(follow_up.c.state.in_(OPEN))
        ids = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id).where(*theirs)
        found += tx.execute(ids.order_by(follow_up.c.id)).scalars()
    return found
