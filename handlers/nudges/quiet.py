"""When somebody may be reminded: opening hours, their own quiet hours and pauses, and at most two bundles a day. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.calendar.hours import OpeningHours

STOP, LESS = "stop", "less"
A_DAY, LESS_A_DAY = 2, 1
"""Maximum bundles per person and day: one in the morning and one more, or only one for those who asked for less."""
MORNING = timedelta(hours=1)
"""How long the morning lasts for those who asked for less, from when the day's first bundle may go out."""
_TRIES = 60
_QUIET = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?\s*(?:-|to|–)\s*([01]?\d|2[0-3])(?::([0-5]\d))?")


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody wants to be reminded. `quiet`: their own quiet hours. `zone`: their time zone (None: the team's); messages are
    counted by its days."""

    rhythm: str = ""
    paused_until: datetime | None = None
    quiet: tuple[time, time] | None = None
    zone: ZoneInfo | None = None


def quiet_hours(words: str) -> tuple[time, time] | None:
    """Parse `18:00-08:00`, `18-8` or `18 to 8`; None for anything else, and for equal hours."""
    match = _QUIET.fullmatch(words.strip())
    if match is None:
        return None
    start, end = time(int(match[1]), int(match[2] or 0)), time(int(match[3]), int(match[4] or 0))
    return (start, end) if start != end else None


def may_hear(
    preferences: Preferences, hours: OpeningHours, after_opening: timedelta, had: Callable[[str], int], at: datetime
) -> datetime | None:
    """Returns the first moment from `at` on at which the next bundle may be sent; None when they want none, or there is no such
    moment.

    `had` returns how many bundles they had on a day of that zone, written as 2026-11-25.
    """
    if preferences.rhythm == STOP:
        return None
    most, zone = LESS_A_DAY if preferences.rhythm == LESS else A_DAY, preferences.zone or hours.zone
    for _ in range(_TRIES):
        before = at
        at = _morning(hours, after_opening, hours.next_opening(max(at, preferences.paused_until or at)))
        at = _awake(preferences, hours.zone, at)
        if had(day_of(zone, at)) >= most:
            at = midnight(zone, at, 1)
        if at == before:
            return at
    return None


def next_morning(hours: OpeningHours, after_opening: timedelta, clock: time, since: datetime) -> datetime:
    """Returns when the first bundle of a day may go out that can include what came up at `since`: after the opening, or after
    `clock` where the team is open at midnight."""
    first = since
    for days in (0, 1):
        begun = midnight(hours.zone, since, days)
        opening = hours.next_opening(begun)
        if opening == begun:  # it never closes, or this is the shift of last night
            opening = hours.next_opening(hours.moment(begun.astimezone(hours.zone).date(), clock))
        first = opening + after_opening
        if since <= first + MORNING:
            break
    return first


def is_quiet(preferences: Preferences, zone: ZoneInfo, at: datetime) -> bool:
    """Returns whether somebody wants to hear nothing at `at`: in their own quiet hours, or during a pause."""
    return _awake(preferences, zone, at) != at or (preferences.paused_until is not None and preferences.paused_until > at)


def day_of(zone: ZoneInfo, at: datetime) -> str:
    """Returns the local day, by which bundles are counted."""
    return f"{at.astimezone(zone):%Y-%m-%d}"


def _morning(hours: OpeningHours, after_opening: timedelta, at: datetime) -> datetime:
    """Nothing is sent right after the day's first opening: what came up overnight is collected in one bundle."""
    if hours.nonstop:
        return at
    first = hours.opening_on(at.astimezone(hours.zone).date())
    return first + after_opening if first and first <= at < first + after_opening else at


def _awake(preferences: Preferences, zone: ZoneInfo, at: datetime) -> datetime:
    if preferences.quiet is None:
        return at
    start, end = preferences.quiet
    local = at.astimezone(preferences.zone or zone)
    clock = local.time()
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, preferences.zone or zone).astimezone(at.tzinfo)


def midnight(zone: ZoneInfo, at: datetime, days: int = 0) -> datetime:
    """Returns the midnight at which the local day of `at` began, or so many days later."""
    day = at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), zone).astimezone(at.tzinfo)
