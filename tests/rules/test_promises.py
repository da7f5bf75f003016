"""Which promise holds for a follow-up, in whose hours it is counted, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handlers.calendar.duration import Duration
from handlers.calendar.promise import Deadlines, Promise, sooner
from handlers.company import Company
from handlers.rules import Route
from tests.conftest import FRIDAY, OSLO

FAST = Promise(claim=Duration.parse("1h"), close=Duration.parse("1d"))


def with_routes(company: Company, *routes: Route) -> Company:
    return company.model_copy(update={"routes": routes})


def oslo(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=OSLO)


def test_a_route_may_promise_more_than_its_team(company: Company) -> None:
    two = with_routes(company, Route(name="plain", team="oak-street"), Route(name="key", team="oak-street", promise=FAST))
    team = company.teams["oak-street"]
    assert two.promise_of("oak-street", "key") == FAST
    assert two.promise_of("oak-street", "plain") == team.promise
    assert two.promise_of("oak-street", "a route that is gone") == team.promise


def test_only_a_route_that_says_at_once_counts_round_the_clock(company: Company) -> None:
    two = with_routes(company, Route(name="plain", team="oak-street"), Route(name="key", team="oak-street", at_once=True))
    hours = company.teams["oak-street"].hours
    saturday = oslo(21, 12)
    assert not hours.is_open(saturday)
    assert two.hours_of("oak-street", "key").is_open(saturday)
    assert two.hours_of("oak-street", "plain") == hours
    assert two.hours_of("oak-street", "a route that is gone") == hours


def test_both_ends_of_a_promise_are_counted_in_opening_hours_each_from_the_beginning(company: Company) -> None:
    ends = company.deadlines("oak-street", "everyone", FRIDAY)
    assert ends == Deadlines(claim_by=oslo(20, 15).astimezone(UTC), close_by=oslo(24, 11).astimezone(UTC))


def test_the_promise_and_the_hours_of_its_route_count_together(company: Company) -> None:
    key = with_routes(company, Route(name="key", team="oak-street", promise=FAST, at_once=True))
    evening = oslo(20, 21)
    ends = key.deadlines("oak-street", "key", evening)
    assert ends == Deadlines(claim_by=oslo(20, 22).astimezone(UTC), close_by=oslo(21, 21).astimezone(UTC))


def test_a_customer_let_down_before_is_promised_half_of_the_time(company: Company) -> None:
    team = company.teams["oak-street"]
    half = sooner(company.deadlines("oak-street", "everyone", FRIDAY), team.hours, FRIDAY)
    assert half.claim_by == FRIDAY + timedelta(hours=2)
    assert half.close_by == oslo(23, 11), "20 opening hours, 7 of them on Friday"
