"""Converts rows of storage to cases, the nouns that rules and cards use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from handlers.case import MOST_LOW, Case, State
from handlers.feedback import NOBODY, Band, Customer, Known, Metric, Moment, Person
from handlers.followup.handed_card import is_passed_on
from storage import act_log, followups
from storage.prepared import AnyRow

LOW_SCORES_COUNT = timedelta(days=90)
"""For how long an earlier low score of the same customer counts."""

_CONVERTED = ("state", "moment", "metric", "band", "scale", "tags", "customer", "owner")
_FROM_THE_LOG = ("earlier_low", "replied_by", "closed_by", "changed_since", "tries", "tried_at", "passed")
_AS_STORED = tuple(each.name for each in fields(Case) if each.name not in (*_CONVERTED, *_FROM_THE_LOG))


def read(tx: Connection, follow_up_id: int) -> Case | None:
    """Returns the case of a follow-up; None for an unknown id."""
    row = followups.case(tx, follow_up_id) if 0 < follow_up_id < 2**63 else None
    return case_of(row) if row is not None else None


def read_all(tx: Connection, follow_up_ids: Collection[int]) -> dict[int, Case]:
    """Returns several cases by follow-up id, read with one statement; none for none."""
    return {id: case_of(row) for id, row in followups.cases(tx, set(follow_up_ids)).items()} if follow_up_ids else {}


def changed(case: Case, columns: Mapping[str, Any]) -> Case:
    """Returns the case as it will be once these columns of its row are changed."""
    known = {name: value for name, value in columns.items() if name in _AS_STORED or name == "state"}
    return replace(case, **known)


def with_history(tx: Connection, case: Case) -> Case:
    """Returns the case with what the log knows: how many low scores the customer gave in the 90 days before it, counted up to
    MOST_LOW, whether it is open again because of what they said since its end, who was in touch with them and closed it, how often
    somebody tried, and how often it was passed on."""
    if case.customer_id is not None:
        low = followups.earlier_low(tx, case.customer_id, case.created_at, case.created_at - LOW_SCORES_COUNT, MOST_LOW)
        case = replace(case, earlier_low=low) if low else case
    if case.open and case.promises and (again := act_log.reopened(tx, case.id)) is not None:
        case = replace(case, changed_since=again.person_id is None)
    if case.taken_at is None and case.contacted_at is None and case.state is not State.CLOSED:
        return case  # nobody had it yet under this promise
    ends = act_log.ends(tx, case.id)
    replied = next((_did(row) for row in ends if row.at == case.contacted_at and row.verb in ("contacted", "wait", "close")), None)
    closed = next((_did(row) for row in reversed(ends) if row.verb == "close"), None)
    tries = [row.at for row in ends if row.verb == "tried" and row.at >= case.promised_at]
    passed = sum(is_passed_on(row.verb, row.detail) for row in ends if row.at >= case.promised_at)
    case = replace(case, tries=len(tries), tried_at=max(tries, default=None), passed=passed)
    return replace(case, replied_by=replied, closed_by=closed if case.state is State.CLOSED else None)


def case_of(row: AnyRow) -> Case:
    """Returns the case in a row of storage.followups."""
    return Case(
        **{name: getattr(row, name) for name in _AS_STORED},
        state=State(row.state),
        moment=Moment(row.moment),
        metric=Metric(row.metric),
        band=Band(row.band),
        scale=(row.worst, row.best),
        tags=tuple(row.tags),
        customer=said_by(row) if row.customer_id else NOBODY,
        owner=_owner(row) if row.owner_id else None,
    )


def said_by(row: AnyRow) -> Customer:
    """Returns the customer who gave an answer, from a row of storage.followups or storage.material."""
    return Known.model_construct(**{name: getattr(row, name) for name in Known.model_fields})


def _owner(row: AnyRow) -> Person:
    return Person(row.owner_chat, row.owner_workspace, row.owner_user_id, row.owner_name, row.owner_id, row.owner_email)


def _did(row: AnyRow) -> Person:
    return Person(row.chat, row.workspace, row.user_id, row.name, row.id)
