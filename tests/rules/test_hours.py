"""Opening hours against an oracle that knows nothing of them: it walks every minute of UTC and reads the clock on the wall."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from itertools import chain, islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.opening_times import HoursError, door_sign, on_a_door, read_week

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "Europe/Oslo",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Chatham",
)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 20, tzinfo=UTC)
APIA_LOSES_A_DAY = datetime(2011, 12, 30, 10, tzinfo=UTC)

Table = dict[int, tuple[tuple[int, int], ...]]
"""Minutes of the day by weekday; a span whose end is not later than its beginning runs past midnight."""


@dataclass(frozen=True)
class Plan:
    """What a team wrote down, and how the oracle reads it."""

    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: frozenset[date] = frozenset()
    closed: frozenset[date] = frozenset()
    extra: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = ()

    def hours(self) -> OpeningHours:
        return OpeningHours.build(
            {DAYS[day]: _words(spans) for day, spans in enumerate(self.week) if spans},
            ZoneInfo(self.zone),
            holidays=self.holidays,
            closed=self.closed,
            extra={day: _words(spans) for day, spans in self.extra},
        )

    def shifts(self, day: date) -> tuple[tuple[int, int], ...]:
        for special, spans in self.extra:
            if special == day:
                return spans
        return () if day in self.holidays or day in self.closed else self.week[day.weekday()]

    def open_at(self, moment: datetime) -> bool:
        wall = moment.astimezone(ZoneInfo(self.zone))
        return wall.hour * 60 + wall.minute in self.open_on(wall.date())

    def open_on(self, day: date) -> frozenset[int]:
        """Returns the minutes of a day on the wall at which they are open."""
        return _shown(self.shifts(day), self.shifts(day - DAY))


@lru_cache
def _shown(today: tuple[tuple[int, int], ...], yesterday: tuple[tuple[int, int], ...]) -> frozenset[int]:
    begun = (range(a, b if a < b else 1440) for a, b in today)
    return frozenset(chain(*begun, *(range(b) for a, b in yesterday if b <= a)))


@lru_cache(maxsize=4000)
def _open_minutes(plan: Plan, day: datetime) -> tuple[datetime, ...]:
    there, on = ZoneInfo(plan.zone), cache(plan.open_on)
    walls = ((minute, minute.astimezone(there)) for minute in (day + n * MINUTE for n in range(24 * 60)))
    return tuple(minute for minute, wall in walls if wall.hour * 60 + wall.minute in on(wall.date()))


def _walk(plan: Plan, start: datetime) -> Iterator[datetime]:
    """Every open minute from `start` on, for half a year at most."""
    day = start.replace(hour=0, minute=0)
    for n in range(180):
        yield from (minute for minute in _open_minutes(plan, day + n * DAY) if minute >= start)


def _count(plan: Plan, start: datetime, end: datetime) -> timedelta:
    total = 0
    for minute in _walk(plan, start):
        if minute >= end:
            break
        total += 1
    return total * MINUTE


def _words(spans: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans)


@lru_cache
def _clock_changes(zone: str, first: datetime = FIRST, last: datetime = LAST) -> tuple[datetime, ...]:
    """The days of UTC on which the clocks of the zone are changed."""
    there = ZoneInfo(zone)
    days = [first + n * DAY for n in range((last - first).days)]
    return tuple(a for a, b in pairwise(days) if a.astimezone(there).utcoffset() != b.astimezone(there).utcoffset())


spans = st.tuples(st.integers(0, 95), st.integers(0, 96)).filter(lambda s: s[0] != s[1]).map(lambda s: (s[0] * 15, s[1] * 15))
shifts = st.lists(spans, max_size=3).map(tuple)
usual = st.sampled_from(
    [
        ((540, 1020),),
        ((480, 720), (780, 1080)),
        ((1320, 360),),
        ((0, 1440),),
        ((0, 1439),),
        ((90, 150), (480, 720)),
        ((1380, 30), (15, 165)),
        (),
    ]
)
weeks = st.tuples(*[st.one_of(usual, shifts)] * 7).filter(any)
minutes = st.integers(0, 24 * 60 - 1).map(lambda n: n * MINUTE)


@st.composite
def plans_and_moments(draw: st.DrawFn) -> tuple[Plan, datetime]:
    """A plan with days off and extra days around a moment; half of the moments lie close to a change of the clocks."""
    zone = draw(st.sampled_from(ZONES))
    changes = _clock_changes(zone) + ((APIA_LOSES_A_DAY,) if zone == "Pacific/Apia" else ())
    if draw(st.booleans()) and changes:
        day = draw(st.sampled_from(changes)) - draw(st.integers(0, 3)) * DAY
    else:
        day = FIRST + draw(st.integers(0, (LAST - FIRST).days)) * DAY
    around = st.integers(-2, 8).map(lambda n: (day + n * DAY).date())
    plan = Plan(
        zone,
        draw(weeks),
        holidays=draw(st.frozensets(around, max_size=2)),
        closed=draw(st.frozensets(around, max_size=2)),
        extra=tuple(draw(st.dictionaries(around, shifts.filter(bool), max_size=2)).items()),
    )
    return plan, day.replace(hour=0, minute=0) + draw(minutes)


def oslo(week: dict[str, str] | str = "always", **more: object) -> OpeningHours:
    return OpeningHours.build(week, ZoneInfo("Europe/Oslo"), **more)  # type: ignore[arg-type]


def at(text: str, zone: str = "Europe/Oslo", fold: int = 0) -> datetime:
    """A wall time of the zone as an aware time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def after(hours: OpeningHours, since: datetime, text: str) -> datetime:
    return hours.after(since, Duration.parse(text))


