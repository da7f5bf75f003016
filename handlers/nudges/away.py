"""Somebody is away: whoever stands in for them hears of their customers, and may take them over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers.feedback import Case
from handlers.nudges.ladder import Role
from handlers.nudges.measure import add_within_measure
from storage import act_log, followups, messages, nudges, people
from storage.prepared import AnyRow

PASSED_ON = "-for-owner"
"""How the step ends of a reminder that reaches somebody in place of the owner; `-for-leader` and so on for the others."""


def is_away(person: AnyRow, now: datetime) -> bool:
    return person.away_until is not None and person.away_until > now


def pass_on(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> bool:
    """Give a reminder to those who stand in for `person`; False where nobody does, and it stays theirs."""
    role, owner = Role(row.role), case.owner.id if case.owner else None
    whom = [id for id in stand_ins(tx, case.team, role, person, now) if role is Role.OWNER or id != owner]
    if not whom:
        return False
    again = {name: getattr(row, name) for name in ("workspace", "follow_up_id", "promise", "role", "due_at")}
    suffix = f"-for-{role}"
    step = row.step.removesuffix(suffix) + suffix  # the same for all who get it in turn: nobody gets it back
    fresh = {"state": "waiting", "send_at": now, "sent_at": None, "off_hours": False, "step": step}
    told = _told_themselves(tx, row, whom)
    add_within_measure(tx, [again | fresh | {"audience": f"person:{id}", "person_id": id} for id in whom if id not in told])
    if role is Role.OWNER:
        _say_so(tx, row, case, person, now)
    return True


def stand_ins(tx: Connection, team: str, role: Role, person: AnyRow, now: datetime) -> Sequence[int]:
    """Whom they named, else who has the same role, else the team's backup, else its leader: the first of these who are there."""
    duty = nudges.on_duty(tx)
    named = [person.forward_to] if person.forward_to else []
    groups = (named, duty.get((team, role), []), duty.get((team, Role.BACKUP), []), duty.get((team, Role.LEADER), []))
    for ids in groups:
        known = people.by_ids(tx, [id for id in ids if id != person.id])
        if there := [id for id in ids if id in known and not is_away(known[id], now)]:
            return there
    return ()


def _told_themselves(tx: Connection, row: AnyRow, whom: Sequence[int]) -> Collection[int]:
    """Those of them whom the same step told already, because they have the same role."""
    return nudges.had(tx, row.follow_up_id, row.promise, row.step, whom) if row.role != Role.OWNER else ()


def _say_so(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> None:
    """The card asks for a hand, so that the stand-in can take it over with one tap."""
    if case.help_at is not None or not followups.change(tx, case.id, case.version, {"help_at": now}):
        return
    base = {"workspace": row.workspace, "follow_up_id": case.id, "person_id": None, "verb": "is_away", "at": now}
    act_log.write(tx, [base | {"set": {"help_at": now, "version": case.version + 1}, "detail": {"who": person.id}}])
    messages.want_again(tx, case.id)
