"""Since when a customer waits: since they wrote; whom we answered, and who needs us again, since that was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.company import Company
from handlers.digests import digest
from handlers.feedback import Customer
from handlers.ladder import Role
from handlers.rules import When
from storage import digests
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, lines, passes_until, put_on_duty, told

REOPENED = MONDAY + timedelta(hours=1)


@pytest.fixture
def led(shop: Shop) -> Shop:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    return shop


@pytest.fixture
def again(led: Shop) -> Shop:
    """Ana answered within twenty minutes on Friday; on Monday at 9:00 the customer needs us again."""
    led.passes(minutes=20)
    led.tap("claim", ANA)
    led.closes()
    led.now = REOPENED
    led.tap("reopen", BEN)
    return led


def test_whoever_was_answered_and_needs_us_again_waits_since_then_in_the_thread(again: Shop) -> None:
    passes_until(again, REOPENED + timedelta(hours=2, minutes=15))
    assert lines(again)[-1] == (
        "This customer has been waiting since Mon 09:00 (2 h 15 min by Mon 11:15) and nobody has it yet. Who can reply?"
    )


def test_and_so_in_the_leaders_reminder(again: Shop) -> None:
    passes_until(again, REOPENED + timedelta(hours=6, minutes=15))
    assert told(again, LEA) == [
        "A customer has been waiting since Mon 09:00 for a word from us. Nobody has it yet. Can you free someone?"
    ]


def test_and_so_on_the_card_once_it_is_closed_again(again: Shop) -> None:
    again.passes(minutes=30)
    again.tap("claim", ANA)
    again.closes()
    assert again.card().headline == "Closed · Ana replied after 30 min · Fixed"


def test_and_so_in_the_posts_where_who_waits_longer_comes_first(again: Shop) -> None:
    again.now = FRIDAY + timedelta(days=2)
    again.hears(said("r-2", customer=Customer(key="c-2")))
    again.now = REOPENED + timedelta(minutes=5)
    again.store.write_sync(digest.send_digests, again.company, again.now)
    post = again.card("digest:oak-street:2026-W47")
    assert any("2 customers, the first since Sun 11:00." in line for line in post.context)
    leaders = again.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    items = again.card(f"leader:{leaders.id}:1").items
    assert [(item.footer, item.context) for item in items] == [
        ("#2", ("Oak Street · waiting since Sun 11:00",)),
        ("#1", ("Oak Street · waiting since Mon 09:00",)),
    ]


def test_whose_dismissal_is_undone_has_waited_since_they_wrote(led: Shop) -> None:
    led.tap("dismiss", BEN, reason="test")
    led.now = REOPENED
    led.tap("reopen", BEN)
    passes_until(led, REOPENED + timedelta(hours=2, minutes=15))
    assert "waiting since Fri 11:00 (3 days by Mon 11:15)" in lines(led)[-1]


def test_the_leaders_post_says_as_the_card_does_how_long_they_waited(led: Shop) -> None:
    led.tap("dismiss", BEN, reason="test")
    led.now = REOPENED
    led.tap("reopen", BEN)
    led.tap("claim", ANA)
    led.passes(minutes=30)
    led.closes()
    assert led.card().headline == "Closed · Ana replied after 3 days · Fixed"
    led.store.write_sync(digest.send_digests, led.company, led.now)
    leaders = led.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    [line] = [line for line in led.card(f"leader:{leaders.id}:1").context if "heard from us within" in line]
    assert line.endswith("The customer heard from us within 30 min of opening time (3 days for the customer).")


def test_and_so_has_whoever_wrote_without_a_score_until_somebody_said_that_it_is_a_problem(
    shop_of: Callable[[Company], Shop], company: Company
) -> None:
    [everyone] = company.routes
    shop = shop_of(company.model_copy(update={"routes": (everyone.model_copy(update={"when": When()}),)}))
    shop.hears(said(score=None))
    shop.now = REOPENED
    shop.tap("problem", BEN)
    passes_until(shop, REOPENED + timedelta(hours=4, minutes=15))
    assert "waiting since Fri 11:00 (3 days by Mon 13:15)" in lines(shop)[-1]
    assert "As of Mon 13:15 the customer has waited 3 days, 12 h of it in opening hours" in shop.card().context


def test_whose_card_waited_for_the_opening_has_waited_since_they_wrote(shop: Shop) -> None:
    shop.now = FRIDAY + timedelta(days=1)
    shop.hears(said())
    passes_until(shop, MONDAY + timedelta(hours=4, minutes=15))
    assert "waiting since Sat 11:00 (2 days by Mon 12:15)" in lines(shop)[-1]
    assert "As of Mon 12:15 the customer has waited 2 days, 4 h 15 min of it in opening hours" in shop.card().context
