"""Who is who in which chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from handlers.feedback import Person
from storage import models

person = models.Person.__table__  # type: ignore[attr-defined]


def ensure(tx: Connection, who: Person) -> Person:
    """The person with their id, remembered from now on. A name already known from the platform is kept."""
    row = tx.execute(
        select(person.c.id, person.c.name).where(
            person.c.chat == who.chat, person.c.workspace == who.workspace, person.c.user_id == who.user_id
        )
    ).one_or_none()
    if row is not None:
        return Person(who.chat, who.workspace, who.user_id, row.name or who.name, row.id)
    new = tx.execute(
        insert(person).values(chat=who.chat, workspace=who.workspace, user_id=who.user_id, name=who.name).returning(person.c.id)
    ).scalar_one()
    return Person(who.chat, who.workspace, who.user_id, who.name, new)


def meet(tx: Connection, who: Person, email: str | None, timezone: str | None, at: datetime) -> bool:
    """Note what the platform says about somebody; True when their name is new to us."""
    known = ensure(tx, who)
    tx.execute(
        update(person)
        .where(person.c.id == known.id)
        .values(name=who.name, email=email.casefold() if email else None, timezone=timezone, met_at=at)
    )
    return known.name != who.name


def met_at(tx: Connection, who: Person) -> datetime | None:
    """When the platform last told us about them; None for never."""
    return tx.execute(
        select(person.c.met_at).where(
            person.c.chat == who.chat, person.c.workspace == who.workspace, person.c.user_id == who.user_id
        )
    ).scalar_one_or_none()


def email(tx: Connection, person_id: int) -> str | None:
    return tx.execute(select(person.c.email).where(person.c.id == person_id)).scalar_one_or_none()
