"""A customer who writes once more in an answer of an earlier week is no unhappy customer of that week, and no silence either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.cards import Card
from handlers.case import State
from handlers.company import Company
from handlers.feedback import Customer
from storage import digests
from tests.conftest import ANA, LEA, Shop, said
from tests.digests.week47 import MONDAY, Week47

AGAIN = "1 customer told us again that we let them down, after their case had ended."


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """A case of two weeks ago is closed; in week 47 its customer is furious."""
    shop = Week47(shop_of(company).store, company, MONDAY - timedelta(days=14))
    shop.leader()
    shop.hears(said("z-1", 3, "Cold.", customer=Customer(key="c-1")))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    return shop


def is_furious(shop: Week47) -> None:
    shop.now = MONDAY + timedelta(hours=2)
    shop.hears(said("z-1", 1, "Cold again, and I am furious.", customer=Customer(key="c-1"), occurred_at=shop.now))
    assert shop.row().state == State.NEW


def leaders(shop: Week47) -> Card:
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    return shop.card(f"leader:{row.id}:1")


def opened_again(card: Card) -> list[str]:
    said = [*card.context, *card.below, *(button.label for button in card.menu)]
    return [each for each in said if "opened again" in each.lower()]


def test_who_told_us_again_is_told_and_nobody_is_to_enjoy_that_week(shop: Week47) -> None:
    shop.now = MONDAY
    shop.hears(said("p-1", 9, "Good."))
    is_furious(shop)
    card = shop.told()
    assert card.context == (AGAIN, "Still waiting for a word from us: 1 customer, since Mon 16 Nov 11:00.")
    assert card.plain == f"Customer action heroes at Oak Street: {AGAIN}"
    assert leaders(shop).context[0] == AGAIN


def test_who_told_us_again_stands_behind_those_who_told_us_for_the_first_time(shop: Week47) -> None:
    is_furious(shop)
    shop.hears(said("z-2", 2, "Late."))
    assert shop.told().context[0].endswith(f"has passed. {AGAIN}")
    assert leaders(shop).context[0].endswith(AGAIN)


def test_its_number_leads_to_whoever_told_us_again(shop: Week47) -> None:
    is_furious(shop)
    card = shop.told()
    [button] = [each for each in card.menu if each.label == "Told us again (1)"]
    reply = shop.tap("show_list", ANA, button.target)  # type: ignore[arg-type]
    assert reply.text == "Customers who told us again that we let them down, after their case had ended: 1."
    assert "#1" in reply.cards[0].footer
    assert "Told us again (1)" in [each.label for each in leaders(shop).menu]


def test_whose_case_was_dismissed_is_told_in_the_same_words(shop: Week47) -> None:
    shop.tap("reopen", ANA)
    shop.tap("dismiss", ANA, reason="nobody")
    is_furious(shop)
    assert AGAIN in shop.told().context
    assert opened_again(leaders(shop)) == []


def test_whose_case_was_closed_is_among_those_opened_again_and_what_is_counted_says_so(shop: Week47) -> None:
    is_furious(shop)
    shop.told()
    card = leaders(shop)
    assert opened_again(card) == ["1 case had to be opened again.", "Opened again (1)"]
    [explain] = [each for each in card.menu if each.verb == "explain"]
    said = shop.tap("explain", LEA, explain.target).text  # type: ignore[arg-type]
    assert "after the case had ended; one that was closed is among those opened again, too." in said


def test_a_feed_through_which_a_customer_tells_us_again_is_not_broken(shop: Week47) -> None:
    for n in range(4):
        shop.hears(said(f"p-{n}", 9, "Good."))
    for monday in (MONDAY - timedelta(days=7), MONDAY):
        shop.ticks(monday)
    is_furious(shop)
    assert AGAIN in shop.told().context
    assert shop.post().state == "sent"
    assert leaders(shop).context[0] == AGAIN


def test_who_is_let_down_again_in_the_week_of_their_answer_is_counted_once(shop: Week47) -> None:
    shop.now = MONDAY
    shop.hears(said("z-2", 3, "Late.", customer=Customer(key="c-2")))
    shop.tap("claim", ANA, 2)
    shop.closes(ANA, 2)
    shop.passes(hours=1)
    shop.hears(said("z-2", 1, "Late again.", customer=Customer(key="c-2"), occurred_at=shop.now))
    assert shop.told().context[0].startswith("1 customer told us we let them down. No word from us yet")
    assert not shop.card("digest:oak-street:2026-W47").context[0].endswith(AGAIN)


def test_what_a_colleague_opens_again_was_told_by_no_customer(shop: Week47) -> None:
    shop.now = MONDAY
    shop.hears(said("p-1", 9, "Good."))
    shop.tap("reopen", LEA)
    assert shop.told().context[0] == "1 answer, and nobody unhappy. Enjoy it."
