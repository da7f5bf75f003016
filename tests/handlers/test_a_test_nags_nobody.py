"""What *Send a test* made up is a card like any other for an hour; nobody is reminded of it, and it ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.arranged.sources import send_test
from handlers.company import Company
from handlers.ladder import Role
from handlers.situation import Tap
from handlers.survey_tools import Source
from tests.conftest import ANA, FRIDAY, LEA, Shop
from tests.handlers.test_ladder import MONDAY, bundles, lines, passes_until, put_on_duty, ticks


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    made = shop_of(company.model_copy(update={"sources": {"survey": Source("plain")}}))
    put_on_duty(made, Role.LEADER, LEA)
    return made


def sends(shop: Shop) -> None:
    shop.store.write_sync(send_test, shop.company, Tap("send_test", "source:survey", LEA, shop.now))


@pytest.mark.parametrize("claimed", [False, True])
def test_a_test_that_nobody_presses_or_ends_is_over_after_an_hour_and_nobody_hears_of_it(shop: Shop, *, claimed: bool) -> None:
    sends(shop)
    if claimed:
        shop.tap("claim", ANA)
        shop.tap("help", ANA)
    passes_until(shop, FRIDAY + timedelta(minutes=59))
    assert shop.row(1).state == ("claimed" if claimed else "new")
    passes_until(shop, FRIDAY + timedelta(minutes=75))
    assert shop.card("card:1").headline == "Dismissed · A test or spam"
    said = len(lines(shop))
    for hours in range(0, 28, 4):
        shop.now = MONDAY + timedelta(hours=hours)
        ticks(shop)
    assert len(lines(shop)) == said == claimed, "only what Ana asked herself"
    assert (bundles(shop, ANA), bundles(shop, LEA)) == ([], [])


def test_a_test_made_while_the_team_is_closed_appears_at_the_opening_and_has_its_hour(shop: Shop) -> None:
    shop.passes(hours=9)
    sends(shop)
    shop.now = MONDAY
    passes_until(shop, MONDAY + timedelta(minutes=45))
    assert shop.card("card:1").headline.startswith("New · ")
    passes_until(shop, MONDAY + timedelta(minutes=75))
    assert shop.card("card:1").headline == "Dismissed · A test or spam"
    assert bundles(shop, LEA) == []
