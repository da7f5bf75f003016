"""Making a post: never about a time before the first answer, only about the newest due period that has something to tell, and
once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from sqlalchemy import Connection

from handlers.calendar import weeks
from handlers.calendar.hours import OpeningHours
from handlers.calendar.months import Month
from handlers.calendar.wall_clock import Span
from handlers.calendar.weeks import Week
from handlers.digests.isolation import Isolation
from handlers.team import Team
from storage import digests, feedback, people
from storage.prepared import AnyRow

P = TypeVar("P", Week, Month)
AT_ONCE = 10
"""Posts made in one unit of work."""


class FirstAnswers:
    """When the first answer to each team came: read from the database once per run, however many teams there are."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._since = feedback.first_by_team(tx)
        self._posts: dict[str, dict[str, str]] = {}

    def before(self, teams: Iterable[Team], at: datetime) -> bool:
        """Returns whether a customer of one of these teams had answered before then."""
        return any(self._since.get(team.name, at) < at for team in teams)

    def has_begun(self, kind: str, about: str, period: P, teams: Sequence[Team], bounds: Callable[[P, OpeningHours], Span]) -> bool:
        """Returns whether there is anything to tell of a period with these bounds: a customer of one of these teams had answered by
        its end, or there was such a post before."""
        if self.before(teams, max(bounds(period, team.hours)[1] for team in teams)):
            return True
        if kind not in self._posts:
            self._posts[kind] = digests.first_periods(self._tx, kind)
        following = str(period.after(1))
        return self._posts[kind].get(about, following) < following


def is_late(tx: Connection, kind: str, about: str, period: str, due: Callable[[str], datetime], now: datetime) -> bool:
    """Returns whether a post comes later than it was expected. The first post is never late, nor is one whose day was changed
    since the last post."""
    if now - due(period) <= weeks.LATE:
        return False
    last = digests.last_before(tx, kind, about, period)
    return last is not None and last.due_at == due(last.period)


def due_since(begins: datetime, each: Iterable[tuple[P, datetime]], teams: Sequence[Team], now: datetime) -> dict[P, datetime]:
    """Returns those periods, of these given newest first with when each is due, whose post about these teams became due from
    `begins` on. None while all of them are closed, unless it became due just now."""
    lately = takewhile(lambda one: begins <= one[1], each)  # earlier periods are never due later
    found = {period: at for period, at in lately if at <= now}
    return found if found and weeks.may_come(max(found.values()), (team.hours for team in teams), now) else {}


def send_to_each_leader(
    tx: Connection,
    kind: str,
    led: Mapping[int, Sequence[Team]],
    due_of: Callable[[Sequence[Team]], Mapping[P, datetime]],
    send: Callable[[int, Mapping[P, datetime]], int],
    isolate: Isolation,
) -> int:
    """Make the leaders' posts of this kind that are due and not made yet, at most AT_ONCE. `led` are the teams of each, `due_of`
    returns the periods that are due for who leads these, and `send` makes the post about one of these periods. Returns how many."""
    due = {person_id: isolate(f"{kind}:{person_id}", partial(due_of, teams)) or {} for person_id, teams in sorted(led.items())}
    known = digests.states(tx, kind, {str(period) for each in due.values() for period in each})
    made = 0
    for person_id, each in due.items():
        new = {period: at for period, at in each.items() if (str(person_id), str(period)) not in known}
        new = _not_told_yet(tx, known, person_id, led[person_id], new)
        made += isolate(f"{kind}:{person_id}", partial(send, person_id, new)) or 0
        if made >= AT_ONCE:
            break
    return made


def _not_told_yet(
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
    row = digests.by_id(tx, digest_id)
    return set(teams_in(row.snapshot)) if row is not None else set()


def teams_in(snapshot: Mapping[str, Any]) -> list[str]:
    """Returns the teams that a leader's post is about: as names in a review, with their figures in a weekly post."""
    return [each if isinstance(each, str) else each["name"] for each in snapshot.get("teams", ())]


def newest_telling(
    due: Sequence[P], take: Callable[[P], dict[str, Any]], tells: Callable[[Mapping[str, Any]], bool]
) -> tuple[P, dict[P, dict[str, Any]]]:
    """Returns the period to tell about: of these, given newest first, the newest that has something to tell, or else the newest.
    Also returns what `take` returned for each period that was looked at."""
    taken: dict[P, dict[str, Any]] = {}
    for period in due:
        taken[period] = take(period)
        if tells(taken[period]):
            return period, taken
    return due[0], taken


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
    said, taken = newest_telling(list(due), take, tells)
    made = {}
    for period, due_at in due.items():
        state = "sent" if period == said else "passed"
        made[period] = digests.begin(
            tx, kind=kind, about=about, period=str(period), state=state, due_at=due_at, made_at=now, snapshot=taken.get(period, {})
        )
    digest_id = made[said]
    return Made(digest_id, taken[said]) if digest_id is not None else None