SHOP = {"mon-fri": "08:00-18:00", "sat": "10:00-16:00"}


# Durations


@pytest.mark.parametrize(
    ("text", "seconds", "days", "said"),
    [
        ("90s", 90, 0, "90s"),
        ("30m", 1800, 0, "30m"),
        ("4h", 14400, 0, "4h"),
        ("2d", 0, 2, "2d"),
        ("120m", 7200, 0, "2h"),
        ("90m", 5400, 0, "90m"),
        ("3660d", 0, 3660, "3660d"),
        ("87840h", 87840 * 3600, 0, "87840h"),
    ],
)
def test_a_duration_is_read_and_said_in_its_shortest_form(text: str, seconds: int, days: int, said: str) -> None:
    duration = Duration.parse(text)
    assert (duration.seconds, duration.days, str(duration)) == (seconds, days, said)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("4 hours", "'4 hours' is not a duration; write for example 30m, 4h or 2d"),
        ("", "'' is not a duration; write for example 30m, 4h or 2d"),
        ("-4h", "'-4h' is not a duration; write for example 30m, 4h or 2d"),
        ("1.5h", "'1.5h' is not a duration; write for example 30m, 4h or 2d"),
        ("٤h", "'٤h' is not a duration; write for example 30m, 4h or 2d"),
        (4, "4 is not a duration; write for example 30m, 4h or 2d"),
        ("0h", "'0h' is no time at all; write for example 30m, 4h or 2d"),
        ("3661d", "'3661d' is longer than ten years; write for example 30m, 4h or 2d"),
        ("4000d", "'4000d' is longer than ten years; write for example 30m, 4h or 2d"),
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        Duration.parse(text)
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("typed", "read"), [("2 days", "2d"), ("4 hours", "4h"), (" 1 Hour", "1h"), ("30 min", "30m"), ("45mins", "45m"), ("2d", "2d")]
)
def test_a_duration_typed_in_words_is_understood(typed: str, read: str) -> None:
    assert str(Duration.typed(typed)) == read


@pytest.mark.parametrize("typed", ["two days", "2 months", "4 hours 30", "0 days", "soon", ""])
def test_a_duration_typed_in_other_words_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="write for example 30m, 4h or 2d"):
        Duration.typed(typed)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("mon-fri 9-17", {"mon-fri": "09:00-17:00"}),
        ("Monday to Friday 9am to 5:30pm, sat 10 – 14", {"monday-friday": "09:00-17:30", "sat": "10:00-14:00"}),
        ("mon-fri 8-12 13-17", {"mon-fri": "08:00-12:00, 13:00-17:00"}),
        ("fri 22-6, sat 9.30-17.30", {"fri": "22:00-06:00", "sat": "09:30-17:30"}),
        ("mon: 08:00-24:00", {"mon": "08:00-24:00"}),
        ("sat 5-12", {"sat": "05:00-12:00"}),
        ("sat 3:30-11, sun 3-11:30", {"sat": "03:30-11:00", "sun": "03:00-11:30"}),
        (" Always ", "always"),
    ],
)
def test_hours_are_read_as_people_write_them_on_a_door(typed: str, read: dict[str, str] | str) -> None:
    assert on_a_door(typed) == read
    assert on_a_door(door_sign(read)) == read


@pytest.mark.parametrize("typed", ["mon-fri 9-5", "mon-fri 8-12 1-5", "mon 9-5pm", "9-17", "mon 25-30", "mon 4-12"])
def test_hours_that_may_mean_two_things_or_none_are_not_guessed(typed: str) -> None:
    with pytest.raises(HoursError):
        read_week(on_a_door(typed))


def test_hours_that_may_mean_two_things_are_quoted_as_they_were_typed() -> None:
    with pytest.raises(HoursError, match=r"^'9-5' is not opening hours"):
        read_week(on_a_door("mon 9-5"))


@pytest.mark.parametrize("typed", ["mon-fri", "9-17", "9-17 mon", "mon 9-17 tue"])
def test_hours_without_their_days_and_days_without_their_hours_are_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(HoursError, match="is not opening hours; write for example mon-fri 08:00-18:00, sat 10:00-16:00"):
        on_a_door(typed)


@pytest.mark.parametrize(("seconds", "days"), [(0, 0), (1, 1), (-1, 0), (-1, 1), (0, -1)])
def test_a_duration_is_opening_time_or_opening_days_but_never_both_or_nothing(seconds: int, days: int) -> None:
    with pytest.raises(ValueError, match="and not both"):
        Duration(seconds=seconds, days=days)


class _Promise(BaseModel):
    model_config = ConfigDict(frozen=True)
    claim: Duration
    hours: OpeningHours


def test_a_model_takes_a_duration_as_a_word_and_hours_as_they_were_built() -> None:
    hours = oslo(SHOP)
    promise = _Promise.model_validate({"claim": "4h", "hours": hours})
    assert promise.claim == Duration(seconds=14400)
    assert promise.hours is hours
    assert promise.model_dump_json(include={"claim"}) == '{"claim":"4h"}'
    assert hash(promise) == hash(_Promise(claim=Duration.parse("4h"), hours=oslo(SHOP)))
    with pytest.raises(ValidationError, match="'4 hours' is not a duration; write for example 30m, 4h or 2d"):
        _Promise.model_validate({"claim": "4 hours", "hours": hours})
    with pytest.raises(ValidationError, match="instance of OpeningHours"):
        _Promise.model_validate({"claim": "4h", "hours": SHOP})


# Reading hours


