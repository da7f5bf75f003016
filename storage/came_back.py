"""Customers who were looked after, and answer again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, literal_column, select

from storage.act_log import act
from storage.feedback import REAL, customer, feedback
from storage.followups import follow_up
from storage.prepared import AnyRow

SAID = "answered_again"
"""The verb of the act that tells of it."""
LAST = 20
"""Answers of a customer that are looked through: a till in a shop may be one customer."""

_of_them = (feedback.c.customer_id == literal_column("customer.id"), feedback.c.received_at < bindparam("before"), REAL)
_last = select(feedback.c.id).where(*_of_them).order_by(feedback.c.received_at.desc()).limit(LAST).subquery("last")
_closed = (
    select(follow_up.c.id)
    .join(_last, _last.c.id == follow_up.c.feedback_id)
    .where(follow_up.c.state == literal_column("'closed'"), follow_up.c.closed_at >= bindparam("since"))
    .where(follow_up.c.contacted_at.is_not(None))  # nobody is thanked for a customer who was not reached
    .order_by(follow_up.c.closed_at.desc())
    .limit(1)
)
_each = (
    select(customer.c.id, _closed.scalar_subquery().label("follow_up_id"))
    .where(customer.c.id.in_(bindparam("these", expanding=True)))
    .subquery("each_customer")
)
_of_it = act.c.follow_up_id == _each.c.follow_up_id
_closer = select(act.c.person_id).where(_of_it, act.c.verb == "close").order_by(act.c.id.desc()).limit(1)
_closed_lately = select(_each.c.id, _each.c.follow_up_id, _closer.scalar_subquery().label("closer_id")).where(
    _each.c.follow_up_id.is_not(None), ~exists().where(_of_it, act.c.verb == SAID)
)


def closed_lately(tx: Connection, customers: Collection[int], since: datetime, before: datetime) -> dict[int, AnyRow]:
    """Returns, by customer, the follow-up of theirs that was closed last, not before `since`, about an answer that came before
    `before`, with who closed it. Leaves out those about whom it has been told already that they answered again."""
    return {row.id: row for row in tx.execute(_closed_lately, {"these": list(customers), "since": since, "before": before})}
