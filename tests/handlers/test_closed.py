"""While a team is closed nothing is said, whatever came due at its closing or while the bot was away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.calendar.duration import Duration
from handlers.calendar.promise import Promise
from handlers.case import State
from handlers.ladder import Phase, Role, Step
from storage import messages
from tests.conftest import ANA, FRIDAY, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, bundles, lines, passes_until, put_on_duty, ticks, told, with_ladder

CLOSING = FRIDAY + timedelta(hours=7)
"""Friday 18:00 in Oslo."""


def promising(shop: Shop, claim: str) -> Shop:
    promise = Promise(claim=Duration.parse(claim), close=Duration.parse("2d"))
    teams = {name: team.model_copy(update={"promise": promise}) for name, team in shop.company.teams.items()}
    return Shop(shop.store, shop.company.model_copy(update={"teams": teams}))


def test_a_promise_that_ends_at_closing_time_is_late_at_once_and_spoken_of_at_the_opening(shop: Shop) -> None:
    shop = promising(shop, "7h")
    shop.hears(said())
    shop.now = CLOSING + timedelta(seconds=7)
    ticks(shop)
    assert shop.card().headline.startswith("Still waiting for us")
    assert lines(shop) == []
    shop.now = MONDAY - timedelta(seconds=1)
    ticks(shop)
    assert lines(shop) == []
    shop.now = MONDAY + timedelta(seconds=1)
    ticks(shop)
    assert len(lines(shop)) == 1


def test_a_bot_that_comes_back_at_night_waits_for_the_opening_and_then_speaks_once(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    shop.now = CLOSING + timedelta(hours=4)
    for _ in range(3):
        ticks(shop)
    assert lines(shop) == []
    passes_until(shop, MONDAY + timedelta(minutes=30))
    assert len(lines(shop)) == 1
    assert len(bundles(shop, LEA)) == 1


def test_a_card_that_waited_for_an_opening_the_bot_missed_waits_for_the_next(shop: Shop) -> None:
    shop.now = CLOSING + timedelta(hours=1)
    shop.hears(said())
    shop.now = MONDAY + timedelta(hours=14)
    ticks(shop)
    assert shop.keys() == []
    shop.now = MONDAY + timedelta(days=1, seconds=1)
    ticks(shop)
    assert shop.keys() == ["card:1"]


def test_a_claim_nobody_confirmed_is_not_given_back_at_night(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=4))
    assert told(shop, ANA)[-1].endswith("Still yours?")
    shop.now = MONDAY + timedelta(days=2, hours=14)
    ticks(shop)
    assert shop.row().state == State.CLAIMED
    shop.now = MONDAY + timedelta(days=3, seconds=1)
    ticks(shop)
    assert shop.row().state == State.NEW


@pytest.mark.parametrize("after", [1.2, 3])
def test_the_daily_list_begins_only_after_the_last_step(shop: Shop, after: float) -> None:
    shop = promising(with_ladder(shop, Step(phase=Phase.UNCLAIMED, after=after, role=Role.LEADER)), "7h")
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    passes_until(shop, MONDAY + timedelta(hours=1))
    assert told(shop, LEA) == []


def test_a_leader_who_has_had_enough_today_first_reads_the_question_and_then_the_list(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    for n in range(3):
        shop.now = FRIDAY + timedelta(minutes=20 * n)
        shop.hears(said(f"r-{n}"))
    passes_until(shop, CLOSING)
    assert len(bundles(shop, LEA)) == 2
    passes_until(shop, MONDAY + timedelta(hours=1))
    third = next(item for item in bundles(shop, LEA)[-1].items if item.footer.startswith("#3 "))
    assert "Can you free someone?" in third.headline


@pytest.fixture
def taken_at_night(shop: Shop) -> Shop:
    shop.now = CLOSING + timedelta(hours=2)
    shop.hears(said())
    shop.tap("claim", ANA)
    return shop


def test_a_card_is_posted_at_the_opening_though_its_owner_waits_for_the_customer_by_then(taken_at_night: Shop) -> None:
    taken_at_night.tap("wait", ANA, days="7")
    until = taken_at_night.row().quiet_until
    passes_until(taken_at_night, MONDAY)
    assert taken_at_night.keys() == ["private:1:1"]
    passes_until(taken_at_night, MONDAY + timedelta(minutes=15))
    assert taken_at_night.keys() == ["private:1:1", "card:1"]
    row = taken_at_night.row()
    assert (row.state, row.held_until, row.next_look_at) == ("waiting", None, until), "the wait goes on"
    passes_until(taken_at_night, until + timedelta(minutes=30))
    assert told(taken_at_night, ANA) == ["It is time to look at this one again."]


def test_the_owner_reads_that_it_is_late_though_its_card_is_not_posted_yet(taken_at_night: Shop) -> None:
    taken_at_night.now = MONDAY + timedelta(days=2, hours=14)  # the bot was down, and the team has gone home
    private = lambda: taken_at_night.store.read_sync(messages.by_key, "private:1:1").wanted  # noqa: E731
    before = private()
    ticks(taken_at_night)
    assert taken_at_night.acts()[-1] == "became_late"
    assert private() > before