@pytest.mark.parametrize(
    ("week", "same"),
    [
        ({"mon-wed": "08:00-18:00"}, {"mon,tue,wed": ["8:00 - 18:00"]}),
        ({"fri-mon": "09:00-17:00"}, {"Friday, sat-sunday,MON": "09:00-17:00"}),
        ({"mon": "08:00-12:00, 12:00-13:00,10:00-11:00"}, {"mon": "08:00-13:00"}),
        ({"mon": ["13:00\u201318:00", "08:00-12:00"]}, {"mon": "08:00-12:00, 13:00-18:00"}),
        ({"mon": "22:00-00:00"}, {"mon": "22:00-24:00"}),
    ],
)
def test_the_same_week_can_be_written_in_several_ways(week: dict[str, str], same: dict[str, str]) -> None:
    assert oslo(week) == oslo(same)
    assert hash(oslo(week)) == hash(oslo(same))


@pytest.mark.parametrize(
    ("week", "why", "key"),
    [
        ({}, "never open: no day of the week has hours; write for example mon-fri: 08:00-18:00", None),
        ("24/7", "'24/7' is not a week of opening hours; write always, or days such as mon-fri with their hours", None),
        (None, "None is not a week of opening hours; write always, or days such as mon-fri with their hours", None),
        ({"mo": "08:00-18:00"}, "'mo' is not a day of the week; write for example mon, mon-fri or mon,wed", "mo"),
        ({"mo-fri": "08:00-18:00"}, "'mo-fri' is not a day of the week; write for example mon, mon-fri or mon,wed", "mo-fri"),
        ({"mon-": "08:00-18:00"}, "'mon-' is not a day of the week; write for example mon, mon-fri or mon,wed", "mon-"),
        (
            {"mon-tue-wed": "8:00-9:00"},
            "'mon-tue-wed' is not a day of the week; write for example mon, mon-fri or mon,wed",
            "mon-tue-wed",
        ),
        ({1: "08:00-18:00"}, "1 is not a day of the week; write for example mon, mon-fri or mon,wed", 1),
        (
            {"mon-fri": "8:00-9:00", "fri": "8:00-9:00"},
            "friday has hours twice, the second time in 'fri'; name each day once",
            "fri",
        ),
        ({"mon": "8-18"}, "'8-18' is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": "08:00-12:00,"}, "'' is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": []}, "[] is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": None}, "None is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": 480}, "480 is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": [480]}, "480 is not opening hours; write for example 08:00-18:00, or leave the day out", "mon"),
        ({"mon": "08:60-18:00"}, "'08:60-18:00' holds a time that no clock shows; a day runs from 00:00 to 24:00", "mon"),
        (
            {"mon": "8:00-12:00, 13:00-25:00 "},
            "'13:00-25:00' holds a time that no clock shows; a day runs from 00:00 to 24:00",
            "mon",
        ),
        ({"mon": "08:00-24:01"}, "'08:00-24:01' holds a time that no clock shows; a day runs from 00:00 to 24:00", "mon"),
        ({"mon": "24:00-08:00"}, "'24:00-08:00' holds a time that no clock shows; a day runs from 00:00 to 24:00", "mon"),
        ({"mon": "09:00-09:00"}, "'09:00-09:00' begins and ends at the same time; for the whole day write 00:00-24:00", "mon"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_what_to_write(week: dict[str, str], why: str, key: object) -> None:
    with pytest.raises(HoursError) as refused:
        oslo(week)
    assert str(refused.value) == why
    assert refused.value.key == key


def test_hours_of_an_extra_day_that_cannot_be_read_name_the_day() -> None:
    with pytest.raises(HoursError, match="'noon' is not opening hours") as refused:
        oslo(SHOP, extra={date(2026, 12, 24): "noon"})
    assert refused.value.key == date(2026, 12, 24)


# Hours, minutes, seconds


def test_what_comes_in_while_closed_begins_to_count_at_the_next_opening() -> None:
    assert after(oslo(SHOP), at("2026-11-21 20:00"), "4h") == at("2026-11-23 12:00")


def test_a_promise_goes_on_the_next_morning_where_the_evening_cut_it() -> None:
    assert after(oslo(SHOP), at("2026-11-19 16:30"), "4h") == at("2026-11-20 10:30")


def test_a_promise_that_ends_with_the_day_ends_at_closing_time() -> None:
    assert after(oslo(SHOP), at("2026-11-20 14:00"), "4h") == at("2026-11-20 18:00")


def test_fractions_of_a_second_are_kept() -> None:
    since = at("2026-11-20 14:00") + timedelta(microseconds=7)
    assert after(oslo(SHOP), since, "1h") == since + timedelta(hours=1)
    assert oslo(SHOP).between(since, since + timedelta(microseconds=5)) == timedelta(microseconds=5)


def test_always_means_round_the_clock_and_asks_no_holiday() -> None:
    hours = oslo("always", holidays={date(2026, 12, 25)})
    since = at("2026-12-24 23:00")
    assert after(hours, since, "4h") == since + timedelta(hours=4)
    assert hours.between(since, since + 9 * DAY) == 9 * DAY
    assert hours.is_open(since)
    assert hours.next_opening(since) == since
    assert hours.closing(since) is None


def test_always_still_keeps_its_own_closed_days() -> None:
    hours = oslo("always", closed=[date(2026, 12, 25)], holidays={date(2026, 12, 24), date(2026, 12, 26)})
    assert after(hours, at("2026-12-24 23:00"), "4h") == at("2026-12-26 03:00")
    assert hours.closing(at("2026-12-24 23:00")) == at("2026-12-25 00:00")


def test_always_still_keeps_the_days_that_have_hours_of_their_own() -> None:
    hours = oslo("always", extra={date(2026, 12, 24): "00:00-14:00"})
    assert not hours.is_open(at("2026-12-24 15:00"))
    assert hours.closing(at("2026-12-23 23:00")) == at("2026-12-24 14:00")
    assert after(hours, at("2026-12-24 13:00"), "2h") == at("2026-12-25 01:00")


def test_the_night_shift_of_the_day_before_a_closed_day_works_to_its_end() -> None:
    hours = oslo({"mon-sun": "22:00-06:00"}, closed=[date(2026, 12, 25)])
    assert hours.is_open(at("2026-12-25 05:59"))
    assert not hours.is_open(at("2026-12-25 06:00"))
    assert not hours.is_open(at("2026-12-26 01:00"))
    assert hours.next_opening(at("2026-12-25 06:00")) == at("2026-12-26 22:00")


def test_extra_hours_win_over_the_week_a_holiday_and_a_closed_day() -> None:
    eve = date(2026, 12, 24)
    hours = oslo(SHOP, holidays={eve}, closed=[eve], extra={eve: "10:00-12:00", date(2026, 12, 27): ["13:00-14:00", "14:00-15:00"]})
    assert hours.next_opening(at("2026-12-23 18:00")) == at("2026-12-24 10:00")
    assert hours.closing(at("2026-12-24 10:00")) == at("2026-12-24 12:00")
    assert hours.closing(at("2026-12-26 22:00")) == at("2026-12-27 15:00")


def test_a_shift_of_nearly_a_day_is_open_to_its_end_far_from_utc() -> None:
    hours = OpeningHours.build({"mon": "20:00-19:45"}, ZoneInfo("America/New_York"))
    tuesday = at("2026-11-24 19:30", "America/New_York")
    assert hours.is_open(tuesday)
    assert hours.closing(tuesday) == tuesday + 15 * MINUTE


def test_spans_that_touch_at_midnight_are_one() -> None:
    hours = oslo({"fri": "20:00-24:00", "sat": "00:00-04:00"})
    assert hours.closing(at("2026-11-20 21:00")) == at("2026-11-21 04:00")
    assert after(hours, at("2026-11-20 21:00"), "7h") == at("2026-11-21 04:00")


def test_a_week_without_a_pause_has_no_closing_time() -> None:
    assert oslo({"mon-sun": "00:00-24:00"}).closing(at("2026-11-20 21:00")) is None


def test_a_minute_to_midnight_is_closed_where_the_hours_say_so() -> None:
    hours = oslo({"mon-sun": "00:00-23:59"})
    assert hours.closing(at("2026-11-20 21:00")) == at("2026-11-20 23:59")
    assert hours.next_opening(at("2026-11-20 23:59")) == at("2026-11-21 00:00")


# Clocks put forward and back


def test_a_time_that_never_comes_is_the_first_moment_after_the_gap() -> None:
    opens_in_it = oslo({"sun": "02:30-08:00"})
    assert opens_in_it.next_opening(at("2026-03-29 01:00")) == at("2026-03-29 03:00")
    closes_in_it = oslo({"sat": "20:00-02:30"})
    assert closes_in_it.closing(at("2026-03-28 21:00")) == at("2026-03-29 03:00")
    lies_in_it = oslo({"sun": "02:10-02:50"})
    assert lies_in_it.next_opening(at("2026-03-29 01:00")) == at("2026-04-05 02:10")


def test_a_time_that_comes_twice_counts_both_times() -> None:
    hours = oslo({"sun": "01:00-02:30"})
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert hours.closing(at("2026-10-25 01:00")) == first
    assert hours.next_opening(first) == at("2026-10-25 02:00", fold=1)
    assert hours.closing(first) == second
    assert hours.between(at("2026-10-25 00:00"), at("2026-10-25 12:00")) == timedelta(hours=2)
    assert oslo({"sun": "02:15-08:00"}).next_opening(at("2026-10-25 00:00")) == at("2026-10-25 02:15")


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    hours = oslo({"mon-sun": "22:00-06:00"})
    assert hours.between(at("2026-03-28 12:00"), at("2026-03-29 12:00")) == timedelta(hours=7)
    assert hours.between(at("2026-10-24 12:00"), at("2026-10-25 12:00")) == timedelta(hours=9)


def test_the_day_that_apia_skipped_holds_no_opening_time() -> None:
    hours = OpeningHours.build({"mon-sun": "09:00-17:00"}, ZoneInfo("Pacific/Apia"))
    thursday, saturday = at("2011-12-29 16:00", "Pacific/Apia"), at("2011-12-31 10:00", "Pacific/Apia")
    assert hours.between(thursday, saturday) == timedelta(hours=2)
    assert after(hours, thursday, "2h") == saturday
    assert after(hours, thursday, "1d") == at("2011-12-31 16:00", "Pacific/Apia")


@settings(max_examples=60)
@given(plans_and_moments(), st.times())
def test_a_time_of_day_is_the_first_minute_at_which_the_wall_shows_it_or_has_passed_it(
    case: tuple[Plan, datetime], clock: time
) -> None:
    plan, moment = case
    there, day, clock = ZoneInfo(plan.zone), moment.date(), clock.replace(second=0, microsecond=0)
    walk = (moment.replace(hour=0, minute=0) + n * MINUTE for n in range(-16 * 60, 40 * 60))
    shown = ((minute, minute.astimezone(there).replace(tzinfo=None)) for minute in walk)
    assert plan.hours().moment(day, clock) == next(minute for minute, wall in shown if wall >= datetime.combine(day, clock))


def test_a_promise_of_days_that_would_end_within_the_gap_ends_after_it_to_the_second() -> None:
    after_the_gap = at("2026-03-29 03:00")
    assert oslo().moment(date(2026, 3, 29), time(2, 59, 59)) == after_the_gap
    assert oslo().moment(date(2026, 3, 29), time(2, 59, 59)).tzinfo is UTC, "also what never comes on the wall"
    assert after(oslo(closed={date(2020, 1, 1)}), at("2026-03-28 02:30:10.5"), "1d") == after_the_gap


def test_where_the_wall_shows_utc_a_team_opens_and_closes_to_the_second() -> None:
    for zone in ("Europe/London", "UTC"):
        hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, ZoneInfo(zone))
        opens, closes = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (8, 18))
        assert (hours.next_opening(opens - timedelta(hours=9)), hours.closing(opens)) == (opens, closes)


