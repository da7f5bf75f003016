"""Opening hours: when a team is there, and when a promise that counts only that time ends. Pure.

One rule decides everything: a team is open whenever the clock on its wall shows a time within its hours. So when clocks are
put forward, a time that never comes is the first moment after the gap; when they are put back, a time that comes twice
counts both times: a team opens the first time its opening comes, closes the first time its closing comes, and what lies
within its hours the second time round is open again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pydantic_core import CoreSchema, core_schema

from handlers.duration import Duration
from handlers.week import Span, Words, merged, read_spans, read_week

_MINUTE, _DAY = 60, 86_400
_LONGEST_CLOSED = 2 * 366
"""Days to look ahead for a team that is open at last before saying that it never is."""
_SECOND = timedelta(seconds=1)
_HORIZON = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a team is open; made with `build`. Times that go in are aware (else ValueError), those that come out are in UTC.

    A shift belongs to the day it begins on: closed on the 25th, the night shift of the 24th still ends on the 25th.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: Container[date] = field(default=(), hash=False)
    closed: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[Span, ...]] = field(default_factory=dict, hash=False)
    nonstop: bool = False
    _known: dict[int, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _opening: dict[int, bool] = field(default_factory=dict, init=False, compare=False, repr=False)
    _begun: dict[int, tuple[Span, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

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
        """Read hours as app.yaml has them: days with their hours, or `always`. HoursError says what to write instead.

        `holidays` answers `day in holidays`, as `holidays.country_holidays("NO")` does; `always` does not ask it. `closed` are
        more days off, also for `always`. `extra` are days with hours of their own, whatever the week, holidays and closed say.
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
        """The same place, open round the clock."""
        return _nonstop(self.zone)

    def after(self, since: datetime, duration: Duration) -> datetime:
        """The moment when that much opening time has passed; what begins while closed begins to count at the next opening.

        A duration that ends with a span ends at its closing, not at the opening that follows.

        Days: from the first open moment at or after `since`, the same time of day on the n-th next day that opens. Where that
        day is closed at that time: the closing before it on that day, else that day's first opening. So a promise of a day made
        on Friday at 17:00 ends on a Saturday of 10:00-16:00 at 16:00, and one made on Friday at 8:30 at 10:00. A moment after
        midnight that is open only through the night shift of the day before belongs to that day, which is over as soon as the
        hours of the next one begin.

        ValueError when the team does not open for two years, or not for long enough in ten.
        """
        if duration.days:
            return self._days_after(_utc(since), duration.days)
        return self.passed(since, timedelta(seconds=duration.seconds))

    def passed(self, since: datetime, amount: timedelta) -> datetime:
        """The same for an amount of opening time that is no promise; none at all has passed at the first open moment."""
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
        """The opening time from `start` to `end`; negative when `end` is the earlier, as in a subtraction."""
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
        """The moment when `fraction` (0 to 1) of the opening time from `since` to `until` has passed.

        0 is the first open moment, 1 the moment the last of it has passed; `until` itself when there is no opening time between.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"{fraction!r} is not a share; it lies between 0 and 1")
        since, until = _utc(since), _utc(until)
        whole = self.between(since, until)
        return self.passed(since, whole * fraction) if whole > timedelta() else until

    def is_open(self, at: datetime) -> bool:
        """Whether the team is there: from the opening on, no longer at the closing."""
        at = _utc(at)
        return self.nonstop or any(opening <= at < closing for opening, closing in self._on(at.toordinal()))

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself if the team is open then, else the next opening. ValueError when there is none for two years."""
        at = _utc(at)
        return at if self.nonstop else next(self._open_from(at))[0]

    def closing(self, at: datetime) -> datetime | None:
        """When the team closes that is open at `at`, or opens next after it; None when it does not close for two years."""
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
        """The first moment at which the clock on the wall shows that time of that day, or has passed it."""
        return self._instant(day.toordinal(), timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second))

    def _days_after(self, since: datetime, days: int) -> datetime:
        opening = self.next_opening(since)
        local = opening.astimezone(self.zone)
        clock = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        day = local.toordinal()
        begun = self._spans(day)
        if not begun or clock < timedelta(seconds=begun[0][0]):
            day, clock = day - 1, clock + timedelta(days=1)
        day = self._nth_day_after(day, days)
        return self._instant(day, self._nearest(day, clock))

    def _nearest(self, day: int, clock: timedelta) -> timedelta:
        """`clock` on that day, or the closing before it. What ends inside the night shift of the day before is no closing yet."""
        if self.nonstop:
            return clock
        at = _within(self._spans(day), clock)
        night_ends = timedelta(seconds=max((end for _, end in self._spans(day - 1)), default=0) - _DAY)
        if at < clock:
            at = max(at, min(clock, night_ends))
        tomorrow = self._spans(day + 1)  # where its shift begins before this one ends, what follows is tomorrow's
        return min(at, timedelta(seconds=tomorrow[0][0] + _DAY)) if tomorrow else at

    def _nth_day_after(self, day: int, days: int) -> int:
        """The n-th day after `day` on which the team opens; a day that the calendar leaves out, or its only hours, is none."""
        last = day
        while days:
            day += 1
            if self._opens(day):
                days, last = days - 1, day
            elif day - last > _LONGEST_CLOSED:
                raise _never_open(date.fromordinal(last))
        return day

    def _opens(self, day: int) -> bool:
        """Whether there is any time within the hours of that day. Remembered, as what is open is."""
        known = self._opening.get(day)
        if known is None:
            if len(self._opening) > 2 * _LONGEST_CLOSED:
                self._opening.clear()
            spans = [(timedelta(seconds=start), timedelta(seconds=end)) for start, end in self._spans(day)]
            known = any(self._instant(day, start) < self._instant(day, end) for start, end in spans)
            self._opening[day] = known
        return known

    def _open_from(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is open from `since` on, in order, without end; a span that runs over midnight UTC comes in two pieces."""
        day = last = since.toordinal()
        while day - last <= _LONGEST_CLOSED:
            for opening, closing in self._on(day):
                if closing > since:
                    last = day
                    yield max(opening, since), closing
            day += 1
        raise _never_open(date.fromordinal(last))

    def _on(self, day: int) -> tuple[tuple[datetime, datetime], ...]:
        """What is open within one day of UTC, numbered as by date.toordinal. Remembered, since feedback comes on the same days."""
        known = self._known.get(day)
        if known is None:
            if len(self._known) > 2 * _LONGEST_CLOSED:
                self._known.clear()
            known = self._known[day] = self._work_out(day)
        return known

    def _work_out(self, day: int) -> tuple[tuple[datetime, datetime], ...]:
        midnight = datetime.combine(date.fromordinal(day), time(), UTC)
        shown = [((d - day) * _DAY + a, (d - day) * _DAY + b) for d in range(day - 2, day + 2) for a, b in self._spans(d)]
        pieces: list[Span] = []
        start = 0
        while start < _DAY:  # each stretch in which no clock is changed: there, opening hours are clock times less the offset
            end = _change(self.zone, midnight, start, _DAY)
            offset = _offset(self.zone, midnight + timedelta(seconds=start))
            pieces += [(max(a - offset, start), min(b - offset, end)) for a, b in shown if a - offset < end and b - offset > start]
            start = end
        return tuple((midnight + timedelta(seconds=a), midnight + timedelta(seconds=b)) for a, b in merged(pieces))

    def _spans(self, day: int) -> tuple[Span, ...]:
        """The shifts that begin on that day, in clock time. Remembered, as what is open is."""
        known = self._begun.get(day)
        if known is None:
            if len(self._begun) > 2 * _LONGEST_CLOSED:
                self._begun.clear()
            on = date.fromordinal(day)
            off = on in self.closed or on in self.holidays
            known = self._begun[day] = self.extra[on] if on in self.extra else () if off else self.week[on.weekday()]
        return known

    def _instant(self, day: int, clock: timedelta) -> datetime:
        """The first moment at which the clock on the wall shows that time of that day, or has passed it."""
        wall = datetime.combine(date.fromordinal(day), time(), self.zone) + clock  # adds as a calendar does, not as time passes
        moment = wall.astimezone(UTC)
        if moment.astimezone(self.zone) == wall:  # within one zone, clock faces are compared
            return moment
        before = wall.replace(fold=1, microsecond=0).astimezone(UTC)
        return before + _change(self.zone, before, 0, (moment - before) // _SECOND) * _SECOND

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> CoreSchema:
        """A field of this type takes what `build` made, as it is."""
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


def _never_open(day: date) -> ValueError:
    return ValueError(f"never open in the two years after {day}; look at the hours, closed days and holidays")


def _offset(zone: ZoneInfo, at: datetime) -> int:
    ahead = at.astimezone(zone).utcoffset()
    return ahead.days * _DAY + ahead.seconds if ahead else 0


def _change(zone: ZoneInfo, base: datetime, start: int, end: int) -> int:
    """The first second after `start` at which the clock is another, up to `end`; `end` if it stays. Both count from `base`."""
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


def _within(spans: Sequence[Span], clock: timedelta) -> timedelta:
    """`clock` if it lies in a span, else the end of the last one begun before it, else the first beginning."""
    begun = [end for start, end in spans if timedelta(seconds=start) <= clock]
    return min(clock, timedelta(seconds=begun[-1])) if begun else timedelta(seconds=spans[0][0])
