"""When somebody is away, their reminders go to whoever stands in for them, who may take their customers over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases
from handlers.case import Case
from handlers.ladder import Role
from handlers.nudges import steps
from handlers.nudges.limit import MOST_NUDGES, add_within_limit, nudge, nudged
from storage import act_log, followups, messages, nudges, people
from storage.act_log import Act
from storage.prepared import AnyRow

AT_ONCE = 50
"""People who come back in one unit of work."""
MOST_OWNED = 100
"""The most follow-ups of one person that are looked at together."""


def is_away(person: AnyRow, now: datetime) -> bool:
    return person.away_until is not None and person.away_until > now


def pass_on(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> bool:
    """Give a reminder to those who stand in for `person`. Returns False if nobody does, and it stays theirs."""
    role = Role(row.role)
    whom = stand_ins(tx, case.team, role, person, now)
    owner = people.selves(tx, [case.owner.id], whom) if case.owner and role is not Role.OWNER else ()
    whom = [id for id in whom if id not in owner]
    if not whom:
        return False
    told, step = _told_themselves(tx, row, whom), steps.passed_on(row.step, role)
    again = [nudge(row.workspace, case, step, role, id, now) for id in whom if id not in told]
    add_within_limit(tx, [each | {"due_at": row.due_at, "send_at": now} for each in again])
    if role is Role.OWNER:
        _say_so(tx, row, case, person, now)
    return True


def stand_ins(tx: Connection, team: str, role: Role, person: AnyRow, now: datetime) -> Sequence[int]:
    """Returns who stands in: the person they named, else those with the same role, else the team's backup, else its leader. Anybody
    away is left out, and they themselves in every chat; the first group with somebody present counts. For whoever usually looks
    after a customer only the person they named does: nobody of the team owes the customer a word for their sake."""
    duty = nudges.on_duty(tx) if role is not Role.COLLEAGUE else {}
    named = [person.forward_to] if person.forward_to else []
    groups = (named, duty.get((team, role), []), duty.get((team, Role.BACKUP), []), duty.get((team, Role.LEADER), []))
    themselves = people.selves(tx, [person.id], [id for ids in groups for id in ids])
    for ids in groups:
        known = people.by_ids(tx, [id for id in ids if id not in themselves])
        if there := [id for id in ids if id in known and not is_away(known[id], now)]:
            return there
    return ()


def _told_themselves(tx: Connection, row: AnyRow, whom: Sequence[int]) -> Collection[int]:
    """Returns those who already got the same step themselves, because they have the same role."""
    return nudges.had(tx, row.follow_up_id, row.promise, row.step, whom) if row.role != Role.OWNER else ()


def _say_so(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> None:
    """Mark the case as asking for help, so that the stand-in can take it over with one tap."""
    if case.help_at is not None:
        return
    act = Act(row.workspace, case.id, "is_away", now, set={"help_at": now}, detail={"who": person.id})
    if act_log.carry_out(tx, act, case.version) is None:
        anew = cases.read(tx, case.id)  # somebody did something at the same moment
        if anew is not None and anew.owner is not None and case.owner is not None and anew.owner.id == case.owner.id:
            _say_so(tx, row, anew, person, now)
        return
    messages.want_again(tx, case.id)


def end_absences(tx: Connection, now: datetime) -> int:
    """End the absence of those who are back by now and whose customers somebody was asked to take over. Returns how many, at most
    AT_ONCE. A unit of its own: the one that sends reminders locks all its people first, in order."""
    there = followups.owners_back(tx, now, AT_ONCE)
    for person in there:
        people.prefer(tx, person.id, {"away_until": None, "forward_to": None})
        back(tx, person, now)
    return len(there)


def back(tx: Connection, person: AnyRow, now: datetime) -> None:
    """Give somebody who is back the reminders that wait for those who stood in, and take back that their cases ask for help, where
    that was said because they were away."""
    owned = followups.owned_by(tx, person.id, MOST_OWNED)
    if owned:
        _give_back(tx, person, [row.id for row in owned], now)
    asking = [row for row in owned if row.help_at is not None]
    away_since = act_log.last_times(tx, [row.id for row in asking], ("is_away",))
    for row in asking:
        act = Act(row.workspace, row.id, "is_back", now, set={"help_at": None}, detail={"who": person.id})
        if away_since.get(row.id) == row.help_at and act_log.carry_out(tx, act, row.version) is not None:
            messages.want_again(tx, row.id)


def _give_back(tx: Connection, person: AnyRow, owned: Sequence[int], now: datetime) -> None:
    lent = [row for row in nudges.waiting_about(tx, owned) if steps.is_passed_on(row.step)]
    if not lent:
        return
    nudges.take_back(tx, [row.id for row in lent])  # whoever leaves again before they hear of it passes it on once more
    had = nudged(tx, owned, [person.id])
    for follow_up_id, promise, step in {(row.follow_up_id, row.promise, steps.own(row.step)) for row in lent}:
        if steps.kind_of(step) not in steps.NUDGES or had.about(follow_up_id, person.id) < MOST_NUDGES:
            nudges.wait_again(tx, person.id, follow_up_id, promise, step, now)