def test_a_time_of_day_has_seconds() -> None:
    assert oslo().moment(date(2026, 11, 20), time(9, 0, 30)) == at("2026-11-20 09:00:30")


# Days


@pytest.mark.parametrize(
    ("since", "promise", "due"),
    [
        ("2026-11-17 11:20", "1d", "2026-11-18 11:20"),
        ("2026-11-17 11:20", "2d", "2026-11-19 11:20"),
        ("2026-11-20 11:20", "2d", "2026-11-23 11:20"),  # Saturday is an opening day, Sunday is not
        ("2026-11-20 17:00", "1d", "2026-11-21 16:00"),  # Saturday has closed by then: its closing
        ("2026-11-20 08:30", "1d", "2026-11-21 10:00"),  # Saturday has not opened by then: its opening
        ("2026-11-20 20:00", "1d", "2026-11-23 10:00"),  # counted from Saturday's opening
        ("2026-11-22 03:00", "1d", "2026-11-24 08:00"),
        ("2026-12-23 12:00", "2d", "2026-12-28 12:00"),  # the 25th is a holiday, the 26th closed
    ],
)
def test_days_end_at_the_same_time_on_the_next_days_that_open(since: str, promise: str, due: str) -> None:
    hours = oslo(SHOP, holidays={date(2026, 12, 25)}, closed=[date(2026, 12, 26)])
    assert after(hours, at(since), promise) == at(due)


