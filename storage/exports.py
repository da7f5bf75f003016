"""Reads what is stored in the order it came, page by page: for `hero export`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from storage.act_log import act
from storage.feedback import ABOUT, GIVEN, customer, feedback
from storage.followups import follow_up
from storage.people import person
from storage.prepared import AnyRow
from storage.raised import raised

_ANSWERS = (
    select(
        feedback.c.id.label("at_id"),
        feedback.c.external_id.label("id"),
        *(feedback.c[name] for name in ("source", "metric", "score", "worst", "best", "band", "comment")),
        *(feedback.c[name] for name in ("occurred_at", "received_at")),
        customer.c.key.label("customer_key"),
        *(customer.c[name].label(f"customer_{name}") for name in ABOUT),
        *(feedback.c[name] for name in ("touchpoint", "tags", "link", "wants_contact", "route", *GIVEN)),
    )
    .outerjoin(customer, customer.c.id == feedback.c.customer_id)
    .order_by(feedback.c.id)
)
_FOLLOW_UPS = (
    select(
        follow_up.c.id.label("at_id"),
        follow_up.c.id,
        feedback.c.source,
        feedback.c.external_id.label("feedback_id"),
        *(follow_up.c[name] for name in ("team", "route", "moment", "state")),
        person.c.name.label("owner"),
        *(follow_up.c[name] for name in ("created_at", "claim_by", "close_by", "claimed_at", "contacted_at", "closed_at")),
        *(follow_up.c[name] for name in ("outcome", "cause", "done", "reason")),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .outerjoin(person, person.c.id == follow_up.c.owner_id)
    .order_by(follow_up.c.id)
)
_ACTS = (
    select(
        act.c.id.label("at_id"),
        act.c.id,
        act.c.follow_up_id.label("follow_up"),
        act.c.verb,
        person.c.name.label("person"),
        act.c.at,
        act.c.set,
        act.c.detail,
    )
    .outerjoin(person, person.c.id == act.c.person_id)
    .order_by(act.c.id)
)
_owner = person.alias("owner")
_RAISED = (
    select(
        raised.c.id.label("at_id"),
        raised.c.id,
        raised.c.follow_up_id.label("follow_up"),
        *(raised.c[name] for name in ("team", "cause", "words")),
        person.c.name.label("raised_by"),
        raised.c.at,
        _owner.c.name.label("owner"),
        *(raised.c[name] for name in ("state", "reason", "decided_at")),
    )
    .join(person, person.c.id == raised.c.raised_by)
    .outerjoin(_owner, _owner.c.id == raised.c.owner_id)
    .order_by(raised.c.id)
)
KINDS: Mapping[str, tuple[Select[Any], Any]] = {
    "feedback": (_ANSWERS, feedback.c.id),
    "follow-ups": (_FOLLOW_UPS, follow_up.c.id),
    "acts": (_ACTS, act.c.id),
    "raised": (_RAISED, raised.c.id),
}
"""Each kind's statement, and the column it is paged by: the next page begins after the `at_id` of the last row."""
_last_noted = select(func.max(act.c.at)).where(act.c.follow_up_id == follow_up.c.id).scalar_subquery()
SINCE: Mapping[str, Callable[[datetime], ColumnElement[bool]]] = {
    "feedback": lambda at: feedback.c.received_at >= at,
    "follow-ups": lambda at: _last_noted >= at,  # no EXISTS: PostgreSQL might read the whole log for each page
    "acts": lambda at: act.c.at >= at,
    "raised": lambda at: or_(raised.c.at >= at, raised.c.decided_at >= at),
}
"""What of each kind came, or changed, then or later. No index leads there: all rows are read, in the order they came."""


def columns(kind: str) -> list[str]:
    return [name for name in KINDS[kind][0].selected_columns.keys() if name != "at_id"]  # noqa: SIM118  (it is no dict)


def answers(tx: Connection, workspace: str, names: Sequence[tuple[str, str]]) -> Sequence[AnyRow]:
    """Returns the exported rows of `feedback` for these answers, each named by its source and its id there."""
    these = tuple_(feedback.c.source, feedback.c.external_id).in_(names)
    return tx.execute(_ANSWERS.where(feedback.c.workspace == workspace, these)).all()


def last(tx: Connection, kind: str) -> int:
    """Returns where the last row is, by which the pages go on; 0 if there is none. The index knows it: to count rows takes seconds
    where there are millions."""
    at: int | None = tx.execute(select(func.max(KINDS[kind][1]))).scalar_one()
    return at or 0


def after(tx: Connection, kind: str, at_id: int, many: int, since: datetime | None = None) -> tuple[int | None, Sequence[AnyRow]]:
    """Look through the next `many` rows after `at_id`, and no more: PostgreSQL ends a statement that takes seconds. Returns where
    the last of them is, None if there was none, and these rows, each with its own `at_id` first; only those of SINCE if `since` is
    given."""
    statement, goes_on_by = KINDS[kind]
    upcoming = select(goes_on_by.label("id")).where(goes_on_by > at_id).order_by(goes_on_by).limit(many).subquery()
    until: int | None = tx.execute(select(func.max(upcoming.c.id))).scalar_one()
    if until is None:
        return None, ()
    new = () if since is None else (SINCE[kind](since),)
    return until, tx.execute(statement.where(goes_on_by > at_id, goes_on_by <= until, *new)).all()
