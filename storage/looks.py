"""When the clock looks at follow-ups: which are due, what it saw, and when it has to come again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from storage.feedback import IS_TEST, customer, feedback
from storage.followups import OPEN_NOW, PROMISE_ENDS, WAITS_SINCE, follow_up
from storage.prepared import AnyRow, Prepared

LOOKED = ("next_look_at", "rungs_unclaimed", "rungs_claimed", "held_until")
"""The columns that the clock may change without anything having happened."""

_looked_at = (
    select(follow_up, customer.c.value, customer.c.owner.label("whose"), WAITS_SINCE.label("waits_since"), IS_TEST)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .outerjoin(customer, customer.c.id == feedback.c.customer_id)
)
_due_for_a_look = (
    _looked_at.where(follow_up.c.next_look_at < bindparam("now"))
    .order_by(follow_up.c.next_look_at, follow_up.c.id)  # cards of one opening come in the order in which customers wrote
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=follow_up)
)
_to_look_at = Prepared(_due_for_a_look)
_to_look_at_of = _due_for_a_look.where(follow_up.c.team.in_(bindparam("teams", expanding=True)))
_looked = Prepared(
    update(follow_up).where(follow_up.c.id == bindparam("looked")).values({name: bindparam(name) for name in LOOKED})
)
_look_sooner = update(follow_up).where(follow_up.c.id == bindparam("this"), follow_up.c.next_look_at > bindparam("sooner"))

_dropped = select(follow_up.c.id).where(OPEN_NOW, follow_up.c.next_look_at.is_(None)).with_for_update(skip_locked=True)
_look_again = (
    update(follow_up)
    .where(follow_up.c.id.in_(_dropped.correlate(None)))
    .values(next_look_at=func.coalesce(follow_up.c.quiet_until, follow_up.c.created_at))
)


def to_look_at(tx: Connection, teams: Collection[str], now: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns the follow-ups of these teams whose `next_look_at` has passed, longest waiting first. At the deadline itself nothing
    is late yet."""
    due = _to_look_at.all(tx, {"now": now, "most": limit})
    if all(row.team in teams for row in due):
        return due
    return tx.execute(_to_look_at_of, {"now": now, "most": limit, "teams": list(teams)}).all()


def whose_are_due(tx: Connection, teams: Collection[str], now: datetime) -> Sequence[AnyRow]:
    """Returns the team and the `owner` of customers whose follow-ups in these teams are due for a look, as far as a directory names
    their colleague by what may be an e-mail, each once, with the `first` of these follow-ups."""
    due = (follow_up.c.next_look_at < now, follow_up.c.team.in_(teams), customer.c.owner.contains("@"))
    whose = (follow_up.c.team, customer.c.owner)
    first = func.min(follow_up.c.id).label("first")
    return tx.execute(_looked_at.with_only_columns(*whose, first).where(*due).group_by(*whose)).all()


def looked(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what the clock saw. Each row has `looked` (the follow-up id) and the columns of LOOKED. The rows are ours: on
    PostgreSQL `to_look_at` has locked them, and SQLite has one writer at a time."""
    _looked.each(tx, rows)


def look_again(tx: Connection) -> int:
    """Make open follow-ups due for a look at which nobody looks any more: an earlier release dropped those whose team was missing
    at one look. Returns how many. One that somebody is changing just now is left alone: it is looked at anew after that."""
    return tx.execute(_look_again).rowcount


def waiting_past_promise(tx: Connection, now: datetime) -> Sequence[AnyRow]:
    """Returns open follow-ups that are looked at after `now` only, and not before their promise ends; and all of these whose cards
    wait for an opening."""
    late = and_(follow_up.c.state.in_(("new", "claimed")), follow_up.c.next_look_at >= PROMISE_ENDS)
    later = (OPEN_NOW, follow_up.c.next_look_at > now, or_(late, follow_up.c.held_until.is_not(None)))
    return tx.execute(_looked_at.where(*later)).all()


def look_sooner(tx: Connection, at: Mapping[int, datetime]) -> None:
    """Bring forward the next look at follow-ups, by id, to these times."""
    if at:
        rows = [{"this": id, "sooner": moment} for id, moment in sorted(at.items())]
        tx.execute(_look_sooner.values(next_look_at=bindparam("sooner")), rows)


def next_look(tx: Connection, after: datetime) -> datetime | None:
    """Returns the soonest time after `after` at which the clock must look at a follow-up; None if there is none."""
    ahead = follow_up.c.next_look_at > after
    soonest: datetime | None = tx.execute(select(func.min(follow_up.c.next_look_at)).where(ahead)).scalar_one()
    return soonest
