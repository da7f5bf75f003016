"""The steps of a ladder that repeat, and those that speak only at some times of day, worked out without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.ladder import Fresh, Phase, Role, Step, ahead, climb, let_go_of
from tests.conftest import OSLO

HOURS = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO)
MORNING = (time(8, 30), time(10))


def oslo(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=OSLO).astimezone(UTC)


def waits(claim_by: datetime) -> Fresh:
    begun = claim_by - timedelta(hours=2)
    close_by = claim_by + timedelta(days=2)
    return Fresh(promised_at=begun, claim_by=claim_by, close_by=close_by, state_since=begun, moment="rescue")


def step(**more: object) -> Step:
    return Step.model_validate({"phase": Phase.UNCLAIMED, "after": 1, "role": Role.LEADER} | more)


def spoken(standing: Fresh, ladder: Sequence[Step], until: datetime, hours: OpeningHours = HOURS) -> list[tuple[str, datetime]]:
    """Name and moment of each step, for somebody who looks every ten minutes."""
    found: list[tuple[str, datetime]] = []
    now = standing.promised_at
    while now < until:
        now += timedelta(minutes=10)
        seen = climb(standing, ladder, hours, now)
        found += [(rung.name, rung.at) for rung in seen.speaks]
        standing = replace(standing, rungs_unclaimed=seen.passed)
    return found


def test_a_step_that_repeats_is_numbered_from_the_second_time_and_counts_opening_time_from_the_last() -> None:
    ladder = [step(again=Duration.parse("4h"), times=3)]
    assert spoken(waits(oslo(25, 11)), ladder, oslo(27, 18)) == [
        ("unclaimed-100-leader", oslo(25, 11)),
        ("unclaimed-100-leader-2", oslo(25, 15)),
        ("unclaimed-100-leader-3", oslo(26, 9)),
    ]


@pytest.mark.parametrize(
    ("due", "says"),
    [
        (oslo(25, 8, 10), oslo(25, 8, 30)),
        (oslo(25, 8, 30), oslo(25, 8, 30)),
        (oslo(25, 9, 59), oslo(25, 9, 59)),
        (oslo(25, 10), oslo(26, 8, 30)),
        (oslo(25, 15), oslo(26, 8, 30)),
        (oslo(27, 15), oslo(30, 8, 30)),
    ],
)
def test_a_step_with_times_of_day_waits_for_them_on_this_day_or_the_next_that_is_open(due: datetime, says: datetime) -> None:
    ladder = [step(between=MORNING)]
    assert spoken(waits(due), ladder, due + timedelta(days=6)) == [("unclaimed-100-leader", says)]


@pytest.mark.parametrize("opens", ["10:00", "10:30", "12:00"])
def test_a_team_that_opens_after_the_times_of_day_that_were_asked_for_is_not_told_on_such_a_day(opens: str) -> None:
    hours = OpeningHours.build({"wed": "08:00-18:00", "thu": f"{opens}-18:00", "fri": "09:00-18:00"}, OSLO)
    ladder = [step(between=MORNING)]
    assert spoken(waits(oslo(25, 15)), ladder, oslo(30, 18), hours) == [("unclaimed-100-leader", oslo(27, 9))]


@pytest.mark.parametrize("between", [(time(18), time(20)), (time(6), time(8)), (time(22), time(23, 59))])
def test_a_step_whose_times_of_day_are_never_within_the_opening_hours_does_not_wait_for_them(between: tuple[time, time]) -> None:
    assert not HOURS.is_ever_open(*between)
    ladder = [step(between=between, again=Duration.parse("4h"), times=2)]
    assert spoken(waits(oslo(4, 15)), ladder, oslo(27, 18)) == [
        ("unclaimed-100-leader", oslo(4, 15)),
        ("unclaimed-100-leader-2", oslo(5, 9)),
    ]


def test_times_of_day_that_only_one_day_of_the_week_has_are_waited_for() -> None:
    hours = OpeningHours.build({"mon-wed": "08:00-18:00", "thu": "08:00-20:00"}, OSLO)
    assert hours.is_ever_open(time(19), time(21))
    assert spoken(waits(oslo(6, 10)), [step(between=(time(19), time(21)))], oslo(27, 18), hours) == [
        ("unclaimed-100-leader", oslo(12, 19))
    ]


def test_each_repetition_waits_for_the_times_of_day_by_itself() -> None:
    ladder = [step(between=MORNING, again=Duration.parse("10h"), times=2)]
    assert spoken(waits(oslo(25, 15)), ladder, oslo(30, 18)) == [
        ("unclaimed-100-leader", oslo(26, 8, 30)),
        ("unclaimed-100-leader-2", oslo(27, 8, 30)),
    ]


def test_a_step_concerns_only_its_moments_and_customers_who_are_worth_as_much() -> None:
    ladder = [step(moments=("revenue",)), step(after=1.5, least_value=1000)]
    plain = waits(oslo(25, 11))
    assert spoken(plain, ladder, oslo(27, 18)) == []
    worth = replace(plain, value=1000.0)
    assert [name for name, _ in spoken(worth, ladder, oslo(27, 18))] == ["unclaimed-150-leader"]
    assert spoken(replace(plain, value=999.0), ladder, oslo(27, 18)) == []
    revenue = replace(plain, moment="revenue")
    assert [name for name, _ in spoken(revenue, ladder, oslo(27, 18))] == ["unclaimed-100-leader"]


def test_at_the_very_moment_a_promise_ends_it_is_still_kept_and_nobody_is_reminded() -> None:
    standing, ladder = waits(oslo(25, 11)), [step()]
    at_it = climb(standing, ladder, HOURS, oslo(25, 11))
    assert (at_it.speaks, at_it.next_look_at) == ((), oslo(25, 11))
    [rung] = climb(standing, ladder, HOURS, oslo(25, 11) + timedelta(microseconds=1)).speaks
    assert rung.at == oslo(25, 11)


@pytest.mark.parametrize("role", [Role.THREAD, Role.OWNER])
def test_what_came_due_for_the_thread_or_the_owner_before_the_present_state_began_is_not_said_any_more(role: Role) -> None:
    ladder, due, now = [step(role=role)], oslo(25, 11), oslo(25, 12)
    for begun, lines in ((due, 1), (due + timedelta(microseconds=1), 0)):
        seen = climb(replace(waits(due), state_since=begun), ladder, HOURS, now)
        assert (len(seen.speaks), seen.passed) == (lines, 1)


def test_the_clock_looks_when_a_promise_ends_though_no_step_comes_due_then_and_not_before() -> None:
    ladder = [step(after=1.5), step(phase=Phase.CLAIMED, after=1.5)]
    begun, claim_by, close_by = oslo(23, 9), oslo(25, 11), oslo(27, 11)
    new = Fresh(promised_at=begun, claim_by=claim_by, close_by=close_by, state_since=begun, moment="rescue")
    assert climb(new, ladder, HOURS, oslo(23, 10)).next_look_at == claim_by
    assert climb(replace(new, state="claimed"), ladder, HOURS, oslo(23, 10)).next_look_at == close_by
    assert climb(new, ladder, HOURS, oslo(25, 12)).next_look_at == oslo(26, 12), "late already, so the next step"


def test_after_a_contact_no_claim_ends_and_the_clock_looks_no_more_at_a_question_that_was_never_answered() -> None:
    asked = replace(waits(oslo(20, 12)), state="claimed", state_since=oslo(20, 11), asked_at=oslo(23, 13))
    kept = replace(asked, contacted_at=oslo(23, 14))
    back = replace(asked, state="new")
    assert [let_go_of(each, HOURS) for each in (asked, kept, back)] == [oslo(24, 8), None, None]
    assert climb(kept, [], HOURS, oslo(25, 9)).next_look_at == oslo(26, 8), "it is on the daily list"


def test_while_a_team_waits_for_the_customer_nobody_is_reminded_and_the_clock_looks_when_the_wait_ends() -> None:
    begun, until = oslo(23, 9), oslo(30, 9)
    waiting = replace(waits(oslo(25, 11)), state="waiting", state_since=begun, quiet_until=until)
    seen = climb(waiting, [step(phase=Phase.CLAIMED, role=Role.OWNER)], HOURS, oslo(30, 8))
    assert (seen.speaks, seen.next_look_at) == ((), until)


def test_a_snooze_within_a_wait_is_looked_at_when_it_ends_and_then_no_more() -> None:
    begun, held, until = oslo(23, 9), oslo(26, 9), oslo(30, 9)
    waiting = replace(waits(oslo(25, 11)), state="waiting", state_since=begun, quiet_until=until, held_until=held)
    looks = [
        climb(waiting, [], HOURS, now).next_look_at for now in (held - timedelta(seconds=1), held, held + timedelta(seconds=1))
    ]
    assert looks == [held, until, until]


def test_once_every_step_has_spoken_the_clock_looks_at_the_end_of_the_promise_and_not_each_day_before() -> None:
    far = replace(waits(oslo(27, 11)), promised_at=oslo(23, 9), state_since=oslo(23, 9))
    for spoken_already, ladder in ((0, []), (1, [step(after=0.5)])):
        seen = climb(replace(far, rungs_unclaimed=spoken_already), ladder, HOURS, oslo(24, 12))
        assert (seen.speaks, seen.next_look_at) == ((), oslo(27, 11))


def test_a_step_with_times_of_day_waits_for_them_also_beside_one_without() -> None:
    ladder = [step(role=Role.BACKUP), step(between=MORNING)]
    assert spoken(waits(oslo(25, 15)), ladder, oslo(27, 18)) == [
        ("unclaimed-100-backup", oslo(25, 15)),
        ("unclaimed-100-leader", oslo(26, 8, 30)),
    ]


def test_a_step_at_the_very_beginning_speaks_in_the_first_open_second() -> None:
    since = oslo(21, 12)
    night = Fresh(promised_at=since, claim_by=oslo(23, 12), close_by=oslo(25, 12), state_since=since, moment="rescue")
    first, half, end = ahead(night, [step(), step(after=0), step(after=0.5)], HOURS)
    assert [rung.at for rung in (first, half, end)] == [oslo(23, 8) + timedelta(seconds=1), oslo(23, 10), oslo(23, 12)]


def test_only_whose_last_step_has_spoken_is_at_the_top_and_without_a_ladder_nobody_is() -> None:
    standing, now = waits(oslo(25, 11)), oslo(25, 12)
    assert climb(standing, [step()], HOURS, now).at_the_top
    assert not climb(standing, [step(), step(after=1.5)], HOURS, now - timedelta(minutes=30)).at_the_top
    assert not climb(standing, [], HOURS, now).at_the_top
