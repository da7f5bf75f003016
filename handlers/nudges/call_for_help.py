"""When somebody asks for a hand: besides the channel, those who may take over or reassign the case are told privately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers.case import Case
from handlers.ladder import Role
from handlers.nudges import steps
from handlers.nudges.limit import add_within_limit, nudge
from handlers.nudges.steps import Kind
from storage import nudges, people


def call_for_help(tx: Connection, workspace: str, case: Case, act_id: int, asker_id: int | None, now: datetime) -> None:
    """Add it to the next bundle of the team's backup, else of its leader; not for the person who asks or the owner. Skips
    whoever has already had the most nudges that anybody gets about one case."""
    concerned = {id for id in (asker_id, case.owner.id if case.owner else None) if id is not None}
    duty = nudges.on_duty(tx)
    for role in (Role.BACKUP, Role.LEADER):
        on_duty = duty.get((case.team, role), ())
        knowing = people.selves(tx, concerned, on_duty)
        whom = [id for id in on_duty if id not in knowing]
        step = steps.name(Kind.HELP, act_id)
        if add_within_limit(tx, [nudge(workspace, case, step, role, id, now) for id in whom]):
            return
