"""Opening hours: when a team is there, and when a promise that counts only that time ends. Pure.

One rule decides everything: a team is open whenever the local wall clock shows a time within its hours. So when clocks are put
forward, a time that is skipped means the first moment after the gap; when they are put back, a time that occurs twice counts both
times: a team opens the first time its opening time comes, closes the first time its closing time comes, and is open again for
whatever lies within its hours the second time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

from pydantic_core import CoreSchema, core_schema

from handlers.calendar import wall_clock
from handlers.calendar.duration import Duration
from handlers.calendar.opening_times import ClockSpan, Words, read_spans, read_week
from handlers.calendar.wall_clock import Span

_DAY = 86_400
_LONGEST_CLOSED = 2 * 366
"""Days to search for the next opening before concluding that the team never opens."""
_A_DAY = timedelta(days=1)
_HORIZON = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a team is open; made with `build`. Times passed in are aware (else ValueError), times returned are in UTC.

    A shift belongs to the day it begins on: if the 25th is closed, the night shift of the 24th still ends on the 25th.
    """

    zone: ZoneInfo
    week: tuple[tuple[ClockSpan, ...], ...]
    holidays: Container[date] = field(default=(), hash=False)
    closed: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[ClockSpan, ...]] = field(default_factory=dict, hash=False)
    nonstop: bool = False
    _known: dict[int, tuple[Span, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _shifts: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _begun: dict[int, tuple[ClockSpan, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def build(
        cls,
        week: Mapping[str, Words] | str,
        zone: ZoneInfo,
        *,
        holidays: Container[date] = (),
        closed: Iterable[date] = (),
        extra: Mapping[date, Words] | None = None,
    ) -> OpeningHours:
        """Build from hours as app.yaml has them: days with their hours, or `always`. Raises HoursError, which says what to write
        instead.

        `holidays` supports `day in holidays`, as `holidays.country_holidays("NO")` does; `always` ignores it. `closed` are further
        days off, also for `always`. `extra` are days with hours of their own, whatever the week, holidays and closed say.
        """
        always = week == "always"
        days = read_week(week)
        if always:
            holidays = ()
        off = frozenset(closed)
        own = {day: read_spans(words, day) for day, words in (extra or {}).items()}
        nonstop = always and not off and not own
        return cls(zone=zone, week=days, holidays=holidays, closed=off, extra=own, nonstop=nonstop)

    @property
    def nonstop_twin(self) -> OpeningHours:
        """The same time zone, open round the clock."""
        return _nonstop(self.zone)

    def after(self, since: datetime, duration: Duration) -> datetime:
        """Returns the moment when that much opening time has passed since `since`; while the team is closed, no time counts.

        A duration that ends exactly with a span ends at its closing, not at the opening that follows.

        Days: take the first open moment at or after `since`, and the same time of day on the n-th following day on which the team
        opens. If it is closed at that time: the last closing before it on that day, else that day's first opening. So a promise of
        one day made on Friday at 17:00 ends at 16:00 on a Saturday that is open 10:00-16:00, and one made on Friday at 8:30 ends at
        10:00. Which day a moment after midnight belongs to, `day_of` says.

        Raises ValueError when the team does not open for two years, or not for long enough in ten.
        """
        if duration.days:
            return self._days_after(_utc(since), duration.days)
        return self.passed(since, timedelta(seconds=duration.seconds))

    def passed(self, since: datetime, amount: timedelta) -> datetime:
        """Like `after`, for an amount of opening time that is not a promise. An amount of zero gives the first open moment."""
        since = _utc(since)
        if self.nonstop:
            return since + amount
        pieces = self._open_from(since)
        opening, closing = next(pieces)
        while closing - opening < amount:
            amount -= closing - opening
            opening, closing = next(pieces)
            if opening - since > _HORIZON:
                raise ValueError(f"not open for that long in the ten years after {since:%Y-%m-%d}; look at the hours")
        return opening + amount

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Returns the opening time from `start` to `end`; negative when `end` is earlier, as in a subtraction."""
        start, end = _utc(start), _utc(end)
        if end < start:
            return -self.between(end, start)
        if self.nonstop:
            return end - start
        total = timedelta()
        for day in range(start.toordinal(), end.toordinal() + 1):
            for opening, closing in self._on(day):
                if closing > start and opening < end:
                    total += min(closing, end) - max(opening, start)
        return total

    def share(self, since: datetime, until: datetime, fraction: float) -> datetime:
        """Returns the moment when `fraction` of the opening time from `since` to `until` has passed.

        0 is the first open moment, 1 the moment when all of it has passed; `until` itself when there is no opening time in between.
        Raises ValueError for a fraction outside 0 to 1.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"{fraction!r} is not a share; it lies between 0 and 1")
        since, until = _utc(since), _utc(until)
        whole = self.between(since, until)
        return self.passed(since, whole * fraction) if whole > timedelta() else until

    def is_open(self, at: datetime) -> bool:
        """Returns whether the team is open: from the opening, inclusive, to the closing, exclusive."""
        at = _utc(at)
        return self.nonstop or any(opening <= at < closing for opening, closing in self._on(at.toordinal()))

    def is_ever_open(self, start: time, end: time) -> bool:
        """Returns whether the team is open on any day of the week at some time from `start` to `end`, both of one day."""
        begins, ends = (clock.hour * 3600 + clock.minute * 60 for clock in (start, end))
        shifts = [(opening - night, closing - night) for spans in self.week for opening, closing in spans for night in (0, _DAY)]
        return any(opening < ends and begins < closing for opening, closing in shifts)

    def next_opening(self, at: datetime) -> datetime:
        """Returns `at` if the team is open then, else the next opening. Raises ValueError if there is none for two years."""
        at = _utc(at)
        return at if self.nonstop else next(self._open_from(at))[0]

    def closing(self, at: datetime) -> datetime | None:
        """Returns when the team closes that is open at `at`, or opens next after it; None when it does not close for two years."""
        at = _utc(at)
        if self.nonstop:
            return None
        end = next(self._open_from(at))[1]
        while (following := self._on(end.toordinal())) and following[0][0] == end:
            end = following[0][1]
            if end - at > timedelta(days=_LONGEST_CLOSED):
                return None
        return end

    def moment(self, day: date, clock: time) -> datetime:
        """Returns the first moment at which the local wall clock shows that time on that day, or has passed it."""
        return wall_clock.instant(self.zone, day.toordinal(), _since_midnight(clock))

    def shifts_on(self, day: date) -> Sequence[Span]:
        """Returns when the shifts that begin on that day open and close; none on a day off, or where the clocks skip all of them.
        Cached, as in `_on`."""
        known = self._shifts.get(day)
        if known is None:
            if len(self._shifts) > 2 * _LONGEST_CLOSED:
                self._shifts.clear()
            nth = day.toordinal()
            each = ([wall_clock.instant(self.zone, nth, timedelta(seconds=at)) for at in span] for span in self._spans(nth))
            known = self._shifts[day] = tuple((opening, closing) for opening, closing in each if opening < closing)
        return known

    def opening_on(self, day: date) -> datetime | None:
        """Returns when the team opens on that day; None on a day off, also while last night's shift is still there."""
        return next((opening for opening, _ in self.shifts_on(day)), None)

    def working_days(self, day: date) -> Iterator[date]:
        """Yields the days from `day` on on which a shift begins, without end. Raises ValueError if none does for two years."""
        last = day - _A_DAY
        while (day - last).days <= _LONGEST_CLOSED:
            if self.shifts_on(day):
                last = day
                yield day
            day += _A_DAY
        raise _never_open(last)

    def day_of(self, at: datetime) -> date:
        """Returns the working day that `at` belongs to; while the team is closed, the next one.

        A moment after midnight that is open only because of the previous day's night shift belongs to that day, which lasts until
        the hours of the next one begin.
        """
        local = self.next_opening(at).astimezone(self.zone)
        begun = self._spans(local.toordinal())
        is_there = begun and _since_midnight(local.time()) >= timedelta(seconds=begun[0][0])
        return local.date() if is_there else local.date() - _A_DAY

    def next_day(self, at: datetime) -> datetime:
        """Returns when the working day after that of `at` begins: when the team opens, but a day after `at` if it does not close
        before. Raises ValueError if there is none for two years."""
        at = self.next_opening(at)
        openings = (self.shifts_on(day)[0][0] for day in self.working_days(self.day_of(at) + _A_DAY))
        opening = next(opening for opening in openings if opening > at)
        goes_on = self.is_open(opening - timedelta(seconds=61))  # nobody goes home between 23:59 and midnight
        return self.next_opening(max(opening, (at.astimezone(self.zone) + _A_DAY).astimezone(UTC))) if goes_on else opening

    def _days_after(self, since: datetime, days: int) -> datetime:
        opening = self.next_opening(since)
        begun, local = self.day_of(opening), opening.astimezone(self.zone)
        clock = _since_midnight(local.time()) + (local.date() - begun)
        day = next(islice(self.working_days(begun + _A_DAY), days - 1, None)).toordinal()
        return wall_clock.instant(self.zone, day, self._nearest(day, clock))

    def _nearest(self, day: int, clock: timedelta) -> timedelta:
        """Returns `clock` on that day, or the closing before it. A span that ends within the last night shift is no closing."""
        if self.nonstop:
            return clock
        at = _within(self._spans(day), clock)
        night_ends = timedelta(seconds=max((end for _, end in self._spans(day - 1)), default=0) - _DAY)
        if at < clock:
            at = max(at, min(clock, night_ends))
        tomorrow = self._spans(day + 1)  # where tomorrow's shift begins before this one ends, the rest is tomorrow's
        return min(at, timedelta(seconds=tomorrow[0][0] + _DAY)) if tomorrow else at

    def _open_from(self, since: datetime) -> Iterator[Span]:
        """Yields the open spans from `since` on, in order, without end; a span that crosses midnight UTC comes in two pieces.
        Raises ValueError when the team does not open for two years."""
        day = last = since.toordinal()
        while day - last <= _LONGEST_CLOSED:
            for opening, closing in self._on(day):
                if closing > since:
                    last = day
                    yield max(opening, since), closing
            day += 1
        raise _never_open(date.fromordinal(last))

    def _on(self, day: int) -> tuple[Span, ...]:
        """Returns the open spans within one UTC day (a date.toordinal). Cached, since feedback comes on the same days."""
        known = self._known.get(day)
        if known is None:
            if len(self._known) > 2 * _LONGEST_CLOSED:
                self._known.clear()
            known = self._known[day] = self._work_out(day)
        return known

    def _work_out(self, day: int) -> tuple[Span, ...]:
        shown = [((d - day) * _DAY + a, (d - day) * _DAY + b) for d in range(day - 2, day + 2) for a, b in self._spans(d)]
        return wall_clock.shown_on(self.zone, day, shown)

    def _spans(self, day: int) -> tuple[ClockSpan, ...]:
        """Returns the shifts that begin on that day, in clock time. Cached, as in `_on`."""
        known = self._begun.get(day)
        if known is None:
            if len(self._begun) > 2 * _LONGEST_CLOSED:
                self._begun.clear()
            on = date.fromordinal(day)
            off = on in self.closed or on in self.holidays
            known = self._begun[day] = self.extra[on] if on in self.extra else () if off else self.week[on.weekday()]
        return known

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """A field of this type accepts what `build` made, and keeps it unchanged."""
        return core_schema.is_instance_schema(cls)


@cache
def _nonstop(zone: ZoneInfo) -> OpeningHours:
    return OpeningHours.build("always", zone)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _never_open(day: date) -> ValueError:
    return ValueError(f"never open in the two years after {day}; look at the hours, closed days and holidays")


def _within(spans: Sequence[ClockSpan], clock: timedelta) -> timedelta:
    """Returns `clock` if it lies in a span, else the end of the last span that began before it, else the start of the first."""
    begun = [end for start, end in spans if timedelta(seconds=start) <= clock]
    return min(clock, timedelta(seconds=begun[-1])) if begun else timedelta(seconds=spans[0][0])