def test_days_that_begin_before_or_after_the_break_end_at_the_same_time() -> None:
    hours = oslo({"mon-fri": "09:00-12:00, 13:00-17:00"})
    for clock in ("10:00", "14:00"):
        assert hours.after(at(f"2026-11-02 {clock}"), Duration.parse("1d")) == at(f"2026-11-03 {clock}")


@pytest.mark.parametrize(
    ("start", "end", "ever"),
    [
        (time(8), time(9, 30), False),
        (time(8), time(9, 31), True),
        (time(16, 59), time(20), True),
        (time(17), time(20), False),
        (time(12), time(12, 45), False),
        (time(12), time(13), True),
        (time(21), time(22, 15), False),
        (time(21), time(22, 16), True),
        (time(0), time(1), True),
        (time(2, 29), time(4), True),
        (time(2, 30), time(4), False),
    ],
)
def test_whether_it_is_ever_open_at_these_times_of_day_is_told_to_the_minute(start: time, end: time, ever: bool) -> None:
    hours = oslo({"mon": "09:30-12:00, 12:45-17:00", "sat": "22:15-02:30"})
    assert hours.is_ever_open(start, end) is ever


def test_days_keep_the_seconds_of_the_moment_they_began() -> None:
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, ZoneInfo("Europe/Oslo"))
    begun = datetime(2026, 11, 25, 9, 30, 17, 250_000, tzinfo=UTC)
    assert hours.after(begun, Duration.parse("1d")) == begun + timedelta(days=1)


def test_days_that_would_end_in_the_break_end_before_it() -> None:
    hours = oslo({"mon": "08:00-18:00", "tue": "08:00-12:00, 13:00-18:00"})
    assert after(hours, at("2026-11-23 12:30"), "1d") == at("2026-11-24 12:00")
    assert after(hours, at("2026-11-23 13:00"), "1d") == at("2026-11-24 13:00")


def test_a_moment_after_midnight_belongs_to_the_night_shift_it_is_in() -> None:
    hours = oslo({"mon-wed": "22:00-06:00"})
    assert after(hours, at("2026-11-24 02:00"), "1d") == at("2026-11-25 02:00")
    assert after(hours, at("2026-11-24 02:00"), "2d") == at("2026-11-26 02:00")
    assert after(hours, at("2026-11-24 23:00"), "1d") == at("2026-11-25 23:00")
    assert after(hours, at("2026-11-26 02:00"), "1d") == at("2026-12-01 02:00")


def test_days_round_the_clock_keep_the_time_of_day_when_the_clocks_change() -> None:
    assert after(oslo(), at("2026-03-28 12:00"), "1d") == at("2026-03-29 12:00")
    assert after(oslo(), at("2026-03-28 02:30"), "1d") == at("2026-03-29 03:00")
    assert after(oslo(), at("2026-10-24 02:30"), "1d") == at("2026-10-25 02:30")


def test_many_days_may_take_longer_than_the_search_for_one() -> None:
    assert after(oslo(), at("2026-11-20 12:00"), "1000d") == at("2029-08-16 12:00")


def test_a_day_whose_only_hours_fall_into_the_gap_is_no_opening_day() -> None:
    hours = oslo({"sat-mon": "02:10-02:50"})
    assert after(hours, at("2026-03-28 02:20"), "1d") == at("2026-03-30 02:20")


