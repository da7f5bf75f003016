"""Private reminders go out: one message a person and run, with all that waits for them. May run twice, late, on any replica."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers import cases, ladder, quiet, wanted
from handlers.feedback import Case, Person, State
from handlers.ladder import Role
from handlers.quiet import Wishes
from handlers.rules import Company, Team
from storage import followups, messages, nudges, people
from storage.database import AnyRow

AT_ONCE = 50
"""People served by one unit of work."""


@dataclass(slots=True)
class _Ready:
    """What one person gets now."""

    person: AnyRow
    team: Team
    nudges: list[tuple[AnyRow, Case]] = field(default_factory=list)


def send_bundles(tx: Connection, company: Company, now: datetime) -> int:
    """Send what is due to at most AT_ONCE people; answers how many of them there were."""
    due = nudges.due(tx, now, AT_ONCE)
    number = 0
    for person_id, mine in groupby(due, key=lambda row: row.person_id):
        number += 1
        person = people.by_id(tx, person_id)
        ready = _sort_out(tx, company, person, list(mine), now)
        if ready is not None:
            _send(tx, company, ready, now)
    return number


def _sort_out(tx: Connection, company: Company, person: AnyRow, due: Sequence[AnyRow], now: datetime) -> _Ready | None:
    """Drop what is no longer needed, put off what may not be said now, pass on what is for somebody who is away."""
    ready: _Ready | None = None
    wishes = wishes_of(person)
    for row in due:
        case = cases.read(tx, row.follow_up_id)
        team = company.teams.get(case.team) if case else None
        if case is None or team is None or not _still_needed(row, case):
            nudges.finish(tx, [_finished(row, "dropped", now)])
            continue
        if person.away_until and person.away_until > now and _passed_on(tx, row, case, person, now):
            continue
        hours = company.hours_of(case.team, case.route)
        at = quiet.may_hear(wishes, hours, team.bundle, lambda day: nudges.bundles_on(tx, person.id, day), now)
        if at is None:
            nudges.finish(tx, [_finished(row, "muted", now)])
            _ask(tx, company, row, case, now)
        elif at > now:
            nudges.put_off(tx, [row.id], at)
        else:
            ready = ready or _Ready(person, team)
            ready.nudges.append((row, case))
    return ready


def _still_needed(row: AnyRow, case: Case) -> bool:
    """Whether the reminder would still be true."""
    if not case.open or case.promises != row.promise:
        return False
    if row.role == Role.OWNER:
        mine = case.owner is not None and (case.owner.id == row.person_id or row.step.endswith("-for-owner"))
        return mine and (case.contacted_at is None or not row.step.startswith(ladder.Phase.QUIET))
    return case.contacted_at is None or row.step.startswith(nudges.LISTED)


def _passed_on(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> bool:
    """Somebody is away: whoever they named hears of it, else the team's backup, else its leader. Others may then take it over."""
    duty = nudges.on_duty(tx)
    stand_ins = (
        [person.forward_to] if person.forward_to else duty.get((case.team, "backup")) or duty.get((case.team, "leader")) or []
    )
    stand_ins = [id for id in stand_ins if id != person.id]
    if not stand_ins or row.role != Role.OWNER:
        return False
    again = {name: getattr(row, name) for name in ("workspace", "follow_up_id", "promise", "role", "due_at")}
    fresh = {"state": "waiting", "send_at": now, "sent_at": None, "off_hours": False, "step": f"{row.step}-for-owner"}
    nudges.add(tx, [again | fresh | {"audience": f"person:{id}", "person_id": id} for id in stand_ins])
    nudges.finish(tx, [_finished(row, "dropped", now)])
    if case.help_at is None and followups.change(tx, case.id, case.version, {"help_at": now}):
        followups.log(tx, [_act(row, "is_away", now, {"help_at": now, "version": case.version + 1}, {"who": person.id})])
        messages.want_again(tx, case.id)
    return True


def _send(tx: Connection, company: Company, ready: _Ready, now: datetime) -> None:
    person, hours = ready.person, ready.team.hours
    day = quiet.day_of(hours, now)
    number = nudges.bundles_on(tx, person.id, day) + 1
    bundle_id = nudges.open_bundle(tx, person.id, day, number, now)
    nudges.finish(
        tx,
        [_finished(row, "sent", now, bundle_id, off=not company.teams[case.team].hours.is_open(now)) for row, case in ready.nudges],
    )
    who = Person(person.chat, person.workspace, person.user_id, person.name, person.id, person.email)
    messages.want(tx, [wanted.bundle(bundle_id, who)], now)
    for row, case in ready.nudges:
        _ask(tx, company, row, case, now)


def _ask(tx: Connection, company: Company, row: AnyRow, case: Case, now: datetime) -> None:
    """A claim past its promise, without contact: from now on it needs an answer, or it is given back at the next opening."""
    if not asks(row, case) or case.asked_at is not None:
        return
    columns: dict[str, Any] = {"asked_at": now}
    hours = company.hours_of(case.team, case.route)
    columns["next_look_at"] = ladder.climb(cases.changed(case, columns), company.teams[case.team].ladder, hours, now).next_look_at
    if followups.change(tx, case.id, case.version, columns):
        followups.log(tx, [_act(row, "asked", now, columns | {"version": case.version + 1}, {"who": row.person_id})])


def asks(row: AnyRow, case: Case) -> bool:
    """Whether a reminder is the question “still yours?”."""
    nudge = row.role == Role.OWNER and not row.step.startswith((nudges.LISTED, nudges.REQUESTED))
    return nudge and case.state is State.CLAIMED and case.contacted_at is None and row.due_at > case.close_by


def wishes_of(person: AnyRow) -> Wishes:
    """How a person wants to be reminded, from their row."""
    zone = ZoneInfo(person.timezone) if person.timezone else None
    return Wishes(person.rhythm, person.paused_until, quiet.quiet_hours(person.quiet) if person.quiet else None, zone)


def items_of(tx: Connection, bundle_id: int) -> Iterator[tuple[AnyRow, Case]]:
    """What a bundle holds, as its cases are now."""
    for row in nudges.in_bundle(tx, bundle_id):
        case = cases.read(tx, row.follow_up_id)
        if case is not None:
            yield row, case


def _finished(row: AnyRow, state: str, now: datetime, bundle_id: int | None = None, *, off: bool = False) -> dict[str, Any]:
    return {"nudge": row.id, "becomes": state, "at": now if state == "sent" else None, "bundle": bundle_id, "off": off}


def _act(row: AnyRow, verb: str, now: datetime, changes: Mapping[str, Any], detail: Mapping[str, Any]) -> dict[str, Any]:
    base = {"workspace": row.workspace, "follow_up_id": row.follow_up_id, "person_id": None, "verb": verb, "at": now}
    return base | {"set": dict(changes), "detail": dict(detail)}
