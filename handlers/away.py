"""Somebody is away: whoever stands in for them hears of their customers, and may take them over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers.feedback import Case
from handlers.ladder import Role
from handlers.measure import add_within_measure
from storage import followups, messages, nudges, people
from storage.database import AnyRow

PASSED_ON = "-for-owner"
"""How the step ends of a reminder that reaches somebody in place of the owner."""


def is_away(person: AnyRow, now: datetime) -> bool:
    return person.away_until is not None and person.away_until > now


def pass_on(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> bool:
    """Give a reminder to those who stand in for `person`; False where nobody does, and it stays theirs."""
    whom = _stand_ins(tx, case.team, person, now) if row.role == Role.OWNER else ()
    if not whom:
        return False
    again = {name: getattr(row, name) for name in ("workspace", "follow_up_id", "promise", "role", "due_at")}
    step = row.step.removesuffix(PASSED_ON) + PASSED_ON  # the same for all who get it in turn: nobody gets it back
    fresh = {"state": "waiting", "send_at": now, "sent_at": None, "off_hours": False, "step": step}
    add_within_measure(tx, [again | fresh | {"audience": f"person:{id}", "person_id": id} for id in whom])
    _say_so(tx, row, case, person, now)
    return True


def _stand_ins(tx: Connection, team: str, person: AnyRow, now: datetime) -> Sequence[int]:
    """Whom they named, else the team's backup, else its leader: the first of these who are there themselves."""
    duty = nudges.on_duty(tx)
    named = [person.forward_to] if person.forward_to else []
    for ids in (named, duty.get((team, Role.BACKUP), []), duty.get((team, Role.LEADER), [])):
        known = people.by_ids(tx, [id for id in ids if id != person.id])
        if there := [id for id in ids if id in known and not is_away(known[id], now)]:
            return there
    return ()


def _say_so(tx: Connection, row: AnyRow, case: Case, person: AnyRow, now: datetime) -> None:
    """The card asks for a hand, so that the stand-in can take it over with one tap."""
    if case.help_at is not None or not followups.change(tx, case.id, case.version, {"help_at": now}):
        return
    base = {"workspace": row.workspace, "follow_up_id": case.id, "person_id": None, "verb": "is_away", "at": now}
    followups.log(tx, [base | {"set": {"help_at": now, "version": case.version + 1}, "detail": {"who": person.id}}])
    messages.want_again(tx, case.id)
