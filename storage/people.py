"""Who is who in which chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from storage import models
from storage.database import AnyRow, upsert

person = models.Person.__table__  # type: ignore[attr-defined]
_ensure = upsert(person, ["chat", "workspace", "user_id"])


def ensure(tx: Connection, chat: str, workspace: str, user_id: str, name: str) -> AnyRow:
    """The row of somebody, remembered from now on. A name already known from the platform is kept."""
    row = find(tx, chat, workspace, user_id)
    if row is not None:
        return row
    # On PostgreSQL another replica may meet the same person at this very moment: then this does nothing.
    tx.execute(_ensure[tx.dialect.name], {"chat": chat, "workspace": workspace, "user_id": user_id, "name": name})
    return ensure(tx, chat, workspace, user_id, name)


def find(tx: Connection, chat: str, workspace: str, user_id: str) -> AnyRow | None:
    this = and_(person.c.chat == chat, person.c.workspace == workspace, person.c.user_id == user_id)
    return tx.execute(select(person).where(this)).one_or_none()


def by_id(tx: Connection, person_id: int) -> AnyRow:
    return tx.execute(select(person).where(person.c.id == person_id)).one()


def meet(tx: Connection, person_id: int, name: str, email: str | None, timezone: str | None, at: datetime) -> None:
    """Note what the platform says about somebody."""
    known = {"name": name, "email": email.casefold() if email else None, "timezone": timezone, "met_at": at}
    tx.execute(update(person).where(person.c.id == person_id).values(**known))
