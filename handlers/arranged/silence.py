"""Sources that are silent for longer than their own rhythm explains, in days of the company's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from handlers.rules import Company
from storage import feedback

LOOKED_AT = timedelta(days=28)
DAYS = 5
"""A source that sent something on fewer days than this has no rhythm yet."""
BUSY = 5
"""Average answers per day of a source that is never silent for a day by chance."""


def silent_sources(tx: Connection, company: Company, now: datetime) -> list[list[int | str]]:
    """Returns for each silent source its name, the days it has been silent, and its longest silence before, in days."""
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
    """Returns the days on which the source sent something lately, each found with one index lookup."""
    days: list[date] = []
    since = now - LOOKED_AT
    while (at := feedback.first_since(tx, source, since)) is not None and at <= now:
        days.append(at.astimezone(zone).date())
        since = datetime.combine(days[-1] + timedelta(days=1), time(), zone).astimezone(UTC)
    return days
