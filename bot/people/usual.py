"""Finds out whose customers wait: a directory names their usual colleague by e-mail, and the chats know who that is."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from bot.chats import CannotPost, Chat, Throttled
from bot.latest import Latest
from bot.logs import broken
from bot.people.duties import AGAIN_S, SOON_S, Unmet, each_once, linked, look_up, parted_from, remembered
from handlers.company import Company
from handlers.feedback import Person, Place, address_in
from handlers.ladder import Role
from handlers.nudges.clock_look import Usual
from handlers.team import Team
from storage import looks, people
from storage.database import Store, Unavailable

log = structlog.get_logger()

PATIENCE_S = 10.0
"""Seconds to wait for the chats' answers, because the ladder waits for them."""
MOST_ASKED, IN_S = 20, 60.0
"""Addresses that are asked about in so many seconds. They come with data, so there may be any number of them; Slack looks up about
fifty a minute for all replicas, and those of leaders are among them."""
KEPT = 5000
"""Addresses whose answers, and whose being unknown, are remembered."""

ChatNames = tuple[str, ...]
Question = tuple[ChatNames, str]
"""Whose an address is, asked of these chats."""


class _Waiting(NamedTuple):
    """For which team somebody is looked for, and a follow-up of one of their customers."""

    team: str
    follow_up: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whom the chats know by an address, which of these have removed the bot from their private chats, and when to ask again."""

    people: Sequence[Person]
    parted: Collection[Place]
    again_s: float


class UsualColleagues:
    """Asks the chats for each e-mail once an hour, and only for customers of whom the ladder may tell their usual colleague.
    `seconds` is a monotonic clock."""

    def __init__(self, store: Store, patience_s: float = PATIENCE_S, seconds: Callable[[], float] = time.monotonic) -> None:
        self._store, self._patience_s, self._seconds = store, patience_s, seconds
        self._unmet: Unmet = set()
        self._answers = Latest[Question, _Answer](KEPT)
        self._asked_s = deque[float](maxlen=MOST_ASKED)
        self._rest_until_s: dict[ChatNames, float] = {}
        """When chats that did not answer, or asked to wait, are asked again."""

    async def of_those_due(self, chats: Mapping[str, Chat], company: Company, now: datetime) -> Usual:
        """Returns who usually looks after the customers that the ladder looks at now. Raises Unavailable."""
        teams = [team.name for team in company.teams.values() if any(step.role is Role.COLLEAGUE for step in team.ladder)]
        due = await self._store.read(looks.whose_are_due, teams, now) if teams else ()
        wanted = {(row.team, address): row.first for row in due if (address := address_in(row.owner)) is not None}
        asked = {key: (_chats_of(company.teams[key[0]]), key[1]) for key in sorted(wanted)}
        heard = await self._hear(chats, company, {about: _Waiting(key[0], wanted[key]) for key, about in asked.items()})
        return {(team, address): _told(company.teams[team], address, heard[asked[team, address]]) for team, address in asked}

    async def _hear(
        self, chats: Mapping[str, Chat], company: Company, about: Mapping[Question, _Waiting]
    ) -> Mapping[Question, _Answer]:
        """Returns whom the chats know by these addresses, each wanted by a team. Of those that may not be asked about now, whoever
        is known already counts; nobody else would be told without asking, so the others are asked about first."""
        heard = {each: known for each in about if (known := self._answers.get(each)) and self._seconds() < known.again_s}
        stale = [each for each in about if each not in heard]
        before = await self._store.read(_met_before, stale) if stale else {}
        until = asyncio.get_running_loop().time() + self._patience_s
        left = []
        for each in sorted(stale, key=lambda each: bool(before[each])):
            if self._may_ask(each):
                heard[each] = self._answers[each] = await self._ask(chats, company, about[each], each, before[each], until)
            else:
                left.append(each)
        if left:
            log.warning("usual.not_asked", number=len(left), note="only those are told who are known already")
            parted = await parted_from(chats, [who for each in left for who in before[each]])
            heard |= {each: _Answer(before[each], parted, 0.0) for each in left}
        return heard

    def _may_ask(self, about: Question) -> bool:
        now = self._seconds()
        rests = now < self._rest_until_s.get(about[0], 0.0)
        return not rests and (len(self._asked_s) < MOST_ASKED or now - self._asked_s[0] >= IN_S)

    async def _ask(
        self, chats: Mapping[str, Chat], company: Company, waits: _Waiting, about: Question, before: Sequence[Person], until: float
    ) -> _Answer:
        """Returns whom the chats know by an address; while one cannot tell, also whom we know by it `before`."""
        asked, address = about
        self._asked_s.append(self._seconds())
        if len(self._unmet) >= KEPT:
            self._unmet.clear()
        found: list[Person] = []
        sure = False
        try:
            async with asyncio.timeout_at(until):
                found, doubt = await look_up(chats, company, waits.team, address, asked, self._unmet, waits.follow_up)
            sure = doubt is None
            if isinstance(doubt, Throttled | CannotPost):
                self._rest_until_s[asked] = self._seconds() + min(doubt.seconds, SOON_S)
        except TimeoutError:
            self._rest_until_s[asked] = self._seconds() + SOON_S  # or each tick would wait as long for the next address
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of ours about one colleague must not stop all reminders
            log.error("usual.broken", **waits._asdict(), **broken(error))
        known = await self._store.write(_remembered, found) if found else []
        known += await self._store.read(linked, [address], asked) if sure else before
        return _Answer(known, await parted_from(chats, known), self._seconds() + (AGAIN_S if sure else SOON_S))


def _chats_of(team: Team) -> ChatNames:
    return tuple(dict.fromkeys(place.chat for place in team.channels))


def _met_before(tx: Connection, about: Collection[Question]) -> dict[Question, list[Person]]:
    """Returns whom we know by these addresses, in the chats that would be asked."""
    known: dict[str, list[Person]] = {address: [] for _, address in about}
    for row in people.by_emails(tx, known):
        who = Person(row.chat, row.workspace, row.user_id, row.name, row.id, row.linked_email or row.email)
        for address in people.mails(row) & known.keys():
            known[address].append(who)
    return {(asked, address): [who for who in known[address] if who.chat in asked] for asked, address in about}


def _remembered(tx: Connection, found: Sequence[Person]) -> list[Person]:
    return [remembered(tx, person) for person in found]


def _told(team: Team, address: str, heard: _Answer) -> Sequence[int]:
    """Returns the ids of these people, as far as they are where the team is: what it hears is for nobody elsewhere."""
    known = [who for who in heard.people if team.reaches(who)]
    return list(dict.fromkeys(who.id for who in each_once(known, [address], team.channels, heard.parted) if who.id is not None))
