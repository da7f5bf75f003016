"""The months of a team: when one begins and ends where the team is, and when its review is due."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.calendar import months
from handlers.calendar.hours import OpeningHours
from handlers.calendar.months import Month
from tests.conftest import OSLO

ZONES = sorted(zoneinfo.available_timezones())
WEEKS = ({"mon-fri": "08:00-18:00"}, {"sat": "22:00-02:00"}, {"tue,thu": "00:00-03:00"}, "always")
HOLIDAYS = frozenset({date(2027, 1, 1), date(2027, 5, 1), date(2027, 2, 1)})


def test_a_month_is_read_and_written() -> None:
    assert str(Month.parse(" 2026-9 ")) == "2026-09"
    assert [str(Month.parse(text)) for text in ("2026-01", "2026-12", "9998-12")] == ["2026-01", "2026-12", "9998-12"]
    assert Month(2026, 12).after(1) == Month(2027, 1)
    assert Month(2026, 1).after(-13) == Month(2024, 12)


@pytest.mark.parametrize("text", ["", "2026", "2026-00", "2026-13", "26-10", "October", "2026-W40", "0000-01", "9999-01"])
def test_what_is_no_month_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month; write for example 2026-10"):
        Month.parse(text)


def test_the_review_is_due_on_the_first_working_day_at_the_hour_of_the_team() -> None:
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO)
    assert months.due(Month(2026, 10), hours, time(9)) == datetime(2026, 11, 2, 8, tzinfo=UTC), "the 1st is a Sunday"
    assert months.due(Month(2026, 11), hours, time(7)) == datetime(2026, 12, 1, 7, tzinfo=UTC), "never before it opens"
    bar = OpeningHours.build({"tue-sun": "17:00-01:00"}, OSLO)
    assert months.due(Month(2026, 5), bar, time(9)) == datetime(2026, 6, 2, 15, tzinfo=UTC), "Sunday's shift makes no Monday"


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.sampled_from(WEEKS), st.times().map(lambda at: at.replace(tzinfo=None)))
def test_in_every_time_zone_each_month_has_one_review_after_it_is_over_and_in_order(zone: str, week: object, at: time) -> None:
    hours = OpeningHours.build(week, zoneinfo.ZoneInfo(zone), holidays=HOLIDAYS)  # type: ignore[arg-type]
    each = [Month(2026, 1).after(n) for n in range(36)]
    spans = [months.bounds(month, hours) for month in each]
    assert all(before[1] == after[0] for before, after in pairwise(spans)), "no moment is in two months, or in none"
    dues = [months.due(month, hours, at) for month in each]
    assert all(before < after for before, after in pairwise(dues))
    for (_start, end), due in zip(spans, dues, strict=True):
        assert end <= due < end + timedelta(days=14)
    for month, (start, end) in zip(each, spans, strict=True):
        assert months.now_in(hours, start) == month
        assert months.now_in(hours, end - timedelta(seconds=1)) == month
