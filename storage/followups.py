"""Follow-ups: open them, change them on a condition, read them as cases. The acts on them are in storage/act_log.py, and when the
clock looks at them in storage/looks.py."""

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
    exists,
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
from storage.feedback import ABOUT, GIVEN, IS_TEST, customer, feedback
from storage.people import person
from storage.prepared import AnyRow, Prepared

follow_up = models.FollowUp.__table__
_message = models.Message.__table__  # storage/messages.py imports this file

_SAID = (
    *("metric", "band", "score", "worst", "best", "comment", "touchpoint", "link"),
    *("wants_contact", "occurred_at", "tags", "customer_id", "author_id"),
    *GIVEN,
)

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
"""The initial values of every follow-up. The log does not repeat them."""

_fresh = {name: value for name, value in FRESH.items() if value is not None}
_open = Prepared(insert(follow_up).returning(follow_up.c.id, follow_up.c.feedback_id), always=_fresh)
_its_cards = (_message.c.follow_up_id == follow_up.c.id, _message.c.kind == literal_column("'card'"))
_where_alone = case_of(
    (func.count() == literal_column("1"), func.max(_message.c.chat + literal_column("':'") + _message.c.workspace))
)
_cases = (
    select(
        follow_up,
        select(_where_alone).where(*_its_cards).scalar_subquery().label("only_card_in"),
        *(feedback.c[name] for name in _SAID),
        IS_TEST,
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
_before = Prepared(
    select(follow_up.c.id, follow_up.c.team)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(
        feedback.c.customer_id == bindparam("customer"),
        feedback.c.received_at >= bindparam("since"),
        follow_up.c.id < bindparam("this"),
        follow_up.c.state != literal_column("'dismissed'"),
    )
    .order_by(feedback.c.received_at.desc(), feedback.c.id.desc())
    .limit(bindparam("most"))
)
_of_them = (feedback.c.customer_id == customer.c.id, feedback.c.band == literal_column("'detractor'"))
_by_time = select(feedback.c.received_at).where(*_of_them).limit(literal_column("1"))
# Each by one step in the index of a customer's answers, however many there are: a till in a shop may be one customer.
_low_around = select(
    customer.c.id,
    _by_time.where(feedback.c.received_at < bindparam("begin"))
    .order_by(feedback.c.received_at.desc())
    .scalar_subquery()
    .label("before"),
    _by_time.where(feedback.c.received_at >= bindparam("begin")).order_by(feedback.c.received_at).scalar_subquery().label("since"),
).where(customer.c.id.in_(bindparam("these", expanding=True)))

OPEN = ("new", "claimed", "waiting")
"""The states in which somebody still has to get back to the customer."""
ANSWER_IS_OPEN = exists().where(follow_up.c.feedback_id == feedback.c.id, follow_up.c.state.in_(OPEN))
"""Whether an answer has an open follow-up."""
# Written exactly as in the partial indexes over open follow-ups: SQLite uses those only if the condition matches textually.
OPEN_NOW = text("follow_up.state IN ('new', 'claimed', 'waiting')")
_owned_now = text("follow_up.state IN ('claimed', 'waiting')")
_asking = select(follow_up.c.owner_id).where(_owned_now, follow_up.c.help_at.is_not(None))
_owners_back = Prepared(
    select(person)
    .where(person.c.id.in_(_asking), person.c.away_until <= bindparam("now"))
    .order_by(person.c.id)
    .limit(bindparam("most"))
    .with_for_update(key_share=True, skip_locked=True, of=person)
)
WAITS_SINCE = case_of((follow_up.c.weighed_at == follow_up.c.promised_at, follow_up.c.created_at), else_=follow_up.c.promised_at)
"""Since when a customer waits: as in a Case."""
PROMISE_ENDS = case_of((follow_up.c.state == "new", follow_up.c.claim_by), else_=follow_up.c.close_by)
"""When the promise ends that holds now: to claim, then to close."""


def open_many(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Open follow-ups for these customers; each row has the columns missing in FRESH. Returns the follow-up ids by feedback id."""
    return {row.feedback_id: row.id for row in _open.each(tx, rows)}


def change(tx: Connection, follow_up_id: int, seen_version: int, columns: Mapping[str, Any]) -> bool:
    """Change a follow-up if it is still at the version that was read. Returns False if somebody else was faster."""
    values = {"this": follow_up_id, "seen": seen_version, "version": seen_version + 1, **columns}
    return _change.count(tx, values) == 1


def case(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """Returns a follow-up with its feedback, customer and owner; None for an unknown id."""
    return _case.first(tx, {"this": follow_up_id})


def cases(tx: Connection, follow_up_ids: Collection[int]) -> dict[int, AnyRow]:
    """Like `case`, for several; returned by follow-up id."""
    return {row.id: row for row in tx.execute(_cases.where(follow_up.c.id.in_(follow_up_ids)))}


def of_feedback(tx: Connection, feedback_id: int) -> AnyRow | None:
    """Like `case`, by feedback id; None if no route asked for a follow-up."""
    return tx.execute(_cases.where(follow_up.c.feedback_id == feedback_id)).one_or_none()


def last_of(tx: Connection, customer_ids: Collection[int], teams: Collection[str], limit: int) -> Sequence[int]:
    """Returns the follow-up ids of these customers in these teams, newest first."""
    asked = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    asked = asked.where(feedback.c.customer_id.in_(customer_ids), follow_up.c.team.in_(teams))
    return tx.execute(asked.order_by(follow_up.c.id.desc()).limit(limit)).scalars().all()


def owned_by(tx: Connection, person_id: int, limit: int) -> Sequence[AnyRow]:
    """Returns what somebody has claimed and not closed, most urgent first."""
    return _list(tx, [follow_up.c.owner_id == person_id, _owned_now], follow_up.c.close_by, limit)


def owners_back(tx: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns, and locks, the people whose time away is over while one of their follow-ups asks for a hand; skips those whom
    another replica is handling."""
    return _owners_back.all(tx, {"now": now, "most": limit})


def unnamed_owners(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Returns the people who have an open follow-up and whose name no platform has told us."""
    owners = select(follow_up.c.owner_id).where(follow_up.c.owner_id.is_not(None), _owned_now)
    unmet = select(person).where(person.c.met_at.is_(None), person.c.id.in_(owners))
    return tx.execute(unmet.order_by(person.c.id.desc()).limit(limit)).all()


def unclaimed(tx: Connection, teams: Sequence[str], limit: int) -> Sequence[AnyRow]:
    """Returns what nobody has claimed in these teams, most urgent first."""
    return _list(tx, [follow_up.c.team.in_(teams), OPEN_NOW, follow_up.c.state == "new"], follow_up.c.claim_by, limit)


def earlier_low(tx: Connection, customer_id: int, before: datetime, since: datetime, most: int) -> int:
    """Returns how many low answers this customer gave in [since, before), counted up to `most`."""
    [counted] = _count_low.all(tx, {"customer": customer_id, "since": since, "before": before, "most": most})
    number: int = counted.number
    return number


def before(tx: Connection, customer_id: int, follow_up_id: int, since: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns id and team of the follow-ups of a customer that were opened before this one, for what they said since then, newest
    first, without those that were dismissed."""
    return _before.all(tx, {"customer": customer_id, "since": since, "this": follow_up_id, "most": limit})


def low_around(tx: Connection, customers: Collection[int], begin: datetime) -> dict[int, AnyRow]:
    """Returns, by customer id, the times of their last low answer before `begin` (`before`) and their first since (`since`)."""
    if not customers:
        return {}
    return {row.id: row for row in tx.execute(_low_around, {"these": list(customers), "begin": begin})}


def _list(
    tx: Connection, conditions: Sequence[ColumnElement[bool] | TextClause], order: ColumnElement[Any], limit: int
) -> Sequence[AnyRow]:
    return tx.execute(_cases.where(*conditions).order_by(order).limit(limit)).all()


def next_deadline(tx: Connection, teams: Sequence[str], after: datetime) -> AnyRow | None:
    """Returns the follow-up of these teams whose promise ends soonest after `after`: the claim promise while it is new, else the
    close promise. The row has its `id`, `state`, `claim_by`, `close_by`, and the customer's `name`."""
    ahead = (follow_up.c.team.in_(teams), OPEN_NOW, follow_up.c.state.in_(("new", "claimed")), after < PROMISE_ENDS)
    soonest = _cases.where(*ahead).order_by(PROMISE_ENDS, follow_up.c.id).limit(1)
    return tx.execute(soonest).one_or_none()


def held(tx: Connection) -> Sequence[AnyRow]:
    """Returns, by team and opening (`held_until`), the `number` of open follow-ups whose cards wait for it; the soonest first."""
    asked = select(follow_up.c.team, follow_up.c.held_until, func.count().label("number"))
    asked = asked.where(OPEN_NOW, follow_up.c.held_until.is_not(None)).group_by(follow_up.c.team, follow_up.c.held_until)
    return tx.execute(asked.order_by(follow_up.c.held_until, follow_up.c.team)).all()


def waiting(tx: Connection, now: datetime) -> Sequence[AnyRow]:
    """Returns, by team, how many follow-ups are open, how many of these are unclaimed, and how many are late, claimed or not."""
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
