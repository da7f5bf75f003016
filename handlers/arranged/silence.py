"""Sources that are silent for longer than their own rhythm explains, in days of the company's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers.company import Company
from storage import feedback

LOOKED_AT = timedelta(days=28)
"""How long before its last answer the rhythm of a source is read."""
DAYS = 5
"""A source that was heard from on fewer days than that has no rhythm yet."""
BUSY = 5
"""Answers a day, on average: such a source is not silent for a day by chance."""


def silent_sources(tx: Connection, company: Company, now: datetime) -> list[list[int | str]]:
    """Returns the silent sources: the name, for how many days it has been silent, and its longest silence before that. A source
    is not called silent before there has been at least one whole day without an answer on which some team opens."""
    found: list[list[int | str]] = []
    today = now.astimezone(company.timezone).date()
    for name, last in sorted(feedback.last_by_source(tx).items()):
        days = _days_heard(tx, name, company.timezone, last) if name in company.sources else []
        if len(days) < DAYS or not any(_opens(company, day) for day in _between(days[-1], today)):
            continue
        silent = (today - days[-1]).days
        longest = max((after - before).days for before, after in pairwise(days))
        busy = feedback.heard_since(tx, name, last - LOOKED_AT) >= BUSY * len(days)
        if silent > longest + (0 if busy else max(1, longest // 2)):
            found.append([name, silent, longest])
    return found


def _days_heard(tx: Connection, source: str, zone: ZoneInfo, last: datetime) -> list[date]:
    """Returns the days on which it was heard from before it was `last` heard from; each is found by one step in the index."""
    days: list[date] = []
    since = last - LOOKED_AT
    while (at := feedback.first_since(tx, source, since)) is not None:
        days.append(at.astimezone(zone).date())
        since = datetime.combine(days[-1] + timedelta(days=1), time(), zone).astimezone(UTC)
    return days


def _between(first: date, last: date) -> Iterator[date]:
    """Yields the days between two, without either."""
    return (first + timedelta(days=n) for n in range(1, (last - first).days))


def _opens(company: Company, day: date) -> bool:
    begin, end = (datetime.combine(each, time(), company.timezone) for each in (day, day + timedelta(days=1)))
    return any(team.hours.between(begin, end) for team in company.teams.values())
