"""The simulated colleagues: who they are, and when they are at work."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from math import ceil
from zoneinfo import ZoneInfo

from bot.simulate.assumptions import Assumptions
from bot.simulate.chance import draw
from bot.simulate.customers import BEGINS, usual_colleague_of
from handlers.calendar.hours import OpeningHours
from handlers.company import Company
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.team import Team

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of a team. `work` holds their spans at work in order, `days` the dates on which they work, `away` the first days of
    the weeks they take off."""

    person: Person
    zone: ZoneInfo
    keen: float
    work: Sequence[Span]
    days: frozenset[date]
    away: Sequence[datetime] = ()
    _ends: Sequence[datetime] = field(default=(), repr=False)

    def day(self, at: datetime) -> tuple[str, date]:
        """Returns the key for counting by person and local day."""
        return self.person.user_id, at.astimezone(self.zone).date()

    def is_there(self, at: datetime) -> bool:
        span = self._from(at)
        return span is not None and span[0] <= at

    def next_there(self, at: datetime) -> datetime | None:
        """Returns `at` if they are at work then, else when they next come in; None after the last week."""
        span = self._from(at)
        return max(at, span[0]) if span else None

    def worked(self, since: datetime, minutes: int) -> datetime | None:
        """Returns when they have worked that many more minutes; None after the last week."""
        left = timedelta(minutes=minutes)
        for start, end in self.work[bisect_right(self._ends, since) :]:
            begun = max(start, since)
            if end - begun >= left:
                return begun + left
            left -= end - begun
        return None

    def _from(self, at: datetime) -> Span | None:
        n = bisect_right(self._ends, at)
        return self.work[n] if n < len(self.work) else None


class Staff:
    """Everybody who works in the teams. `members` is by team, `on_duty` by team and role, as app.yaml names them; where the ladder
    tells somebody's usual colleague, one in each team has that role for all its customers."""

    def __init__(self, company: Company, seed: int, weeks: int, assumed: Assumptions) -> None:
        self.members: dict[str, list[Colleague]] = {}
        self.on_duty: dict[tuple[str, Role], list[Colleague]] = {}
        for team in company.teams.values():
            days = _days(team.hours, weeks)
            whole = _Roster(seed, team.hours.zone, days, assumed)
            self.members[team.name] = [
                whole.colleague(_person(team, f"{team.name}.colleague-{n + 1}"), n, keen)
                for n, keen in zip(range(assumed.members), _each(assumed.keenness), strict=False)
            ]
            usual = [usual_colleague_of(team.name)] if any(step.role is Role.COLLEAGUE for step in team.ladder) else []
            for role, names in {**team.duties, Role.COLLEAGUE: usual}.items():
                self.on_duty[team.name, role] = [whole.colleague(_person(team, name), 0, 1) for name in names]

    def everybody(self) -> Iterator[Colleague]:
        """Yields each person once, even one who works in several teams or roles."""
        known: Mapping[str, Colleague] = {
            each.person.user_id: each for group in (*self.members.values(), *self.on_duty.values()) for each in group
        }
        yield from known.values()

    def called(self, team: str, user_id: str) -> Colleague | None:
        """Returns the person with that user id in a team, or None."""
        groups = (self.members[team], *(group for (where, _), group in self.on_duty.items() if where == team))
        return next((each for group in groups for each in group if each.person.user_id == user_id), None)


@dataclass(frozen=True, slots=True)
class _Roster:
    """Distributes a team's opening hours among its colleagues."""

    seed: int
    zone: ZoneInfo
    days: Sequence[tuple[date, datetime, datetime]]
    assumed: Assumptions

    def colleague(self, person: Person, nth: int, keen: float) -> Colleague:
        who = person.user_id
        mondays = sorted({day - timedelta(days=day.weekday()) for day, _, _ in self.days})
        gone = {day for day in mondays if draw(self.seed, "holiday", who, day) < self.assumed.holiday}
        off = {day for day, _, _ in self.days if draw(self.seed, "off", who, day) < self.assumed.day_off}
        there = [
            (day, *self._shift(opening, closing, nth))
            for day, opening, closing in self.days
            if day not in off and day - timedelta(days=day.weekday()) not in gone
        ]
        work = [(start, end) for _, start, end in there]
        away = [datetime.combine(day, time(), UTC) for day in sorted(gone)]
        return Colleague(person, self.zone, keen, work, frozenset(day for day, _, _ in there), away, [end for _, end in work])

    def _shift(self, opening: datetime, closing: datetime, nth: int) -> Span:
        """Returns the whole opening if it is short enough; otherwise colleagues start one after another, to cover all of it."""
        longest = timedelta(hours=self.assumed.shift_hours)
        if closing - opening <= longest:
            return opening, closing
        shifts = ceil((closing - opening) / longest)
        start = opening + (closing - opening - longest) / (shifts - 1) * (nth % shifts)
        start = start.replace(second=0, microsecond=0)
        return start, min(closing, start + longest)


def _days(hours: OpeningHours, weeks: int) -> list[tuple[date, datetime, datetime]]:
    """Returns the shifts by the date they begin on."""
    first = (BEGINS - timedelta(days=2)).astimezone(hours.zone).date()
    days = (first + timedelta(days=n) for n in range(weeks * 7 + 3))
    return [(day, *shift) for day in days for shift in hours.shifts_on(day)]


def _each(keenness: Sequence[float]) -> Iterator[float]:
    return (keenness[n % len(keenness)] for n in count())


def _person(team: Team, name: str) -> Person:
    place = team.channels[0]
    return Person(place.chat, place.workspace, name, name)
