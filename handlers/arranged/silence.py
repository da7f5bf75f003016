"""Sources that used to be heard of and are silent against their own rhythm, in days of the company."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers.rules import Company
from storage import feedback

LOOKED_AT = timedelta(days=28)
DAYS = 5
"""A source that was heard of on fewer days than that has no rhythm yet."""
BUSY = 5
"""Answers a day, on average: such a source is not silent for a day by chance."""


def silent_sources(tx: Connection, company: Company, now: datetime) -> list[list[int | str]]:
    """Each as its name, for how many days it has been silent, and the longest it was before that."""
    found: list[list[int | str]] = []
    for name in sorted(company.sources):
        days = _days_heard(tx, name, company.timezone, now)
        if len(days) < DAYS:
            continue
        silent = (now.astimezone(company.timezone).date() - days[-1]).days
        longest = max((after - before).days for before, after in pairwise(days))
        busy = feedback.heard_since(tx, name, now - LOOKED_AT) >= BUSY * len(days)
        if silent > longest + (0 if busy else max(1, longest // 2)):
            found.append([name, silent, longest])
    return found


def _days_heard(tx: Connection, source: str, zone: ZoneInfo, now: datetime) -> list[date]:
    """The days on which it was heard of lately, each found by one step in the index."""
    days: list[date] = []
    since = now - LOOKED_AT
    while (at := feedback.first_since(tx, source, since)) is not None and at <= now:
        days.append(at.astimezone(zone).date())
        since = datetime.combine(days[-1] + timedelta(days=1), time(), zone).astimezone(UTC)
    return days
