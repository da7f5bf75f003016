"""The platform tells us somebody's name: the cards that name them are redrawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers.feedback import Person
from storage import followups, messages, people

SHOWN_ANEW = 50


def meet(tx: Connection, person: Person, email: str | None, timezone: str | None, at: datetime, *, admin: bool = False) -> None:
    """Store somebody's name, e-mail and time zone (IANA), and whether they administer the workspace."""
    known = people.ensure(tx, person.chat, person.workspace, person.user_id, person.name)
    people.meet(tx, known.id, person.name, email, timezone, at, admin=admin)
    if known.name != person.name:
        messages.want_again(tx, *(row.id for row in followups.owned_by(tx, known.id, SHOWN_ANEW)))
