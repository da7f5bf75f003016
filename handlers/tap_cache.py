"""A cache for taps that run together: what they need is read from the database once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases, colleagues
from handlers.case import Case
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.leaders import leading
from handlers.nudges.away import is_away, stand_ins
from handlers.situation import Away
from storage import act_log, nudges, people
from storage.prepared import AnyRow


class TapCache:
    """Caches cases and leaders until something is changed; people for good, since no verb renames them."""

    def __init__(self, tx: Connection, who: Iterable[Person]) -> None:
        self._tx = tx
        self._people = people.find_all(tx, {_key(person) for person in who})
        self._remembered: dict[tuple[str, str, str], Person] = {}
        self._cases: dict[int, Case | None] = {}
        self._leaders: dict[str, Collection[int]] = {}
        self._asked: dict[int, Collection[int]] = {}
        self._rows = {row.id: row for row in self._people.values()}

    def forget(self) -> None:
        """Drop what a change may make stale. Call it before anything is changed."""
        self._cases.clear()
        self._leaders.clear()
        self._asked.clear()
        self._rows.clear()

    def case(self, follow_up_id: int) -> Case | None:
        """Returns the case of a follow-up; None for an unknown id."""
        if follow_up_id not in self._cases:
            self._cases[follow_up_id] = cases.read(self._tx, follow_up_id)
        return self._cases[follow_up_id]

    def history(self, case: Case) -> Case:
        """Returns the case with what the log knows of it."""
        return cases.with_history(self._tx, case)

    def ending(self, case: Case) -> AnyRow | None:
        """Returns the act by which somebody ended the case last; None if nobody did."""
        return act_log.ended(self._tx, case.id)

    def person(self, who: Person) -> Person:
        """Returns the person with our id; stores them if they are new."""
        key = _key(who)
        if key not in self._remembered:
            row = self._people.get(key)
            self._remembered[key] = colleagues.remember(self._tx, who) if row is None else colleagues.as_known(who, row)
        return self._remembered[key]

    def is_one_of(self, person_id: int, these: Collection[int]) -> bool:
        """Returns whether somebody is one of these people, in whichever chat."""
        if person_id in these or not these:
            return person_id in these
        if unread := {person_id, *these} - self._rows.keys():
            self._rows |= people.by_ids(self._tx, list(unread))
        return any(people.is_one(self._rows[person_id], self._rows[id]) for id in these)

    def leaders(self, team: str, at: datetime) -> Collection[int]:
        """Returns the ids under which those who may decide for the team at that time are told something."""
        if team not in self._leaders:
            self._leaders[team] = leading(self._tx, team, at)
        return self._leaders[team]

    def away(self, team: str, who: Person, at: datetime) -> Away | None:
        """Returns until when somebody of that team is away; None if they are there."""
        row = self._rows.get(who.id) or people.by_id(self._tx, who.id)
        if not is_away(row, at):
            return None
        return Away(row.away_until, [colleagues.person_of(self._tx, id) for id in stand_ins(self._tx, team, Role.OWNER, row, at)])

    def asked(self, case: Case) -> Collection[int]:
        """Returns the ids of those whom the ladder asked, privately, to step in under the current promise."""
        if case.id not in self._asked:
            self._asked[case.id] = nudges.asked_to_step_in(self._tx, case.id, case.promises)
        return self._asked[case.id]


def _key(who: Person) -> tuple[str, str, str]:
    return who.chat, who.workspace, who.user_id