def test_the_shifts_of_a_day_are_those_that_begin_on_it() -> None:
    hours = oslo({"mon-fri": "08:00-12:00, 13:00-18:00", "sat": "18:00-02:00"}, closed=[date(2026, 11, 18)])
    tuesday, wednesday, sunday = (date(2026, 11, day) for day in (17, 18, 22))
    assert list(hours.shifts_on(tuesday)) == [
        (at("2026-11-17 08:00"), at("2026-11-17 12:00")),
        (at("2026-11-17 13:00"), at("2026-11-17 18:00")),
    ]
    assert list(hours.shifts_on(date(2026, 11, 21))) == [(at("2026-11-21 18:00"), at("2026-11-22 02:00"))]
    assert hours.opening_on(tuesday) == at("2026-11-17 08:00")
    assert hours.opening_on(wednesday) is None
    assert hours.opening_on(sunday) is None, "only last night's shift is there"
    assert list(islice(hours.working_days(wednesday), 4)) == [date(2026, 11, day) for day in (19, 20, 21, 23)]
    assert oslo().opening_on(sunday) == at("2026-11-22 00:00")


NEVER_CLOSES = {"mon-sun": "00:00-24:00"}


@pytest.mark.parametrize(
    ("week", "since", "begins"),
    [
        (SHOP, "2026-11-17 11:20", "2026-11-18 08:00"),
        (SHOP, "2026-11-20 17:55", "2026-11-21 10:00"),
        (SHOP, "2026-11-21 15:00", "2026-11-23 08:00"),
        (SHOP, "2026-11-17 03:00", "2026-11-18 08:00"),  # closed: the day that comes, and then the next one
        ({"mon-fri": "08:00-12:00, 13:00-18:00"}, "2026-11-17 11:41", "2026-11-18 08:00"),  # a break ends no day
        ({"tue-sun": "18:00-02:00"}, "2026-11-18 01:00", "2026-11-18 18:00"),
        ({"tue-sun": "18:00-02:00"}, "2026-11-23 01:00", "2026-11-24 18:00"),
        ({"mon-sun": "00:00-23:59"}, "2026-11-17 14:00", "2026-11-18 14:00"),  # a minute is no night
        ({"mon-fri": "00:00-24:00"}, "2026-11-17 14:00", "2026-11-18 14:00"),
        ({"mon-fri": "00:00-24:00"}, "2026-11-20 14:00", "2026-11-23 00:00"),
        (NEVER_CLOSES, "2026-11-17 14:00", "2026-11-18 14:00"),
        (NEVER_CLOSES, "2026-12-24 14:00", "2026-12-26 00:00"),  # the 25th is a day off
        (NEVER_CLOSES, "2026-10-24 14:00", "2026-10-25 14:00"),  # the clocks are put back
        ("always", "2026-11-17 14:00", "2026-11-18 14:00"),
        ({"fri": "18:00-24:00", "sat": "00:00-02:00, 18:00-24:00"}, "2026-11-20 20:00", "2026-11-21 20:00"),
    ],
)
def test_the_next_day_begins_at_its_opening_or_a_day_later_where_a_team_does_not_close(
    week: dict[str, str] | str, since: str, begins: str
) -> None:
    hours = oslo(week, closed=[] if week == "always" else [date(2026, 12, 25)])
    assert hours.next_day(at(since)) == at(begins)


# Shares


def test_half_of_a_promise_is_half_of_its_opening_time() -> None:
    hours = oslo(SHOP)
    since = at("2026-11-20 17:00")
    assert hours.share(since, after(hours, since, "4h"), 0.5) == at("2026-11-21 11:00")
    assert hours.share(since, at("2026-11-23 09:00"), 0.75) == at("2026-11-21 15:00")


def test_a_share_of_no_opening_time_is_its_end() -> None:
    since, until = at("2026-11-22 10:00"), at("2026-11-22 12:00")
    assert oslo(SHOP).share(since, until, 0.5) == until
    assert oslo(SHOP).share(until, since, 0.5) == since
    open_since, open_until = at("2026-11-20 10:00"), at("2026-11-20 12:00")
    assert oslo(SHOP).share(open_until, open_since, 0.5) == open_since


def test_a_share_of_nothing_is_the_first_open_moment_and_of_all_the_last() -> None:
    since, until = at("2026-11-20 19:00"), at("2026-11-23 07:00")
    assert oslo(SHOP).share(since, until, 0) == at("2026-11-21 10:00")
    assert oslo(SHOP).share(since, until, 1) == at("2026-11-21 16:00")


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_share_lies_between_nothing_and_all(fraction: float) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        oslo().share(FIRST, LAST, fraction)


# What is refused, and where the search ends


def test_a_time_without_a_zone_is_refused_everywhere() -> None:
    for hours in (oslo(), oslo(SHOP)):
        naive = FIRST.replace(tzinfo=None)
        for ask in (hours.is_open, hours.next_opening, hours.closing, hours.day_of, hours.next_day):
            with pytest.raises(ValueError, match="has no time zone"):
                ask(naive)
        for text in ("4h", "2d"):
            with pytest.raises(ValueError, match="has no time zone"):
                after(hours, naive, text)
        with pytest.raises(ValueError, match="has no time zone"):
            hours.between(FIRST, naive)
        with pytest.raises(ValueError, match="has no time zone"):
            hours.share(naive, FIRST, 0.5)


