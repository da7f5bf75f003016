"""Follow-ups: opening, changing on a condition, reading as cases. What was done to them stands in storage/act_log.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import case as case_of

from storage import models
from storage.feedback import ABOUT, GIVEN, customer, feedback
from storage.people import person
from storage.prepared import AnyRow, Prepared

follow_up = models.FollowUp.__table__  # type: ignore[attr-defined]

_SAID = (
    *("metric", "band", "score", "worst", "best", "comment", "touchpoint", "link"),
    *("wants_contact", "occurred_at", "tags", "customer_id", "author_id"),
    *GIVEN,
)

LOOKED = ("next_look_at", "rungs_unclaimed", "rungs_claimed", "held_until")
"""The columns that a look of the clock may change without anything having happened."""

FRESH: Mapping[str, Any] = {
    **dict.fromkeys(
        ("owner_id", "claimed_at", "taken_at", "contacted_at", "closed_at", "quiet_until", "asked_at", "help_at", "weighed_at")
    ),
    **dict.fromkeys(("lost_at", "named_closer_id", "outcome", "cause")),
    "state": "new",
    "version": 1,
    "promises": 0,
    "rungs_unclaimed": 0,
    "rungs_claimed": 0,
    "done": "",
    "reason": "",
}
"""How every follow-up begins. The log does not repeat it."""

_fresh = {name: value for name, value in FRESH.items() if value is not None}
_open = Prepared(insert(follow_up).returning(follow_up.c.id, follow_up.c.feedback_id), always=_fresh)
_cases = (
    select(
        follow_up,
        *(feedback.c[name] for name in _SAID),
        *(customer.c[name] for name in ("key", *ABOUT)),
        *(person.c[name].label(f"owner_{name}") for name in ("chat", "workspace", "user_id", "name", "email")),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .outerjoin(customer, customer.c.id == feedback.c.customer_id)
    .outerjoin(person, person.c.id == follow_up.c.owner_id)
)
# Built once: building a statement costs a tap more than running it.
_case = Prepared(_cases.where(follow_up.c.id == bindparam("this")))
_change = Prepared(update(follow_up).where(follow_up.c.id == bindparam("this"), follow_up.c.version == bindparam("seen")))
_low = (
    select(feedback.c.id)
    .where(
        feedback.c.customer_id == bindparam("customer"),
        feedback.c.band == literal_column("'detractor'"),
        feedback.c.received_at >= bindparam("since"),
        feedback.c.received_at < bindparam("before"),
    )
    .limit(bindparam("most"))
)
_count_low = Prepared(select(func.count().label("number")).select_from(_low.subquery()))
_of_them = (feedback.c.customer_id == customer.c.id, feedback.c.band == literal_column("'detractor'"))
_by_time = select(feedback.c.received_at).where(*_of_them).limit(literal_column("1"))
# Each by one step in the index of a customer's answers, however many they gave: a till in a shop may be one customer.
_low_around = select(
    customer.c.id,
    _by_time.where(feedback.c.received_at < bindparam("begin"))
    .order_by(feedback.c.received_at.desc())
    .scalar_subquery()
    .label("before"),
    _by_time.where(feedback.c.received_at >= bindparam("begin")).order_by(feedback.c.received_at).scalar_subquery().label("since"),
).where(customer.c.id.in_(bindparam("these", expanding=True)))

# In the words of the indexes over those that are open: SQLite knows these again only by them.
OPEN_NOW = text("follow_up.state IN ('new', 'claimed', 'waiting')")
_owned_now = text("follow_up.state IN ('claimed', 'waiting')")
_to_look_at = Prepared(
    select(follow_up, customer.c.value)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .outerjoin(customer, customer.c.id == feedback.c.customer_id)
    .where(follow_up.c.next_look_at < bindparam("now"))
    .order_by(follow_up.c.next_look_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=follow_up)
)
_looked = Prepared(
    update(follow_up).where(follow_up.c.id == bindparam("looked")).values({name: bindparam(name) for name in LOOKED})
)


def open_many(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Promise to get back to these customers; each row has the columns that are not FRESH. Answers the follow-ups' ids by feedback
    id."""
    return {row.feedback_id: row.id for row in _open.each(tx, rows)}


def change(tx: Connection, follow_up_id: int, seen_version: int, columns: Mapping[str, Any]) -> bool:
    """Change a follow-up on condition that it still is as it was read; False when somebody else was faster."""
    values = {"this": follow_up_id, "seen": seen_version, "version": seen_version + 1, **columns}
    return _change.count(tx, values) == 1


