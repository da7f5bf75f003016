"""Marks follow-ups as late, and carries out the steps of the ladder. Idempotent: may run twice, late, on any replica."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import cases, ladder, wanted
from handlers.arrivals import late_update
from handlers.calendar.hours import OpeningHours
from handlers.case import State
from handlers.company import Company
from handlers.feedback import address_in
from handlers.ladder import Climb, Role, Rung
from handlers.nudges import steps
from handlers.nudges.limit import add_within_limit, nudge
from handlers.nudges.steps import Kind
from handlers.situation import AFRESH, UNCLAIMED
from handlers.team import Team
from handlers.wanted import ToldInThread
from storage import act_log, looks, messages, nudges, people
from storage.act_log import Act
from storage.messages import Wanted
from storage.prepared import AnyRow

BATCH = 200
ENDED = (State.CLOSED, State.DISMISSED)
"""Looked at only where their customer was let down again, as heard by a process that does not know the team."""


Usual = Mapping[tuple[str, str], Sequence[int]]
"""The ids of those whom a directory names as usually looking after a customer, by (team, e-mail), as far as the chats know them."""


@dataclass(slots=True)
class _Seen:
    """What one look found, to be written with a few statements."""

    looked: list[dict[str, Any]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    nudges: list[dict[str, Any]] = field(default_factory=list)
    lines: list[tuple[AnyRow, Team]] = field(default_factory=list)
    cards: list[Wanted] = field(default_factory=list)
    posted: dict[int, Team] = field(default_factory=dict)
    anew: list[int] = field(default_factory=list)
    opened: dict[tuple[str, datetime], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Duty:
    """Who has which role `by_team`, and which of them are the same person as an owner (`same`), who may have the case in another
    chat than that in which they are told of others. `usual` is who usually looks after a customer."""

    by_team: Mapping[tuple[str, str], Sequence[int]]
    usual: Usual
    same: Mapping[int, Collection[int]]

    def who(self, row: AnyRow, role: Role) -> Sequence[int]:
        """Returns whom a step for this role reaches: nobody is told of their own case as if it were a colleague's."""
        if role is Role.OWNER:
            return [row.owner_id] if row.owner_id else []
        if role is Role.COLLEAGUE:
            known = self.usual.get((row.team, address_in(row.whose) or ""), ())
        else:
            known = self.by_team.get((row.team, role), ())
        return [id for id in known if id not in self.same.get(row.owner_id, ())]


def _duty(tx: Connection, rows: Sequence[AnyRow], usual: Usual) -> _Duty:
    duty, teams = nudges.on_duty(tx), {row.team for row in rows}
    owners = {row.owner_id for row in rows if row.owner_id is not None}
    told = {id for known in (duty, usual) for (team, _), ids in known.items() if team in teams for id in ids}
    return _Duty(duty, usual, people.same(tx, owners, told) if owners and told else {})


def look(tx: Connection, company: Company, now: datetime, usual: Usual | None = None) -> int:
    """Look at the follow-ups that are due. Returns how many, at most BATCH. One whose team is missing stays due: ops may put
    the team back, or another replica was started with an app.yaml that has it."""
    usual = usual or {}
    rows = looks.to_look_at(tx, company.teams, now, BATCH)
    if turned := _look_at(tx, company, rows, usual, now):  # one that comes back late is reported together with all others
        again = looks.to_look_at(tx, company.teams, now, BATCH)
        _look_at(tx, company, [row for row in again if row.id in turned], usual, now)
    return len(rows)


def _look_at(tx: Connection, company: Company, rows: Sequence[AnyRow], usual: Usual, now: datetime) -> set[int]:
    """Returns the ids of those that came back: they have another state now, and need another look."""
    turned: set[int] = set()
    if not rows:
        return turned
    seen, duty = _Seen(), _duty(tx, rows, usual)
    for row in rows:
        team = company.teams[row.team]
        hours = company.hours_of(row.team, row.route)
        if row.state in ENDED:
            case = cases.read(tx, row.id)
            assert case is not None
            late_update.reopen(tx, company, case, team, now)
        elif row.is_test and ladder.test_ends(row, hours) < now:
            _end_test(tx, row, now)
        elif not hours.is_open(now) and not _wait_is_over(row, now):
            _rest(seen, row, hours, now)
        elif (turn := _turn(row, hours, now)) is not None:
            _turns(tx, row, team, company, turn, now)
            turned.add(row.id)
        else:
            _see(seen, row, team, hours, duty, now)
    _write(tx, company, seen, now)
    return turned


