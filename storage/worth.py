"""What customers are worth: those who wait, who came back, and who left. Each row has `who`, `value` and `currency`.

`who` identifies the customer: the customer's id, or minus the follow-up's id if nobody knows who it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, or_, select, text

from storage.act_log import MARKED_AS_LOST, act
from storage.feedback import REAL, customer, feedback
from storage.figures import DISMISSED
from storage.followups import OPEN_NOW, follow_up
from storage.prepared import AnyRow

_LOST = text("follow_up.lost_at IS NOT NULL")
_later = act.alias("later")
_undone = exists().where(
    *(_later.c.follow_up_id == act.c.follow_up_id, _later.c.id > act.c.id, _later.c.verb.in_(("not_lost", "reopen")))
)
_priced = (
    select(
        follow_up.c.id,
        func.coalesce(feedback.c.customer_id, -follow_up.c.id).label("who"),
        customer.c.value,
        customer.c.currency,
        follow_up.c.team,
        *(follow_up.c[name] for name in ("state", "created_at", "close_by", "contacted_at", "closed_at", "lost_at", "cause")),
        or_(customer.c.email.is_not(None), customer.c.phone.is_not(None)).label("reachable"),
    )
    .select_from(follow_up)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .outerjoin(customer, customer.c.id == feedback.c.customer_id)
    .order_by(follow_up.c.id)
)


def open_now(tx: Connection, teams: Collection[str]) -> Sequence[AnyRow]:
    """Returns the open follow-ups of these teams with their customers' worth."""
    return _rows(tx, REAL, follow_up.c.team.in_(teams), OPEN_NOW)


def of(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns these follow-ups with their customers' worth."""
    return _rows(tx, follow_up.c.id.in_(follow_up_ids)) if follow_up_ids else ()


def lost(tx: Connection, teams: Collection[str], start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns the follow-ups of these teams whose customer was marked as lost in [start, end), and still is, without dismissed
    ones."""
    return _rows(tx, REAL, _LOST, ~DISMISSED, follow_up.c.lost_at >= start, follow_up.c.lost_at < end, follow_up.c.team.in_(teams))


def told(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns a team's follow-ups whose customer told it in [start, end) that it let them down, without dismissed ones."""
    there = (REAL, feedback.c.team == team, feedback.c.received_at >= start, feedback.c.received_at < end)
    return _rows(tx, *there, feedback.c.band.in_(("detractor", "unscored")), follow_up.c.state != "dismissed")


def marks(tx: Connection, follow_up_ids: Collection[int]) -> dict[int, AnyRow]:
    """Returns, by follow-up, the act that last marked it as lost, unless that was undone or the case opened again since."""
    asked = select(act).where(act.c.follow_up_id.in_(follow_up_ids), MARKED_AS_LOST, ~_undone).order_by(act.c.id)
    return {row.follow_up_id: row for row in tx.execute(asked)} if follow_up_ids else {}


def content_before(tx: Connection, customer_ids: Collection[int], before: datetime) -> set[int]:
    """Returns those customers who before then were content (passive or promoter) in an answer after a case that was closed with a
    contact: they came back.

    Both are read from the log, so a case that was reopened since does not make them come back a second time.
    """
    if not customer_ids:
        return set()
    told, again, contact = feedback.alias("told"), feedback.alias("again"), act.alias("contact")
    in_touch = exists().where(
        *(contact.c.follow_up_id == act.c.follow_up_id, contact.c.id <= act.c.id),
        contact.c.set["contacted_at"].as_string().is_not(None),
    )
    closed = (
        select(act.c.id)
        .join(follow_up, follow_up.c.id == act.c.follow_up_id)
        .join(told, told.c.id == follow_up.c.feedback_id)
        .where(told.c.customer_id == again.c.customer_id, act.c.verb == "close", act.c.at < again.c.received_at, in_touch)
    )
    content = (again.c.customer_id.in_(customer_ids), again.c.band.in_(("passive", "promoter")), again.c.received_at < before)
    return set(tx.execute(select(again.c.customer_id).where(*content, exists(closed))).scalars())


def _rows(tx: Connection, *which: Any) -> Sequence[AnyRow]:
    return tx.execute(_priced.where(*which)).all()
