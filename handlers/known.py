"""What several taps that run together need to know, each thing asked of the database once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from handlers import cases
from handlers.feedback import Case, Person
from handlers.ladder import Role
from storage import nudges, people


class Known:
    """Cases and leaders as they were read first, until something is changed; people for good, since no verb renames them."""

    def __init__(self, tx: Connection, who: Iterable[Person]) -> None:
        self._tx = tx
        self._people = people.find_all(tx, {_key(person) for person in who})
        self._cases: dict[int, Case | None] = {}
        self._duty: dict[tuple[str, str], list[int]] | None = None

    def forget(self) -> None:
        """Something is about to change: from now on, read again."""
        self._cases.clear()
        self._duty = None

    def case(self, follow_up_id: int) -> Case | None:
        """The case of a follow-up; None for an id nobody knows."""
        if follow_up_id not in self._cases:
            self._cases[follow_up_id] = cases.read(self._tx, follow_up_id)
        return self._cases[follow_up_id]

    def person(self, who: Person) -> Person:
        """The person with our id; remembered from now on."""
        row = self._people.get(_key(who))
        return cases.remember(self._tx, who) if row is None else cases.as_known(who, row)

    def leaders(self, team: str) -> Collection[int]:
        """Whom the chats know to lead the team."""
        if self._duty is None:
            self._duty = nudges.on_duty(self._tx)
        return self._duty.get((team, Role.LEADER), ())


def _key(who: Person) -> tuple[str, str, str]:
    return who.chat, who.workspace, who.user_id
