"""Exactly one post for each team and local week, wherever the team is and whatever its clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.calendar import weeks
from handlers.calendar.hours import OpeningHours
from handlers.calendar.weeks import Posting, Week
from handlers.digests import making

FIRST = Week(2026, 1)
THREE_YEARS = [FIRST.after(n) for n in range(157)]
ZONES = sorted(available_timezones())
AWKWARD = Posting(6, time(2, 30))
"""Sunday at half past two: the hour that clocks skip, or show twice, in much of the world."""


def test_in_every_zone_each_week_of_three_years_is_due_once_and_in_the_week_after_it() -> None:
    for name in ZONES:
        zone = ZoneInfo(name)
        hours = OpeningHours.build("always", zone)
        due = [weeks.due(week, hours, AWKWARD) for week in THREE_YEARS]
        assert all(before < after for before, after in pairwise(due)), name
        assert [weeks.now_in(hours, at) for at in due] == [week.after(1) for week in THREE_YEARS], name
        for at in due:
            local = at.astimezone(zone)
            assert local.weekday() == 6, name
            assert time(2, 30) <= local.time() <= time(3, 30), name  # what is skipped is made up right after the gap


def test_in_every_zone_a_week_begins_where_the_one_before_it_ends() -> None:
    for name in ZONES:
        hours = OpeningHours.build("always", ZoneInfo(name))
        bounds = [weeks.bounds(week, hours) for week in THREE_YEARS]
        assert all(before[1] == after[0] for before, after in pairwise(bounds)), name
        assert {(end - start) / timedelta(hours=1) for start, end in bounds} <= {166, 167, 167.5, 168, 168.5, 169, 170}, name


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    hours = OpeningHours.build("always", ZoneInfo("Europe/Oslo"))
    assert weeks.due(Week.of(date(2026, 10, 12)), hours, AWKWARD) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_hour_that_never_comes_is_the_first_moment_after_it() -> None:
    hours = OpeningHours.build("always", ZoneInfo("Europe/Oslo"))
    assert weeks.due(Week.of(date(2026, 3, 16)), hours, AWKWARD) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "posting", "closed", "expected"),
    [
        ({"mon-fri": "08:00-18:00"}, Posting(), (), "2026-11-23T09:00"),
        ({"mon-fri": "10:00-18:00"}, Posting(), (), "2026-11-23T10:00"),
        ({"mon-fri": "08:00-18:00"}, Posting(), (date(2026, 11, 23),), "2026-11-24T09:00"),
        ({"wed-sat": "08:00-18:00"}, Posting(), (), "2026-11-25T09:00"),
        ({"mon-fri": "08:00-18:00"}, Posting(4, time(16)), (), "2026-11-27T16:00"),
        ({"mon-fri": "08:00-18:00"}, Posting(4, time(16)), (date(2026, 11, 27),), "2026-11-30T16:00"),
        ({"fri-mon": "22:00-06:00"}, Posting(), (), "2026-11-23T09:00"),
        ({"thu-sun": "18:00-02:00"}, Posting(), (), "2026-11-26T18:00"),
        ({"tue-sun": "17:00-01:00"}, Posting(), (), "2026-11-24T17:00"),
        ("always", Posting(0, time(7)), (), "2026-11-23T07:00"),
    ],
)
def test_it_is_due_on_the_first_working_day_never_before_the_team_opens(
    week: str | dict[str, str], posting: Posting, closed: tuple[date, ...], expected: str
) -> None:
    oslo = ZoneInfo("Europe/Oslo")
    hours = OpeningHours.build(week, oslo, closed=closed)
    assert weeks.due(Week(2026, 47), hours, posting) == datetime.fromisoformat(expected).replace(tzinfo=oslo)


@pytest.mark.parametrize(
    ("week", "closed", "expected"),
    [
        ({"mon-fri": "08:00-18:00"}, (), "2026-11-20T16:00"),
        ({"mon-fri": "08:00-18:00", "sat": "10:00-16:00"}, (), "2026-11-21T14:00"),
        ({"mon-sun": "08:00-18:00"}, (), "2026-11-22T16:00"),
        ({"mon-fri": "08:00-12:00, 13:00-18:00"}, (date(2026, 11, 20),), "2026-11-19T16:00"),
        ("always", (), "2026-11-22T09:00"),
        ("always", (date(2026, 12, 25),), "2026-11-22T09:00"),
        ({"mon-sun": "00:00-24:00"}, (date(2026, 12, 25),), "2026-11-22T09:00"),
        ({"mon-fri": "00:00-24:00"}, (), "2026-11-20T22:00"),
        ({"tue-sun": "17:00-01:00"}, (), "2026-11-22T23:00"),
    ],
)
def test_a_leader_sees_it_two_hours_before_the_end_of_the_working_day_before(
    week: str | dict[str, str], closed: tuple[date, ...], expected: str
) -> None:
    oslo = ZoneInfo("Europe/Oslo")
    hours = OpeningHours.build(week, oslo, closed=closed)
    assert weeks.preview(Week(2026, 47), hours, Posting()) == datetime.fromisoformat(expected).replace(tzinfo=oslo)


days = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
spans = st.sampled_from(["08:00-18:00", "22:00-06:00", "00:00-24:00", "06:00-07:00, 23:00-24:00"])


@given(
    st.dictionaries(days, spans, min_size=1),
    st.sampled_from(ZONES),
    st.builds(Posting, st.integers(0, 6), st.times()),
    st.frozensets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=40),
    st.integers(0, 60),
)
def test_whatever_the_hours_later_weeks_are_never_due_earlier_and_previews_come_before(
    week: dict[str, str], zone: str, posting: Posting, closed: frozenset[date], nth: int
) -> None:
    hours = OpeningHours.build(week, ZoneInfo(zone), closed=closed)
    this = FIRST.after(nth)
    at = weeks.due(this, hours, posting)
    assert at >= weeks.bounds(this, hours)[1]
    assert weeks.due(this.after(1), hours, posting) >= at
    assert weeks.preview(this, hours, posting) < at


OSLO = ZoneInfo("Europe/Oslo")
SHOP = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=OSLO)
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


def test_a_week_is_read_as_it_is_written_with_or_without_its_hyphen() -> None:
    assert [str(Week.parse(text)) for text in (" 2026-W47 ", "2026w1", "2026-W53")] == ["2026-W47", "2026-W01", "2026-W53"]
    for text in ("2027-W53", "2026-W00", "2026-W54", "2026-47", "1999-W1", ""):
        with pytest.raises(ValueError, match="is not a week; write for example 2026-W47"):
            Week.parse(text)


def test_the_week_that_has_begun_is_the_next_and_after_a_closure_a_later_one() -> None:
    told = Week(2026, 47)
    days = (date(2026, 11, 23), date(2026, 11, 20), date(2026, 12, 7))
    assert [told.begun(day) for day in days] == [Week(2026, 48), Week(2026, 48), Week(2026, 50)]


def test_a_post_about_several_teams_waits_for_the_last_of_them_but_for_none_that_is_closed_for_a_week() -> None:
    on_time, later = (MONDAY, MONDAY + timedelta(hours=1)), (MONDAY, MONDAY + 2 * A_DAY)
    closed, longer = (MONDAY, MONDAY + A_WEEK), (MONDAY, MONDAY + 2 * A_WEEK)
    assert weeks.together([later, on_time]) == later[1]
    assert weeks.together([on_time, closed, longer]) == on_time[1]
    assert weeks.together([on_time, (MONDAY, MONDAY + A_WEEK - timedelta(seconds=1))]) == MONDAY + A_WEEK - timedelta(seconds=1)
    assert weeks.together([longer, closed]) == closed[1]


def test_a_post_that_is_late_comes_only_while_somebody_is_there_and_one_that_is_not_at_once() -> None:
    night = datetime(2026, 11, 23, 22, tzinfo=OSLO)
    noon = datetime(2026, 11, 24, 12, tzinfo=OSLO)
    bar = OpeningHours.build({"mon-sun": "20:00-23:00"}, OSLO)
    for due_at, comes in ((night, True), (night - timedelta(hours=1), True), (night - timedelta(hours=1, seconds=1), False)):
        assert weeks.may_come(due_at, [SHOP], night) is comes
    assert weeks.may_come(MONDAY, [SHOP, bar], night)
    assert weeks.may_come(MONDAY, [SHOP, bar], noon)
    assert not weeks.may_come(MONDAY, [SHOP, bar], datetime(2026, 11, 24, 3, tzinfo=OSLO))


@pytest.mark.parametrize(("telling", "told", "looked_at"), [({1}, 1, 3), ({3, 2}, 3, 1), (set(), 3, 3)])
def test_the_newest_week_with_something_to_tell_is_told_and_else_the_newest(telling: set[int], told: int, looked_at: int) -> None:
    due = [FIRST.after(nth) for nth in (3, 2, 1)]
    which = {FIRST.after(nth) for nth in telling}
    period, taken = making.newest_telling(due, lambda week: {"tells": week in which}, lambda figures: bool(figures["tells"]))
    assert (period, len(taken)) == (FIRST.after(told), looked_at)


def test_a_team_that_does_not_open_for_two_years_has_its_post_all_the_same() -> None:
    closed = frozenset(date(2026, 11, 1) + n * A_DAY for n in range(3 * 366))
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=closed)
    assert weeks.due(Week(2026, 47), hours, Posting()) == MONDAY
    assert weeks.preview(Week(2026, 47), hours, Posting()) == MONDAY - A_DAY


@pytest.mark.parametrize(("days_off", "expected"), [(14, "2026-11-09T16:00"), (15, "2026-11-22T09:00")])
def test_a_preview_is_shown_on_the_last_working_day_of_the_fortnight_before_or_else_a_day_before(
    days_off: int, expected: str
) -> None:
    closed = [date(2026, 11, 23) - n * A_DAY for n in range(1, days_off)]
    hours = OpeningHours.build({"mon-sun": "08:00-18:00"}, OSLO, closed=closed)
    assert weeks.preview(Week(2026, 47), hours, Posting()) == datetime.fromisoformat(expected).replace(tzinfo=OSLO)
