"""Finds out whose customers wait: a directory names their usual colleague by e-mail, and the chats know who that is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bot.chats import Chat
from bot.logs import broken
from bot.people.duties import AGAIN_S, SOON_S, Unmet, each_once, linked, look_up, parted_from, remembered
from handlers import colleagues
from handlers.company import Company
from handlers.feedback import Person, Place, address_in
from handlers.ladder import Role
from handlers.nudges.clock_look import Usual
from handlers.team import Team
from storage import followups, people
from storage.database import Store, Unavailable

log = structlog.get_logger()

PATIENCE_S = 10.0
"""Seconds to wait for the chats' answers, because the ladder waits for them."""


class UsualColleagues:
    """Asks the chats for each e-mail once an hour, and only for customers of whom the ladder may tell their usual colleague."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unmet: Unmet = set()
        self._known: dict[tuple[str, str], tuple[float, Sequence[int]]] = {}

    async def of_those_due(self, chats: Mapping[str, Chat], company: Company, now: datetime) -> Usual:
        """Returns who usually looks after the customers that the ladder looks at now. Raises Unavailable."""
        teams = [team.name for team in company.teams.values() if any(step.role is Role.COLLEAGUE for step in team.ladder)]
        due = await self._store.read(followups.whose_are_due, teams, now) if teams else ()
        until = asyncio.get_running_loop().time() + PATIENCE_S
        asked = sorted({(row.team, address) for row in due if (address := address_in(row.owner)) is not None})
        return {key: await self._who(chats, company, *key, until) for key in asked}

    async def _who(self, chats: Mapping[str, Chat], company: Company, team: str, address: str, until: float) -> Sequence[int]:
        again, known = self._known.get((team, address), (0.0, ()))
        if time.monotonic() < again:
            return known
        theirs = company.teams[team]
        asked = list(dict.fromkeys(place.chat for place in theirs.channels))
        try:
            async with asyncio.timeout_at(until):
                found, doubtful = await look_up(chats, company, team, address, asked, self._unmet)
        except TimeoutError:
            found, doubtful = [], True
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours about one colleague must not stop all reminders
            log.error("usual.broken", team=team, **broken(error))
            found, doubtful = [], True
        found += (
            await self._store.read(_met_before, theirs, address) if doubtful else await self._store.read(linked, [address], asked)
        )
        known = await self._store.write(_ids, theirs, address, found, await parted_from(chats, found))
        self._known[team, address] = time.monotonic() + (SOON_S if doubtful else AGAIN_S), known
        return known


def _met_before(tx: Connection, team: Team, address: str) -> list[Person]:
    """Returns whom we know by this address in the team's own chats: what a chat cannot tell stays as it was."""
    homes = {(place.chat, place.workspace) for place in team.channels}
    return [colleagues.person_of(tx, row.id) for row in people.by_email(tx, address, homes)]


def _ids(tx: Connection, team: Team, address: str, found: Sequence[Person], parted: Collection[Place]) -> Sequence[int]:
    """Returns the ids of these people, as far as they are where the team is: what it hears is for nobody elsewhere."""
    known = [remembered(tx, person) for person in found if team.reaches(person)]
    return list(dict.fromkeys(who.id for who in each_once(known, [address], team.channels, parted) if who.id is not None))