def case(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """A follow-up with what was said, by whom, and who has it; None for an id nobody knows."""
    return _case.first(tx, {"this": follow_up_id})


def cases(tx: Connection, follow_up_ids: Collection[int]) -> dict[int, AnyRow]:
    """The same for several, by their ids."""
    return {row.id: row for row in tx.execute(_cases.where(follow_up.c.id.in_(follow_up_ids)))}


def of_feedback(tx: Connection, feedback_id: int) -> AnyRow | None:
    """The same for a piece of feedback; None where no route asked for a follow-up."""
    return tx.execute(_cases.where(follow_up.c.feedback_id == feedback_id)).one_or_none()


def last_of(tx: Connection, customer_known_as: str, teams: Collection[str]) -> int | None:
    """The id of the newest follow-up in these teams about a customer with that key or e-mail, in any case."""
    known = or_(customer.c.key == customer_known_as, func.lower(customer.c.email) == customer_known_as.lower())
    asked = (
        select(follow_up.c.id)
        .join(feedback, feedback.c.id == follow_up.c.feedback_id)
        .join(customer, customer.c.id == feedback.c.customer_id)
        .where(known, follow_up.c.team.in_(teams))
    )
    newest: int | None = tx.execute(asked.order_by(follow_up.c.id.desc()).limit(1)).scalar_one_or_none()
    return newest


def owned_by(tx: Connection, person_id: int, limit: int) -> Sequence[AnyRow]:
    """What somebody has claimed and not closed, the most urgent first."""
    return _list(tx, [follow_up.c.owner_id == person_id, _owned_now], follow_up.c.close_by, limit)


def unnamed_owners(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Those who have an open follow-up, and of whom no platform told us what they are called."""
    owners = select(follow_up.c.owner_id).where(follow_up.c.owner_id.is_not(None), _owned_now)
    unmet = select(person).where(person.c.met_at.is_(None), person.c.id.in_(owners))
    return tx.execute(unmet.order_by(person.c.id.desc()).limit(limit)).all()


def unclaimed(tx: Connection, teams: Sequence[str], limit: int) -> Sequence[AnyRow]:
    """What nobody has claimed in these teams, the most urgent first."""
    return _list(tx, [follow_up.c.team.in_(teams), OPEN_NOW, follow_up.c.state == "new"], follow_up.c.claim_by, limit)


def to_look_at(tx: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Follow-ups whose time to be looked at has passed, the longest waiting first. At the deadline itself nothing is late yet."""
    return _to_look_at.all(tx, {"now": now, "most": limit})


def looked(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note what the clock saw. Each row has `looked` (the follow-up's id) and the columns of LOOKED. The rows are ours: locked on
    PostgreSQL by `to_look_at`, and one writer at a time on SQLite."""
    _looked.each(tx, rows)


def earlier_low(tx: Connection, customer_id: int, before: datetime, since: datetime, most: int) -> int:
    """How many low answers this customer gave between `since` and `before`; no more than `most` are counted."""
    [counted] = _count_low.all(tx, {"customer": customer_id, "since": since, "before": before, "most": most})
    number: int = counted.number
    return number


def low_around(tx: Connection, customers: Collection[int], begin: datetime) -> dict[int, AnyRow]:
    """By customer, when they gave their last low answer `before` begin and their first one `since`."""
    if not customers:
        return {}
    return {row.id: row for row in tx.execute(_low_around, {"these": list(customers), "begin": begin})}


def _list(
    tx: Connection, conditions: Sequence[ColumnElement[bool] | TextClause], order: ColumnElement[Any], limit: int
) -> Sequence[AnyRow]:
    return tx.execute(_cases.where(*conditions).order_by(order).limit(limit)).all()


def next_look(tx: Connection, after: datetime) -> datetime | None:
    """The soonest moment after `after` at which the clock looks at some follow-up."""
    ahead = follow_up.c.next_look_at > after
    soonest: datetime | None = tx.execute(select(func.min(follow_up.c.next_look_at)).where(ahead)).scalar_one()
    return soonest


def next_deadline(tx: Connection, teams: Sequence[str], after: datetime) -> AnyRow | None:
    """The case of which a promise ends soonest after `after`, among these teams: to claim while nobody has it, else to close. Its
    `id`, `state`, `claim_by`, `close_by`, and the `name` of the customer."""
    ends = case_of((follow_up.c.state == "new", follow_up.c.claim_by), else_=follow_up.c.close_by)
    ahead = (follow_up.c.team.in_(teams), OPEN_NOW, follow_up.c.state.in_(("new", "claimed")), ends > after)
    soonest = _cases.where(*ahead).order_by(ends, follow_up.c.id).limit(1)
    return tx.execute(soonest).one_or_none()


def waiting(tx: Connection, now: datetime) -> Sequence[AnyRow]:
    """The follow-ups that are open, by team: how many, how many nobody has, and how many of either are late."""
    new = follow_up.c.state == "new"
    late = or_(and_(new, follow_up.c.claim_by < now), and_(~new, follow_up.c.close_by < now))
    figures = (
        func.count().label("open"),
        func.sum(case_of((new, 1), else_=0)).label("unclaimed"),
        func.sum(case_of((late, 1), else_=0)).label("late"),
    )
    return tx.execute(
        select(follow_up.c.team, *figures).where(OPEN_NOW).group_by(follow_up.c.team).order_by(follow_up.c.team)
    ).all()
