"""Two messages a day are few: whoever they have no room for today is in the first of tomorrow, and nobody is left out for ever."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from handlers import colleagues
from handlers.calendar.hours import OpeningHours
from handlers.colleagues import meet
from handlers.feedback import Place
from handlers.ladder import Role
from handlers.rules import Route, When
from storage import nudges, people
from tests.conftest import ANA, FRIDAY, LEA, OSLO, Shop, said
from tests.handlers.test_bundles import types
from tests.handlers.test_ladder import MONDAY, bundles, passes_until, put_on_duty


def sent(shop: Shop) -> list[tuple[datetime, set[int]]]:
    """When the leader's messages went out, by the clock of Oslo, and of whom each tells."""
    found = shop.store.read_sync(lambda tx: tx.execute(select(nudges.bundle).order_by(nudges.bundle.c.id)).all())
    leas = [row for row in found if shop.store.read_sync(people.by_id, row.person_id).user_id == LEA.user_id]
    return [
        (row.at.astimezone(OSLO), {each.follow_up_id for each in shop.store.read_sync(nudges.in_bundle, row.id)}) for row in leas
    ]


def most_a_day(shop: Shop) -> int:
    return max(Counter(f"{at:%Y-%m-%d}" for at, _ in sent(shop)).values())


def when(shop: Shop) -> list[tuple[str, set[int]]]:
    return [(f"{at:%a %H:%M}", about) for at, about in sent(shop)]


def write(shop: Shop, *after: float) -> None:
    """Customers whom a route serves round the clock write, so many hours after Friday 11:00."""
    for hours in after:
        passes_until(shop, FRIDAY + timedelta(hours=hours))
        shop.hears(said(f"k-{hours}", tags=("key",)))


@pytest.fixture
def round_the_clock(shop: Shop) -> Shop:
    key = Route(name="key", when=When(tag=("key",)), team="oak-street", at_once=True)
    shop = replace(shop, company=shop.company.model_copy(update={"routes": (key, *shop.company.routes)}))
    put_on_duty(shop, Role.LEADER, LEA)
    return shop


@pytest.fixture
def at_night(round_the_clock: Shop) -> Shop:
    """Two whom a route serves round the clock have waited since Sunday night, and one of the others since Monday."""
    shop = round_the_clock
    for hours, answer in ((60, said("k-1", tags=("key",))), (62.5, said("k-2", tags=("key",))), (71, said("r-3"))):
        passes_until(shop, FRIDAY + timedelta(hours=hours))
        shop.hears(answer)
    return shop


def test_those_who_are_served_at_night_too_take_nobody_elses_place(at_night: Shop) -> None:
    passes_until(at_night, MONDAY + timedelta(days=4, hours=9))
    of_the_other = [at for at, about in sent(at_night) if 3 in about]
    assert [f"{at:%a %H:%M}" for at in of_the_other] == ["Tue 08:15", "Wed 08:15", "Thu 08:15", "Fri 08:15"]
    assert most_a_day(at_night) == 2


def test_the_daily_list_comes_in_the_morning_of_a_working_day_also_for_those_who_are_served_at_night(at_night: Shop) -> None:
    passes_until(at_night, MONDAY + timedelta(days=7, hours=9))
    lists = [(f"{at:%a}", target) for at, about in sent(at_night)[2:] for target in about]
    days = ("Tue", "Wed", "Thu", "Fri", "Mon")
    assert sorted(lists) == sorted((day, target) for day in days for target in (1, 2, 3))
    assert {at.hour for at, _ in sent(at_night)[2:]} == {8}


def test_a_message_at_night_brings_along_nothing_of_the_daily_list_before_the_morning(round_the_clock: Shop) -> None:
    write(round_the_clock, 0, 58)
    passes_until(round_the_clock, MONDAY + timedelta(hours=9))
    assert when(round_the_clock) == [("Fri 17:15", {1}), ("Mon 03:15", {2}), ("Mon 08:15", {1})]