def _turn(row: AnyRow, hours: OpeningHours, now: datetime) -> str | None:
    """Returns which of its states ends by time alone: the wait for the customer, or a claim that nobody confirmed; else None."""
    if _wait_is_over(row, now):
        return "looked_again"
    ends = ladder.let_go_of(row, hours)
    return "let_go" if ends is not None and ends < now else None


def _wait_is_over(row: AnyRow, now: datetime) -> bool:
    """Returns whether a wait for the customer has ended. Before, the clock looks only at one whose card waits for the opening."""
    return bool(row.state == State.WAITING and (row.quiet_until is None or row.quiet_until <= now))


def _turns(tx: Connection, row: AnyRow, team: Team, company: Company, verb: str, now: datetime) -> None:
    case = cases.read(tx, row.id)
    assert case is not None
    columns: dict[str, Any] = {**UNCLAIMED, **AFRESH} if verb == "let_go" else {"state": State.CLAIMED, "quiet_until": None}
    columns["state_since"] = now
    after = cases.changed(case, columns)
    columns["next_look_at"] = ladder.next_look(after, team.ladder, company.hours_of(row.team, row.route), now)
    act = Act(row.workspace, row.id, verb, now, set=columns, detail={"was": row.owner_id})
    if (act_id := act_log.carry_out(tx, act, row.version)) is None:
        return  # somebody tapped at the same moment; their change wins
    step = steps.name(Kind.LET_GO if verb == "let_go" else Kind.WAITED, row.version)
    nudges.add(tx, [nudge(row.workspace, row, step, Role.OWNER, row.owner_id, now)])
    lines = wanted.in_thread(tx, team, case, act_id) if verb == "let_go" else []
    messages.want(tx, lines, now, again=[row.id])


def _end_test(tx: Connection, row: AnyRow, now: datetime) -> None:
    """What *Send a test* made up is no customer, so it needs nobody to say that it is over."""
    columns = {**AFRESH, "state": State.DISMISSED, "reason": "test", "closed_at": now, "state_since": now, "next_look_at": None}
    if act_log.carry_out(tx, Act(row.workspace, row.id, "test_over", now, set=columns), row.version) is not None:
        messages.want(tx, [], now, again=[row.id])


def _rest(seen: _Seen, row: AnyRow, hours: OpeningHours, now: datetime) -> None:
    """The team is closed. Steps that became due at closing time, or while the bot was down, speak at the opening; only lateness is
    recorded now, or when the promise ends: in hours that were open when it was made."""
    deadline = row.claim_by if row.state == State.NEW else row.close_by
    late = row.next_look_at <= deadline < now
    if late:
        seen.anew.append(row.id)
    at = hours.next_opening(now)
    if row.state != State.WAITING and now <= deadline:
        at = min(at, deadline)
    seen.looked.append(_columns(row, next_look_at=at))
    verb = "became_late" if late else "looked"
    seen.acts.append(Act(row.workspace, row.id, verb, now, set={"next_look_at": at}))


