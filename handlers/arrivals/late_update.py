"""An answer that changes after its follow-up was opened: what that means for the card, the clock and the owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import cases, ladder, wanted
from handlers.case import Case, State
from handlers.company import Company
from handlers.nudges import steps
from handlers.nudges.limit import nudge
from handlers.nudges.steps import Kind
from handlers.situation import UNCLAIMED, promise_anew
from handlers.team import Team
from handlers.verbs.reopen import NOT_ENDED
from storage import act_log, followups, messages, nudges, personal
from storage.act_log import Act
from storage.prepared import AnyRow


def show_update(
    tx: Connection, company: Company, follow_up_id: int, at: datetime, *, said_more: bool, let_down_again: bool
) -> None:
    """Act on a late update that arrived at `at`: redraw the card, and what tells it to whoever has a later case of this customer;
    tell its thread and its owner where the customer said more. Unless they waited for just that, the owner is told once before and
    once after their contact: a tool may send many updates. One that ended is opened again where the customer is let down again
    since. What this process cannot do because it does not know the team is left to the next look of one that does."""
    row = followups.case(tx, follow_up_id)
    if row is None:
        return
    case, team = cases.case_of(row), company.teams.get(row.team)
    if not said_more:
        messages.want_again(tx, case.id)
    else:
        again = let_down_again and not case.open
        done = reopen(tx, company, case, team, at) if again and team else _told(tx, company, row, team, at, again=again)
        if not done:  # somebody tapped at the same moment: look again
            show_update(tx, company, follow_up_id, at, said_more=said_more, let_down_again=let_down_again)
            return
    if beside := personal.told_beside(tx, [case.id]):
        messages.show_anew(tx, beside)


def _told(tx: Connection, company: Company, row: AnyRow, team: Team | None, at: datetime, *, again: bool) -> bool:
    """Note what the customer said, and tell the thread and the owner; `again`: the clock is to open it again. Returns False if
    another was faster, and nothing happened."""
    case = cases.case_of(row)
    woken = _woken(company, case, team, at) if case.open and case.quiet_until is not None else {}
    columns = {"next_look_at": at} if again else woken
    act = Act(row.workspace, case.id, "updated", at, set=columns)
    act_id = act_log.carry_out(tx, act, case.version) if columns else act_log.write_one(tx, act)
    if act_id is None:
        return False
    if case.open and case.owner is not None:
        since = case.contacted_at or case.claimed_at or case.created_at
        step = steps.name(Kind.ANSWERED, act_id) if woken else steps.name(Kind.ADDED, f"{since:%Y%m%dT%H%M%S}")
        nudges.add(tx, [nudge(row.workspace, cases.changed(case, woken), step, ladder.Role.OWNER, case.owner.id, at)])
    told = case.owner is not None and case.open  # whoever is replying should not miss it
    lines = wanted.in_thread(tx, team, case, act_id) if told and team is not None else []
    messages.want(tx, lines, at, again=[case.id])
    return True


def reopen(tx: Connection, company: Company, case: Case, team: Team, at: datetime) -> bool:
    """Open an ended follow-up again, unclaimed and with a new promise, and tell the thread and whoever ended it. Returns False if
    another was faster."""
    columns: dict[str, Any] = {**NOT_ENDED, **promise_anew(company, case, at), **UNCLAIMED, "taken_at": None, "state_since": at}
    after = replace(cases.changed(case, columns), owner=None)
    columns["next_look_at"] = ladder.next_look(after, team.ladder, company.hours_of(case.team, case.route), at)
    act_id = act_log.carry_out(tx, Act(team.workspace, case.id, "reopen", at, set=columns), case.version)
    if act_id is None:
        return False
    if (ended := act_log.ended(tx, case.id)) is not None:
        step = steps.name(Kind.REOPENED, act_id)
        nudges.add(tx, [nudge(team.workspace, after, step, ladder.Role.OWNER, ended.person_id, at)])
    messages.want(tx, wanted.in_thread(tx, team, case, act_id), at, again=[case.id])
    if case.named_closer_id is not None:  # so that the leaders who were asked see that it is settled
        messages.show_anew(tx, messages.closings(tx, case.id))
    return True


def _woken(company: Company, case: Case, team: Team | None, at: datetime) -> dict[str, Any]:
    """Returns the columns that end the wait or snooze: the customer's answer is what the owner waited for."""
    columns: dict[str, Any] = {"quiet_until": None, "next_look_at": at}
    if case.state is State.WAITING:
        columns |= {"state": State.CLAIMED, "state_since": at}
    if team is not None:
        after, hours = cases.changed(case, columns), company.hours_of(case.team, case.route)
        columns["next_look_at"] = ladder.next_look(after, team.ladder, hours, at)
    return columns