def test_times_of_any_zone_go_in_and_utc_comes_out() -> None:
    since = datetime(2026, 11, 20, 14, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    for hours in (oslo(), oslo(SHOP)):
        answers = [
            after(hours, since, "4h"),
            after(hours, since, "2d"),
            hours.next_opening(since),
            hours.next_day(since),
            hours.share(since, since + DAY, 0.5),
        ]
        assert all(answer.tzinfo is UTC for answer in answers)
    assert after(oslo(SHOP), since, "4h") == datetime(2026, 11, 20, 13, tzinfo=UTC)


class _EveryDay:
    def __contains__(self, day: object) -> bool:
        return True


def test_a_team_that_is_closed_for_years_is_reported_and_not_searched_for_ever() -> None:
    hours = oslo(SHOP, holidays=_EveryDay(), extra={date(2026, 11, 20): "08:00-18:00"})
    why = "never open in the two years after 2026-11-20; look at the hours, closed days and holidays"
    asked: list[Callable[[], object]] = [
        lambda: after(hours, at("2026-11-20 12:00"), "7h"),
        lambda: after(hours, at("2026-11-20 12:00"), "1d"),
        lambda: hours.next_opening(at("2026-11-20 18:00")),
        lambda: hours.closing(at("2026-11-20 18:00")),
        lambda: hours.next_day(at("2026-11-20 12:00")),
    ]
    for ask in asked:
        with pytest.raises(ValueError) as refused:
            ask()
        assert str(refused.value) == why
    assert after(hours, at("2026-11-20 12:00"), "6h") == at("2026-11-20 18:00") == hours.closing(at("2026-11-20 12:00"))
    assert not hours.between(at("2026-11-20 18:00"), at("2029-11-20 12:00"))


def test_a_promise_that_takes_more_than_ten_years_of_hours_is_reported() -> None:
    with pytest.raises(ValueError, match="not open for that long in the ten years after 2026-11-20"):
        after(oslo({"mon": "12:00-12:01"}), at("2026-11-20 12:00"), "9000h")


# Against the oracle


@settings(max_examples=250, deadline=None)
@given(plans_and_moments(), st.integers(0, 4 * 1440), st.integers(1, 3 * 1440))
def test_every_answer_equals_a_walk_over_every_minute(case: tuple[Plan, datetime], length: int, amount: int) -> None:
    plan, since = case
    hours, until = plan.hours(), since + length * MINUTE
    walk = _walk(plan, since)
    first = next(walk, None)
    assume(first is not None)
    assert first is not None
    assert hours.is_open(since) == (first == since)
    assert hours.next_opening(since) == first
    assert hours.between(since, until) == _count(plan, since, until)
    assert hours.between(until, since) == -hours.between(since, until)
    passed = [first, *islice(walk, amount - 1)]
    assume(len(passed) == amount)
    assert hours.after(since, Duration(seconds=amount * 60)) == passed[-1] + MINUTE


@settings(max_examples=150, deadline=None)
@given(plans_and_moments())
def test_the_closing_is_the_first_closed_minute_after_the_opening(case: tuple[Plan, datetime]) -> None:
    plan, since = case
    closing = plan.hours().closing(since)
    expected = next((a + MINUTE for a, b in pairwise(_walk(plan, since)) if b - a > MINUTE), None)
    assert closing == expected or (expected is None and (closing is None or closing > since + 170 * DAY))


@settings(max_examples=300, deadline=None)
@given(plans_and_moments(), st.integers(1, 400_000), st.integers(0, 59_999_999))
def test_adding_opening_time_and_measuring_it_are_inverse(case: tuple[Plan, datetime], seconds: int, microseconds: int) -> None:
    plan, since = case
    hours, since = plan.hours(), since + timedelta(microseconds=microseconds)
    due = hours.after(since, Duration(seconds=seconds))
    assert hours.between(since, due) == timedelta(seconds=seconds)
    assert not hours.is_open(due) or hours.between(since, due + MINUTE / 60) > timedelta(seconds=seconds)
    assert hours.between(due - timedelta(microseconds=1), due) == timedelta(microseconds=1)  # it is the earliest such moment


@settings(max_examples=200, deadline=None)
@given(plans_and_moments(), st.integers(1, 20_000).map(lambda n: n * MINUTE), st.floats(0, 1))
def test_a_share_holds_that_part_of_the_opening_time(case: tuple[Plan, datetime], length: timedelta, fraction: float) -> None:
    plan, since = case
    hours, until = plan.hours(), since + length
    whole = hours.between(since, until)
    assume(whole)
    moment = hours.share(since, until, fraction)
    assert since <= moment <= until
    assert hours.between(since, moment) == whole * fraction


@settings(max_examples=300, deadline=None)
@given(plans_and_moments(), st.integers(1, 5))
def test_days_end_while_open_or_at_a_closing_and_more_days_never_earlier(case: tuple[Plan, datetime], days: int) -> None:
    plan, since = case
    hours = plan.hours()
    start, due = hours.next_opening(since), hours.after(since, Duration(days=days))
    assert due == hours.after(start, Duration(days=days)) > start
    assert hours.is_open(due) or hours.is_open(due - timedelta(microseconds=1))
    assert due <= hours.after(since, Duration(days=days + 1))


@settings(max_examples=200, deadline=None)
@given(plans_and_moments())
def test_a_day_opens_at_the_first_minute_at_which_the_wall_shows_a_time_within_its_own_shifts(case: tuple[Plan, datetime]) -> None:
    plan, moment = case
    day, own, there = moment.date(), plan.shifts(moment.date()), ZoneInfo(plan.zone)

    def has_begun(minute: datetime) -> bool:
        wall = minute.astimezone(there)
        past = (wall.toordinal() - day.toordinal()) * 1440 + wall.hour * 60 + wall.minute
        return any(a <= past < (b if b > a else b + 1440) for a, b in own)

    walk = (moment.replace(hour=0, minute=0) + n * MINUTE for n in range(-16 * 60, 64 * 60))
    opening = plan.hours().opening_on(day)
    assert opening == next(filter(has_begun, walk), None)
    assert opening is None or plan.hours().is_open(opening)
    assert (next(plan.hours().working_days(day)) == day) == (opening is not None)


@settings(max_examples=300, deadline=None)
@given(plans_and_moments())
def test_the_next_day_is_a_later_one_and_begins_while_open(case: tuple[Plan, datetime]) -> None:
    plan, since = case
    hours = plan.hours()
    begins = hours.next_day(since)
    assert begins > since
    assert hours.is_open(begins)
    assert hours.day_of(begins) > hours.day_of(since)
    assert begins == hours.next_day(hours.next_opening(since)), "while closed, the day that comes is meant"
    opening = hours.opening_on(next(hours.working_days(hours.day_of(since) + DAY)))
    assert opening is not None
    assert begins == opening or hours.is_open(opening - 2 * MINUTE), "only who does not close before waits for another hour"


@settings(max_examples=200, deadline=None)
@given(plans_and_moments(), st.integers(1, 9))
def test_days_of_equal_hours_end_at_the_same_time_on_the_right_day(case: tuple[Plan, datetime], days: int) -> None:
    plan = replace(case[0], week=(((540, 1020),),) * 5 + ((),) * 2, extra=())
    hours, zone = plan.hours(), ZoneInfo(plan.zone)
    start = hours.next_opening(case[1]).astimezone(zone)
    dates = [start.date() + n * DAY for n in range(1, 60)]
    skipped = {APIA_LOSES_A_DAY.date()} if plan.zone == "Pacific/Apia" else set()
    expected = [day for day in dates if plan.shifts(day) and day not in skipped][days - 1]
    assert hours.after(case[1], Duration(days=days)) == datetime.combine(expected, start.timetz())


@settings(max_examples=200, deadline=None)
@given(
    plans_and_moments(),
    st.lists(st.integers(0, 3 * 1440), min_size=2, max_size=6).map(sorted),
    st.sampled_from(["45m", "9h", "1d", "2d"]),
)
def test_who_comes_later_is_never_promised_an_earlier_end(case: tuple[Plan, datetime], later: list[int], promise: str) -> None:
    plan, since = case
    moments = [since + n * MINUTE for n in later]
    walls = [moment.astimezone(ZoneInfo(plan.zone)).replace(tzinfo=UTC) for moment in moments]
    assume("d" not in promise or (walls == sorted(walls) and not any(w.fold for w in walls)))  # a time shown twice may end twice
    dues = [after(plan.hours(), moment, promise) for moment in moments]
    assert dues == sorted(dues)


def test_a_short_shift_inside_the_night_before_does_not_end_a_promise_of_days_early() -> None:
    hours = oslo({"wed": "22:00-06:00", "thu": "09:00-17:00", "fri": "22:00-06:00", "sat": "00:15-02:45, 23:00-23:30"})
    in_the_night, next_morning = at("2026-11-19 02:46"), at("2026-11-19 06:00")
    assert after(hours, in_the_night, "2d") == at("2026-11-21 00:15")  # Friday is over when Saturday's hours begin
    assert after(hours, next_morning, "2d") == at("2026-11-21 06:00")


def test_a_shift_that_runs_into_the_next_days_does_not_end_a_promise_of_days_late() -> None:
    hours = oslo({"mon": "00:30-00:15", "tue": "00:00-24:00", "wed": "22:00-06:00", "sat": "00:00-24:00"})
    in_the_night, next_morning = at("2026-03-26 01:00"), at("2026-03-26 06:00")
    assert after(hours, in_the_night, "2d") == after(hours, next_morning, "2d") == at("2026-03-31 00:00")


def test_every_zone_is_right_on_every_minute_around_its_changes_of_the_clock() -> None:
    awkward = ((0, 45), (75, 150), (165, 210), (600, 615), (1335, 1380), (1395, 1439))
    night = ((1365, 20), (30, 150))
    seen: set[tuple[object, ...]] = set()
    for zone in sorted(zoneinfo.available_timezones()):
        plan = Plan(zone, (awkward, night, awkward, night, awkward, (), night))
        for day in _clock_changes(zone):
            there = ZoneInfo(zone)
            kind = (day, *((day + n * timedelta(hours=1)).astimezone(there).utcoffset() for n in range(-6, 30)))
            if kind in seen:  # an alias, or a neighbour that does the same
                continue
            seen.add(kind)
            _assert_equal_minutes(plan, day - timedelta(hours=6), 36 * 60)
    assert len(seen) > 40


def _assert_equal_minutes(plan: Plan, start: datetime, minutes: int) -> None:
    hours = plan.hours()
    for n in range(minutes):
        moment = start + n * MINUTE
        assert hours.is_open(moment) == plan.open_at(moment), (plan.zone, moment)


def test_apia_is_right_on_every_minute_around_the_day_it_skipped() -> None:
    plan = Plan("Pacific/Apia", (((1320, 360),), ((540, 1020),)) * 3 + (((0, 1439),),))
    _assert_equal_minutes(plan, APIA_LOSES_A_DAY - 2 * DAY, 4 * 1440)


def test_hours_answer_the_same_after_more_days_than_they_remember() -> None:
    hours, fresh = oslo(SHOP), oslo(SHOP)
    decade = timedelta(days=3653)
    assert hours.between(FIRST, FIRST + decade) == hours.between(FIRST, FIRST + decade / 2) + hours.between(
        FIRST + decade / 2, FIRST + decade
    )
    assert after(hours, FIRST, "4h") == after(fresh, FIRST, "4h")
    assert hours == fresh


def test_a_day_of_a_morning_and_a_night_shift_lends_the_end_of_the_night_to_the_next_day() -> None:
    hours = oslo({"mon": "08:00-12:00", "tue": "08:00-12:00, 22:00-02:00", "wed": "00:00-00:30"})
    tuesday_noon = datetime(2026, 11, 17, 11, 0, tzinfo=UTC)
    assert after(hours, tuesday_noon, "1d") == datetime(2026, 11, 18, 1, 0, tzinfo=UTC), (
        "on Wednesday only the night is there at two"
    )
