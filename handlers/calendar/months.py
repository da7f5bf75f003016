"""The months of a team, in its own calendar: when one begins and ends, and when its review is due. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from handlers.calendar.hours import OpeningHours
from handlers.calendar.wall_clock import Span
from handlers.calendar.weeks import on_working_day

_MONTH = re.compile(r"([2-9]\d{3})-(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Parse `2026-10`. Raises ValueError saying what to write instead."""
        match = _MONTH.fullmatch(text.strip())
        month = cls(int(match[1]), int(match[2])) if match else None
        if month is None or not 1 <= month.number <= 12 or month.year > 9998:
            raise ValueError(f"{text!r} is not a month; write for example 2026-10")
        return month

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    def after(self, months: int) -> Month:
        """Returns the month so many months later; earlier if negative."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def now_in(hours: OpeningHours, at: datetime) -> Month:
    """Returns the month of a moment, in the team's time zone."""
    return Month.of(at.astimezone(hours.zone).date())


def bounds(month: Month, hours: OpeningHours) -> Span:
    """Returns when that month begins and ends in the team's time zone, in UTC."""
    return hours.moment(month.first, time()), hours.moment(month.after(1).first, time())


def due(month: Month, hours: OpeningHours, at: time) -> datetime:
    """Returns when the review of a month is due: on the first day of the next month on which the team opens, at `at` but never
    before it opens."""
    return on_working_day(month.after(1).first, at, hours)
