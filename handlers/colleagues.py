"""People in the chats: remembers them, tells who a row is, and learns and says what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from handlers.company import People
from handlers.feedback import Person
from handlers.wording.words import called
from storage import followups, messages, people
from storage.prepared import AnyRow

SHOWN_ANEW = 50
NEVER = "never"


def remember(tx: Connection, who: Person) -> Person:
    """Returns the person with our id and what the platform told us about them; stores them if they are new."""
    return as_known(who, people.ensure(tx, who.chat, who.workspace, who.user_id, who.name))


def as_known(who: Person, row: AnyRow) -> Person:
    """Returns the person with what their row says."""
    return replace(who, id=row.id, name=row.name or who.name, email=row.linked_email or row.email)


def person_of(tx: Connection, person_id: int) -> Person:
    return person_in(people.by_id(tx, person_id))


def person_in(row: AnyRow) -> Person:
    """Returns the person in a row of storage.people."""
    return Person(row.chat, row.workspace, row.user_id, row.name, row.id, row.linked_email or row.email)


def each_once(several: Iterable[Person]) -> list[Person]:
    """Returns these people; of somebody whom several chats know by one e-mail, only the first."""
    found: dict[str, Person] = {}
    for who in several:
        found.setdefault((who.email or who.place.address).casefold(), who)
    return list(found.values())


def meet(tx: Connection, person: Person, email: str | None, timezone: str | None, at: datetime, *, admin: bool = False) -> None:
    """Store somebody's name, e-mail and time zone (IANA), and whether they administer the workspace."""
    known = people.ensure(tx, person.chat, person.workspace, person.user_id, person.name)
    people.meet(tx, known.id, person.name, email, timezone, at, admin=admin)
    if email and known.email is None:
        people.wish_as_elsewhere(tx, known.id)
    if known.name != person.name:
        messages.want_again(tx, *(row.id for row in followups.owned_by(tx, known.id, SHOWN_ANEW)))


def called_in_posts(row: AnyRow | None, *elsewhere: AnyRow | None, people: People) -> str:
    """Returns how a colleague is named in a post: as the company does, or with less if they asked for that, here or `elsewhere`,
    where another chat knows them."""
    namings = {each.naming for each in (row, *elsewhere) if each is not None}
    if namings & {"off", NEVER}:
        people = People.OFF
    elif "first" in namings and people is People.NAMES:
        people = People.FIRST_NAMES
    return called(person_in(row) if row is not None else None, people)
