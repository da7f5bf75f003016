"""Finds out who leads, backs up and manages each team: app.yaml names them, the chats know who that is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import Connection

from bot.chats import Chat, Refused, Throttled, Unknown, Unreachable
from handlers import cases
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.rules import Company, Team
from storage import nudges
from storage.database import Store, Unavailable

log = structlog.get_logger()

AGAIN_S = 3600.0
"""Seconds after which the chats are asked again: people and user groups change."""
SOON_S = 60.0
"""The same, where a chat did not answer, or nobody is known yet: Microsoft Teams tells who is there once the bot is installed."""


Unmet = set[tuple[str, str]]
"""Whom no chat of their team knew when it was last asked, by team and name: said once, and not again at each asking."""


async def keep_duties(store: Store, chats: Mapping[str, Chat], company: Company) -> None:
    """Ask at the start and once an hour, for ever. What a chat cannot tell leaves what was known."""
    unmet: Unmet = set()
    while True:
        complete = await learn_duties(store, chats, company, unmet)
        await asyncio.sleep(AGAIN_S if complete else SOON_S)


async def learn_duties(store: Store, chats: Mapping[str, Chat], company: Company, unmet: Unmet) -> bool:
    """Ask once; answers whether everybody is known. `unmet` holds what was said of earlier askings, and then of this one."""
    complete = True
    for team in company.teams.values():
        for role, names in ((Role.LEADER, team.leader), (Role.BACKUP, team.backup), (Role.MANAGER, team.manager)):
            try:
                found = [person for name in names for person in await _found(chats, team, name, unmet)]
                await store.write(_put, team.name, role, found)
                complete = complete and (bool(found) or not names)
            except (Refused, Throttled, Unknown, Unreachable, Unavailable) as error:
                complete = False
                log.warning("duties.unknown", team=team.name, role=str(role), why=str(error))
    return complete


async def _found(chats: Mapping[str, Chat], team: Team, name: str, unmet: Unmet) -> list[Person]:
    """Whom a name means in the chats of the team: `slack:U…` in that chat only, an e-mail in each."""
    chat, colon, rest = name.partition(":")
    asked = [(chat, rest)] if colon else [(each, name) for each in dict.fromkeys(place.chat for place in team.channels)]
    found = [person for each, who in asked if each in chats for person in await chats[each].people(who)]
    if found:
        unmet.discard((team.name, name))
    elif (team.name, name) not in unmet:
        unmet.add((team.name, name))
        log.info("duties.nobody", team=team.name, name=name, note="no chat of this team knows them; nudges to them reach nobody")
    return found


def _put(tx: Connection, team: str, role: str, found: Sequence[Person]) -> None:
    nudges.put_on_duty(tx, team, role, [cases.remember(tx, person).id for person in found])
