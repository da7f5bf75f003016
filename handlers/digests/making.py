"""Making a post: never about a time before the first answer, only about the newest due period that has something to tell, and
once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers.calendar import weeks
from handlers.calendar.weeks import P
from handlers.team import Team
from storage import digests, feedback, people
from storage.prepared import AnyRow


class FirstAnswers:
    """When the first answer to each team came: read from the database once per run, however many teams there are."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._since = feedback.first_by_team(tx)
        self._posts: dict[str, dict[str, str]] = {}

    def before(self, teams: Iterable[Team], at: datetime) -> bool:
        """Returns whether a customer of one of these teams had answered before then."""
        return any(self._since.get(team.name, at) < at for team in teams)

    def has_begun(self, kind: str, about: str, next_period: str, teams: Iterable[Team], end: datetime) -> bool:
        """Returns whether there is anything to tell of a period that ended then: a customer of one of these teams had answered by
        its end, or there was such a post before."""
        if self.before(teams, end):
            return True
        if kind not in self._posts:
            self._posts[kind] = digests.first_periods(self._tx, kind)
        return self._posts[kind].get(about, next_period) < next_period


def is_late(tx: Connection, kind: str, about: str, period: str, due: Callable[[str], datetime], now: datetime) -> bool:
    """Returns whether a post comes later than it was expected. The first post is never late, nor is one whose day was changed
    since the last post."""
    if now - due(period) <= weeks.LATE:
        return False
    last = digests.last_before(tx, kind, about, period)
    return last is not None and last.due_at == due(last.period)


def not_told_yet(
    tx: Connection, known: Mapping[tuple[str, str], AnyRow], person_id: int, teams: Iterable[Team], due: Mapping[P, datetime]
) -> dict[P, datetime]:
    """Returns the periods about which somebody has not read yet in another chat, where they led the same teams. `known` are the
    existing posts, by the person they are about and period."""
    others = {int(about) for about, _period in known} - {person_id} if due else set()
    theirs = people.selves(tx, {person_id}, others) if others else ()
    names = {team.name for team in teams}
    read = [row for row in known.values() if row.state == "sent" and int(row.about) in theirs and names <= _told_of(tx, row.id)]
    last = max((row.period for row in read), default="")
    return {period: at for period, at in due.items() if str(period) > last}


def _told_of(tx: Connection, digest_id: int) -> set[str]:
    """Returns the teams that a leader's post is about: as names in a review, as figures in a weekly post."""
    row = digests.by_id(tx, digest_id)
    said = row.snapshot.get("teams", ()) if row is not None else ()
    return {each if isinstance(each, str) else each["name"] for each in said}


@dataclass(frozen=True, slots=True)
class Made:
    """A post that was made just now: its row's id, and what it says."""

    id: int
    snapshot: Mapping[str, Any]


def make(
    tx: Connection,
    kind: str,
    about: str,
    due: Mapping[P, datetime],
    take: Callable[[P], dict[str, Any]],
    tells: Callable[[Mapping[str, Any]], bool],
    now: datetime,
) -> Made | None:
    """Make the post about the newest of these periods that has something to tell; the others are marked as passed, so that nobody
    gets two at once. `due` says when each was due, newest first. Returns None if none is due, or another run made it."""
    if not due:
        return None
    said, taken = weeks.newest_telling(list(due), take, tells)
    made = {}
    for period, due_at in due.items():
        row = {"kind": kind, "about": about, "period": str(period), "state": "sent" if period == said else "passed"}
        snapshot = taken.get(period, {})
        made[period] = digests.begin(tx, row | {"due_at": due_at, "made_at": now, "snapshot": snapshot})
    digest_id = made[said]
    return Made(digest_id, taken[said]) if digest_id is not None else None
