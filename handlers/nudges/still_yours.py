"""The question “still yours?”: when it is put to the owner of a late claim, and whether a reminder is that question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import cases, ladder
from handlers.case import Case, State
from handlers.company import Company
from handlers.ladder import Role
from handlers.nudges import steps
from handlers.nudges.steps import Kind
from storage import act_log
from storage.act_log import Act
from storage.prepared import AnyRow


def ask(tx: Connection, company: Company, said: Sequence[tuple[AnyRow, Case]], now: datetime) -> None:
    """Mark claims past their promise and without contact as asked: unless the owner answers, they are released when the next
    working day begins."""
    listed = [case.id for row, case in said if steps.kind_of(row.step) is Kind.LISTED and _in_question(row, case)]
    asked = act_log.last_times(tx, listed, ("asked", "keep"))
    for row, case in said:
        if not _in_question(row, case) or case.asked_at is not None:
            continue
        if steps.kind_of(row.step) is Kind.LISTED and not _is_time(company, case, asked.get(case.id), now):
            continue
        _ask_about(tx, company, row, case, now)


def _ask_about(tx: Connection, company: Company, row: AnyRow, case: Case, now: datetime) -> None:
    columns: dict[str, Any] = {"asked_at": now}
    hours, team = company.hours_of(case.team, case.route), company.teams[case.team]
    columns["next_look_at"] = ladder.climb(cases.changed(case, columns), team.ladder, hours, now).next_look_at
    act = Act(row.workspace, case.id, "asked", now, set=columns, detail={"who": row.person_id})
    if act_log.carry_out(tx, act, case.version) is not None:
        return
    anew = cases.read(tx, case.id)  # somebody did something at the same moment: a note answers nothing
    same = anew is not None and anew.owner == case.owner and anew.promises == case.promises
    if anew is not None and same and _in_question(row, anew) and anew.asked_at is None:
        _ask_about(tx, company, row, anew, now)


def _is_time(company: Company, case: Case, asked_at: datetime | None, now: datetime) -> bool:
    """Returns whether the daily list asks: this owner was not asked yet, as the step of the ladder was passed already or they had
    all their nudges; or another full promise has passed since they were asked, or said that it is theirs."""
    if asked_at is None or case.claimed_at is None or asked_at < case.claimed_at:
        return True
    promise = company.promise_of(case.team, case.route)
    return company.hours_of(case.team, case.route).after(asked_at, promise.close) <= now


def _in_question(row: AnyRow, case: Case) -> bool:
    claimed = case.state is State.CLAIMED and case.contacted_at is None
    late = row.role == Role.OWNER and steps.kind_of(row.step) in (None, Kind.LISTED) and row.due_at > case.close_by
    return claimed and late


def asks(row: AnyRow, case: Case) -> bool:
    """Returns whether a reminder is the question “still yours?”; for a line of the daily list, only while that very line waits for
    an answer."""
    listed = steps.kind_of(row.step) is Kind.LISTED
    return _in_question(row, case) and (not listed or (case.asked_at is not None and case.asked_at == row.sent_at))


def said_before(row: AnyRow, case: Case, heard: Sequence[AnyRow]) -> bool:
    """Returns whether the same person was reminded like this before, so that the wording must differ."""
    kind, passed_on = steps.kind_of(row.step), steps.is_passed_on(row.step)
    same = ("sent", row.follow_up_id, row.person_id)
    before = [each for each in heard if (each.state, each.follow_up_id, each.person_id) == same and each.bundle_id < row.bundle_id]
    if kind is Kind.LISTED:
        return asks(row, case) and any(_in_question(each, case) for each in before)
    if kind not in steps.NUDGES:
        return False
    return any(
        each.role == row.role
        and steps.kind_of(each.step) in steps.NUDGES
        and (steps.kind_of(each.step) is Kind.HELP) == (kind is Kind.HELP)
        and (row.role != Role.OWNER or passed_on or (each.due_at > case.close_by) == (row.due_at > case.close_by))
        for each in before
    )
