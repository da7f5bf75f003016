"""The wall clock of a time zone: at which moments of UTC it shows a time, also where clocks are put forward or back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from handlers.calendar.opening_times import ClockSpan, merged

Span = tuple[datetime, datetime]
"""Start and end, aware and in UTC; the end is exclusive."""

_DAY = 86_400
_SECOND = timedelta(seconds=1)


def instant(zone: ZoneInfo, day: int, clock: timedelta) -> datetime:
    """Returns the first moment at which the wall shows that time on that day (a date.toordinal), or has passed it."""
    wall = datetime.combine(date.fromordinal(day), time(), zone) + clock  # wall-clock arithmetic, not elapsed time
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone) == wall:  # datetimes of the same zone compare by wall clock
        return moment
    before = wall.replace(fold=1, microsecond=0).astimezone(UTC)
    return before + _change(zone, before, 0, (moment - before) // _SECOND) * _SECOND


def shown_on(zone: ZoneInfo, day: int, shown: Sequence[ClockSpan]) -> tuple[Span, ...]:
    """Returns at which moments of that UTC day the wall shows a time within one of the spans. They count from the midnight of that
    date on the wall, and may lie on the days around it."""
    midnight = datetime.combine(date.fromordinal(day), time(), UTC)
    pieces: list[ClockSpan] = []
    start = 0
    while start < _DAY:  # up to the next clock change: until then, UTC is the wall clock less the offset
        end = _change(zone, midnight, start, _DAY)
        offset = _offset(zone, midnight + start * _SECOND)
        pieces += [(max(a - offset, start), min(b - offset, end)) for a, b in shown if a - offset < end and b - offset > start]
        start = end
    return tuple((midnight + a * _SECOND, midnight + b * _SECOND) for a, b in merged(pieces))


def _offset(zone: ZoneInfo, at: datetime) -> int:
    ahead = at.astimezone(zone).utcoffset()
    return ahead.days * _DAY + ahead.seconds if ahead else 0


def _change(zone: ZoneInfo, base: datetime, start: int, end: int) -> int:
    """Returns the first second after `start` with another UTC offset, `end` if it stays. Both count from `base`."""
    before = _offset(zone, base + start * _SECOND)
    if _offset(zone, base + end * _SECOND) == before:
        return end
    while end - start > 1:
        middle = (start + end) // 2
        if _offset(zone, base + middle * _SECOND) == before:
            start = middle
        else:
            end = middle
    return end
