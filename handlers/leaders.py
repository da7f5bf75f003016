"""Who leads a team, and so decides about its follow-ups, its posts and what is raised."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from handlers import colleagues
from handlers.company import Company
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.nudges import away
from handlers.team import Team
from storage import nudges, people


def of(tx: Connection, team: Team) -> list[Person]:
    """Returns the team's leaders whom the chats know, whether or not they are away."""
    return [colleagues.person_of(tx, id) for id in nudges.on_duty(tx).get((team.name, Role.LEADER), ())]


def leading(tx: Connection, team: str, now: datetime) -> Collection[int]:
    """Returns the ids of the team's leaders whom the chats know, and of those who stand in for a leader who is away at `now`;
    for somebody known in several chats, the id that gets messages."""
    leaders = nudges.on_duty(tx).get((team, Role.LEADER), ())
    gone = [row for row in people.by_ids(tx, leaders).values() if away.is_away(row, now)]
    return {*leaders, *(id for row in gone for id in away.stand_ins(tx, team, Role.LEADER, row, now))}


def leads(tx: Connection, team: Team, who: Person, now: datetime) -> bool:
    """Returns whether a remembered person may decide for a team at `now`, in whichever chat."""
    return team.names_as_leader(who.email) or bool(people.selves(tx, leading(tx, team.name, now), [who.id]))


def led_teams(tx: Connection, company: Company) -> dict[int, list[Team]]:
    """Returns the teams led by each leader, by person id."""
    duty = nudges.on_duty(tx)
    led: dict[int, list[Team]] = {}
    for team in company.teams.values():
        for person_id in duty.get((team.name, Role.LEADER), ()):
            led.setdefault(person_id, []).append(team)
    return led
