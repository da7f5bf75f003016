"""The weeks of a team, in its own calendar: when one begins and ends, and when its post is due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers.calendar.hours import OpeningHours
from handlers.calendar.wall_clock import Span

PREVIEW = timedelta(hours=2)
"""How long before the end of the leader's working day the preview is shown."""
MADE_UP = 4
"""Weeks back for which a missed post is made up."""
LATE = timedelta(hours=1)
"""How much later than promised a post may be sent without saying so."""
_WEEK = re.compile(r"([2-9]\d{3})-?W(\d{1,2})", re.ASCII | re.IGNORECASE)
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week by its ISO 8601 number: it begins on a Monday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Week:
        return cls(*day.isocalendar()[:2])

    @classmethod
    def parse(cls, text: str) -> Week:
        """Parse `2026-W47`. Raises ValueError saying what to write instead."""
        match = _WEEK.fullmatch(text.strip())
        try:
            week = cls(int(match[1]), int(match[2])) if match else None
            if week is not None:
                date.fromisocalendar(week.year, week.number, 1)
        except ValueError:
            week = None
        if week is None:
            raise ValueError(f"{text!r} is not a week; write for example 2026-W47")
        return week

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 7)

    def after(self, weeks: int) -> Week:
        """Returns the week so many weeks later; earlier if negative."""
        return Week.of(self.monday + weeks * _A_WEEK)

    def begun(self, day: date) -> Week:
        """Returns the week that has begun where this one is told on that day: the next, or a later one after a closure."""
        return max(self.after(1), Week.of(day))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"


@dataclass(frozen=True, slots=True)
class Posting:
    """When a team reads about the week before: a weekday (0 is Monday) and a local time. `calls`: how many customers who were lost,
    or are not known to be happy again, a leader is asked to call each month."""

    weekday: int = 0
    at: time = time(9)
    calls: int = 5


def now_in(hours: OpeningHours, at: datetime) -> Week:
    """Returns the week of a moment, in the team's time zone."""
    return Week.of(at.astimezone(hours.zone).date())


def bounds(week: Week, hours: OpeningHours) -> Span:
    """Returns when that week begins and ends in the team's time zone, in UTC."""
    return hours.moment(week.monday, time()), hours.moment(week.monday + _A_WEEK, time())


def due(week: Week, hours: OpeningHours, posting: Posting) -> datetime:
    """Returns when the post about a week is due: on the configured day of the next week, else the next on which the team opens.

    At the configured time, but never before the team opens. Later weeks are never due earlier.
    """
    return on_working_day(week.monday + _A_WEEK + timedelta(days=posting.weekday), posting.at, hours)


def on_working_day(day: date, clock: time, hours: OpeningHours) -> datetime:
    """Returns that time on that day, or on the next on which the team opens; never before anybody is there on it."""
    try:
        day = next(hours.working_days(day))
    except ValueError:  # it does not open for two years: post all the same
        return hours.moment(day, clock)
    return max(hours.next_opening(hours.moment(day, time())), hours.moment(day, clock))


def together(each: Iterable[tuple[datetime, datetime]]) -> datetime:
    """Returns when a post about several teams is due, from when it may come for each, and when it is due for each: with the last of
    them. A team that stays closed for a week is not waited for; if all do, it is due with the first that opens again."""
    each = list(each)
    in_time = [at for begun, at in each if at < begun + _A_WEEK]
    return max(in_time) if in_time else min(at for _begun, at in each)


def may_come(due_at: datetime, each: Iterable[OpeningHours], now: datetime) -> bool:
    """Returns whether a post that was due at `due_at` may come now: if it is not late, or else only while somebody is there."""
    return now - due_at <= LATE or any(hours.is_open(now) for hours in each)


def preview(week: Week, hours: OpeningHours, posting: Posting) -> datetime:
    """Returns when the preview is due: towards the end of the last working day before, or a day before if the team does not close
    then."""
    at = due(week, hours, posting)
    day = at.astimezone(hours.zone).date()
    before = (hours.shifts_on(day - timedelta(days=back)) for back in range(1, 15))
    end = next((shifts[-1][1] for shifts in before if shifts), None)
    return at - timedelta(days=1) if end is None or hours.is_open(end) else min(end, at) - PREVIEW