def test_what_that_morning_had_no_room_for_is_in_the_first_message_of_the_next_day_and_in_no_other(round_the_clock: Shop) -> None:
    write(round_the_clock, 0, 58, 60, 80)
    passes_until(round_the_clock, MONDAY + timedelta(days=1, hours=9))
    of_the_first = [(at, about) for at, about in when(round_the_clock) if 1 in about]
    assert of_the_first == [("Fri 17:15", {1}), ("Tue 01:15", {1, 4})]
    assert most_a_day(round_the_clock) == 2


@pytest.fixture
def both(shop: Shop) -> Shop:
    """Lea, in Oslo, leads a team there and one in New York. Customers of each have nobody, every day."""
    [oak] = shop.company.teams.values()
    hours = OpeningHours.build({"mon-fri": "09:00-18:00"}, ZoneInfo("America/New_York"))
    far = oak.model_copy(update={"name": "far", "title": "Far", "channels": (Place.parse("slack:C2"),), "hours": hours})
    routes = (Route(name="far", when=When(tag=("far",)), team="far"), *shop.company.routes)
    shop = replace(shop, company=shop.company.model_copy(update={"teams": {"oak-street": oak, "far": far}, "routes": routes}))
    put_on_duty(shop, Role.LEADER, LEA)
    shop.store.write_sync(lambda tx: nudges.put_on_duty(tx, "far", Role.LEADER, [colleagues.remember(tx, LEA).id]))
    return shop


def days_pass(shop: Shop, days: int, *, new_ones: int) -> None:
    """On the first `new_ones` of these days, but for weekends, a customer of either team writes soon after it opens."""
    shop.now = FRIDAY - timedelta(hours=2.5)
    for day in (day for day in range(days) if day % 7 not in {1, 2}):
        for hours, id, tags in ((-2.5, f"oak-{day}", ()), (4.5, f"far-{day}", ("far",))):
            passes_until(shop, FRIDAY + timedelta(days=day, hours=hours))
            if day < new_ones:
                shop.hears(said(id, tags=tags))


def test_the_customers_of_a_team_that_opens_later_are_told_of_the_next_morning_at_the_latest(both: Shop) -> None:
    days_pass(both, 8, new_ones=8)
    late = {target: min(at for at, about in sent(both) if target in about) for target in range(1, 10)}
    waited = {target: at - both.row(target).promised_at for target, at in late.items()}
    assert max(waited.values()) < timedelta(days=3), "a weekend at most lies between"
    assert most_a_day(both) == 2


def test_and_so_they_are_where_their_leader_wants_one_message_a_day(both: Shop) -> None:
    types(both, "less", LEA)
    days_pass(both, 8, new_ones=1)
    assert [about for _, about in sent(both)] == [{1, 2}] * 5
    assert most_a_day(both) == 1


def test_quiet_hours_hold_back_the_message_with_all_that_it_brings_along(both: Shop) -> None:
    both.store.write_sync(meet, LEA, "lea@northwind.example", "Europe/Oslo", both.now)
    types(both, "quiet 17:00-11:00", LEA)
    days_pass(both, 8, new_ones=8)
    assert {11 <= at.hour < 17 for at, _ in sent(both)} == {True}
    assert {target for _, about in sent(both) for target in about} >= set(range(1, 9))


def test_what_somebody_snoozed_is_brought_along_by_no_other_message(both: Shop) -> None:
    both.hears(said(), said("r-2"))
    both.tap("claim", ANA)
    both.tap("claim", ANA, 2)
    both.tap("wait", ANA, days="14")
    passes_until(both, MONDAY + timedelta(days=3))
    assert {item.footer.partition(" ")[0] for bundle in bundles(both, ANA) for item in bundle.items} == {"#2"}


def test_the_list_of_the_coming_day_is_not_passed_over_because_somebody_pressed_a_button_after_closing_time(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("contacted", ANA)
    passes_until(shop, MONDAY + timedelta(days=3, hours=11))  # Thursday evening; the promise ended on Tuesday
    shop.tap("help", ANA)
    before = len(bundles(shop, ANA))
    passes_until(shop, MONDAY + timedelta(days=4, hours=1))
    [friday] = bundles(shop, ANA)[before:]
    assert friday.items[0].headline.startswith("Still open Fri 27 Nov")