def _see(seen: _Seen, row: AnyRow, team: Team, hours: OpeningHours, duty: _Duty, now: datetime) -> None:
    """Note what a look at one follow-up changes."""
    climb = ladder.climb(row, team.ladder, hours, now)
    deadline = row.claim_by if row.state == State.NEW else row.close_by
    late = row.next_look_at <= deadline < now
    held = row.held_until is not None
    if held:
        seen.cards += [wanted.card(row.id, place, n) for n, place in enumerate(team.channels)]
        seen.posted[row.id] = team
        seen.opened[row.team, row.held_until] = seen.opened.get((row.team, row.held_until), 0) + 1
    if deadline < now and (late or climb.speaks):  # before its promise ends, a card shows nothing that time changes
        seen.anew.append(row.id)
    passed = "rungs_unclaimed" if row.state == State.NEW else "rungs_claimed"
    changes = {"next_look_at": climb.next_look_at, passed: climb.passed, **({"held_until": None} if held else {})}
    verb = "became_late" if late else "nudged" if climb.speaks else "posted" if held else "looked"
    spoken = next((rung for rung in climb.speaks if rung.step.role is Role.THREAD), None)
    waited = {"heard": True} if row.contacted_at is not None else {"waited": round((now - row.waits_since).total_seconds())}
    detail = {"steps": [rung.name for rung in climb.speaks]} | (
        {"says": spoken.name, "phase": spoken.step.phase, "after": spoken.step.after} | waited if spoken else {}
    )
    seen.looked.append(_columns(row, **changes))
    seen.acts.append(Act(row.workspace, row.id, verb, now, set=changes, detail=detail))
    if spoken and not held:
        seen.lines.append((row, team))
    seen.nudges += _asked_for(row, climb, duty, deadline, hours, now)


def _asked_for(
    row: AnyRow, climb: Climb, duty: _Duty, deadline: datetime, hours: OpeningHours, now: datetime
) -> list[dict[str, Any]]:
    """Returns the private reminders that the passed steps ask for; beyond the last step, a line of the list of that working day."""
    asked = [each for rung in climb.speaks for each in _of_rung(row, rung, duty, now)]
    if climb.speaks or not climb.at_the_top or row.next_look_at <= deadline or row.held_until is not None:
        return asked
    role = Role.OWNER if row.owner_id else Role.LEADER
    listed = steps.name(Kind.LISTED, hours.day_of(now))
    return [nudge(row.workspace, row, listed, role, person_id, now) for person_id in duty.who(row, role)]


def _of_rung(row: AnyRow, rung: Rung, duty: _Duty, now: datetime) -> list[dict[str, Any]]:
    role = rung.step.role
    if role is Role.THREAD:
        return [nudge(row.workspace, row, rung.name, role, None, now)]
    known = duty.who(row, role)
    if not known and role is Role.COLLEAGUE:
        return []  # few customers have one, so that is no mistake that somebody should look for
    if not known:
        return [nudge(row.workspace, row, rung.name, role, None, now) | {"state": "unaddressed", "audience": f"unknown:{role}"}]
    return [nudge(row.workspace, row, rung.name, role, person_id, now) for person_id in known]


def _columns(row: AnyRow, **changes: Any) -> dict[str, Any]:
    return {"looked": row.id} | {name: changes.get(name, getattr(row, name)) for name in looks.LOOKED}


def _say_once(tx: Connection, seen: _Seen) -> None:
    """Drop the lines that a thread has read already. A step comes up again where others before it in the ladder came or went since:
    ops changed it, or the customer's worth became known."""
    if not seen.lines:
        return
    said = nudges.said_in_threads(tx, [row.id for row, _ in seen.lines])
    details = {act.follow_up_id: act.detail for act in seen.acts}
    again = {row.id for row, _ in seen.lines if (row.id, row.promises, details[row.id]["says"]) in said}
    seen.lines = [(row, team) for row, team in seen.lines if row.id not in again]
    for each in again:
        del details[each]["says"]


def _write(tx: Connection, company: Company, seen: _Seen, now: datetime) -> None:
    _say_once(tx, seen)
    looks.looked(tx, seen.looked)
    acts = act_log.write_each(tx, seen.acts)
    lines = wanted.lines(tx, [ToldInThread(team, row.id, acts[row.id], open=True) for row, team in seen.lines])
    lines += wanted.noted_before(tx, seen.posted)
    add_within_limit(tx, seen.nudges)
    several = [(company.teams[team], at) for (team, at), number in seen.opened.items() if number > 1]
    greetings = [line for team, at in several for line in wanted.opening(team, at)]
    messages.want(tx, [*greetings, *seen.cards, *lines], now, again=seen.anew)
