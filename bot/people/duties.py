"""Finds out who leads, backs up and manages each team: app.yaml names them, and the chats know who they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from bot.chats import Chat, Trouble
from bot.logs import broken
from handlers import colleagues
from handlers.arranged.who_is_ops import COMPANY, DUTY
from handlers.company import Company
from handlers.feedback import Person, Place
from storage import nudges, people
from storage.database import Store, Unavailable

log = structlog.get_logger()

AGAIN_S = 3600.0
"""Seconds until the chats are asked again: people and user groups change."""
SOON_S = 60.0
"""Seconds until then if a chat did not answer, or nobody is known yet: MS Teams tells who is there once the bot is installed."""


Unmet = set[tuple[str, str]]
"""People, by team and name, that no chat of the team knew when last asked: logged once, and not each time."""


async def keep_duties(store: Store, chats: Mapping[str, Chat], company: Callable[[], Company], changed: asyncio.Event) -> None:
    """Ask at the start, once an hour, and when the company `changed`, for ever. What a chat cannot tell stays as it was."""
    unmet: Unmet = set()
    while True:
        changed.clear()
        complete = await learn_duties(store, chats, company(), unmet)
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), AGAIN_S if complete else SOON_S)


async def learn_duties(store: Store, chats: Mapping[str, Chat], company: Company, unmet: Unmet) -> bool:
    """Ask once. Returns whether everybody is known; while a chat could not be asked, whoever has a duty keeps it if they are still
    named for it. `unmet` holds who was unknown in earlier rounds, and is updated."""
    complete = True
    for team, role, names, asked in _duties(company, chats):
        try:
            looked = [await look_up(chats, company, team, name, asked, unmet) for name in names]
            found = [person for known, _ in looked for person in known]
            doubtful = any(doubt is not None for _, doubt in looked)
            places = company.teams[team].channels if team != COMPANY else ()
            kept = await store.read(_still_on_duty, team, role, names) if doubtful else []
            known = [*found, *await store.read(linked, names, asked), *kept]
            await store.write(_put, team, role, names, places, known, await parted_from(chats, known))
            complete = complete and not doubtful and (bool(found) or not names)
        except (Trouble, Unavailable) as error:
            complete = False
            log.warning("duties.unknown", team=team, role=role, why=str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours about one duty must not leave all others unknown
            complete = False
            log.error("duties.broken", team=team, role=role, **broken(error))
    return complete


def _duties(company: Company, chats: Iterable[str]) -> Iterator[tuple[str, str, Sequence[str], Sequence[str]]]:
    """Yields each duty: the team, the role, the names that app.yaml gives for it, and the chats that may know them."""
    yield COMPANY, DUTY, company.ops, list(chats)
    for team in company.teams.values():
        asked = list(dict.fromkeys(place.chat for place in team.channels))
        for role, names in team.duties.items():
            yield team.name, role, names, asked


async def look_up(
    chats: Mapping[str, Chat],
    company: Company,
    team: str,
    name: str,
    asked: Sequence[str],
    unmet: Unmet,
    follow_up: int | None = None,
) -> tuple[list[Person], Trouble | None]:
    """Returns the people a name means: `slack:U…` in that chat only, an e-mail in each asked chat. What a foreign workspace says
    about e-mails does not count; an id was written by ops themselves. Returns also why a chat could not tell whose an e-mail is,
    if one could not. A name that ops wrote is logged as it is. One that came with the customer of a `follow_up` may be anybody's
    address: the follow-up is logged instead."""
    logged = {"team": team, "name": name} if follow_up is None else {"team": team, "follow_up": follow_up}
    chat, colon, rest = name.partition(":")
    wanted = [(chat, rest)] if colon else [(each, name) for each in asked]
    known: list[Person] = []
    doubt: Trouble | None = None
    for each, who in wanted:
        try:
            known += await chats[each].people(who) if each in chats else ()
        except Trouble as error:
            if "@" not in name:
                raise
            doubt = error
            log.warning("duties.unknown", **logged, why=str(error))
    if "@" in name:
        known = [replace(person, email=rest if colon else name) for person in known if company.is_ours(person)]
    if known:
        unmet.discard((team, name))
    elif doubt is None and (team, name) not in unmet:
        unmet.add((team, name))
        log.info("duties.nobody", **logged, note="no chat of this team knows them; nudges to them reach nobody")
    return known, doubt


async def parted_from(chats: Mapping[str, Chat], known: Sequence[Person]) -> Collection[Place]:
    """Returns the private places of those of these people who removed the bot there."""
    parted = [who for chat in chats for who in await chats[chat].parted([one for one in known if one.chat == chat])]
    return {who.place for who in parted}


def linked(tx: Connection, names: Sequence[str], asked: Sequence[str]) -> list[Person]:
    """Returns those whose address in the chat differs from the name they have here, but was linked."""
    return [colleagues.person_of(tx, row.id) for name in names for row in people.linked(tx, name) if row.chat in asked]


def _still_on_duty(tx: Connection, team: str, role: str, names: Sequence[str]) -> list[Person]:
    """Returns those on this duty whose e-mail it still names."""
    named = {name.rpartition(":")[2].casefold() for name in names}
    rows = people.by_ids(tx, list(nudges.on_duty(tx).get((team, role), ())))
    still = (id for id, row in rows.items() if {(row.email or "").casefold(), (row.linked_email or "").casefold()} & named)
    return [colleagues.person_of(tx, id) for id in sorted(still)]


def _put(
    tx: Connection,
    team: str,
    role: str,
    names: Sequence[str],
    places: Sequence[Place],
    found: Sequence[Person],
    parted: Collection[Place],
) -> None:
    """Give the duty to those whom the chats know by these names. Those who removed the bot had their private chats at `parted`."""
    known = [remembered(tx, person) for person in found]
    nudges.put_on_duty(tx, team, role, [person.id for person in (each_once(known, names, places, parted) if places else known)])


def remembered(tx: Connection, person: Person) -> Person:
    known = colleagues.remember(tx, person)
    if person.email is None or known.email is not None:
        return known
    people.learn_email(tx, known.id, person.email)  # known before their first tap, which may need their rights
    return replace(known, email=person.email)


def each_once(known: Sequence[Person], names: Sequence[str], places: Sequence[Place], parted: Collection[Place]) -> list[Person]:
    """Returns these people. Somebody whom several chats know by the e-mail that names them is told in one of them: in that of the
    team's first channel, if it is one of these and they have not removed the bot there. They may decide in each: rights go by the
    e-mail."""
    named = {name.casefold() for name in names}
    homes = [(place.chat, place.workspace) for place in places]
    by_mail = [person for person in known if person.email and person.email.casefold() in named]
    by_mail.sort(key=lambda who: homes.index(home) if (home := (who.chat, who.workspace)) in homes else len(homes))
    by_mail.sort(key=lambda who: who.place in parted)
    return [*colleagues.each_once(by_mail), *(person for person in known if person not in by_mail)]
