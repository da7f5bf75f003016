"""A customer who answers again counts once, and only by their first answer since we closed their case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.company import Company
from handlers.feedback import Customer, Moment
from handlers.rules import Route, When
from storage import digests
from tests.conftest import ANA, BEN, LEA, Shop
from tests.digests.week47 import MONDAY, NEXT, Week47

DANA = Customer(key="c-dana", name="Dana Reyes", value=1000, currency="NOK")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """A customer was let down three times in week 47, and looked after each time, the last time by Ben."""
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    for n, who in enumerate((ANA, ANA, BEN), 1):
        shop.done(n, who, customer=DANA)
    return shop


def answers(shop: Week47, score: float, week: int) -> None:
    """Dana answers on the Wednesday of that week of 2026."""
    shop.now = MONDAY + timedelta(days=7 * (week - 47) + 2)
    shop.says(score, "Fine again." if score > 6 else "Bad again.", customer=DANA)


def told(shop: Week47, week: int) -> list[str]:
    """What the channel and the leader read of it on the Monday after."""
    shop.ticks(NEXT + timedelta(days=7 * (week - 47)))
    leaders = shop.store.read_sync(digests.by_period, "leader", "1", f"2026-W{week}")
    cards = [shop.card(f"digest:oak-street:2026-W{week}"), shop.card(f"leader:{leaders.id}:1")]
    lines = [line for card in cards for line in (*card.context, *card.below)]
    return [line for line in lines if "ecovered, as" in line or "brought a customer back" in line]


def behind(shop: Week47, name: str) -> list[str]:
    """The cases in one of the lists of the leader's post of week 48."""
    row: Any = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W48")
    target: Any = f"list:{row.id}:{name}"
    return [card.footer.split()[0] for card in shop.tap("show_list", LEA, target).cards]


def test_several_closed_cases_of_one_customer_are_one_who_answered_again(shop: Week47) -> None:
    answers(shop, 9, 48)
    assert told(shop, 48) == [
        "Ben: brought a customer back. “Rang customer 3.”",
        "Recovered, as their next answer says: 1 of 1 who answered again.",
    ]


def test_the_lists_behind_show_them_once(shop: Week47) -> None:
    answers(shop, 9, 48)
    told(shop, 48)
    assert behind(shop, "again") == behind(shop, "recovered") == ["#3"]


def test_whoever_was_brought_back_is_not_brought_back_again_by_a_later_answer(shop: Week47) -> None:
    answers(shop, 9, 48)
    answers(shop, 10, 53)
    assert told(shop, 53) == []


def test_a_next_answer_that_is_low_is_no_recovery_whatever_they_answer_later(shop: Week47) -> None:
    answers(shop, 3, 51)
    assert told(shop, 51) == ["Recovered, as their next answer says: 0 of 1 who answered again."]
    answers(shop, 9, 53)
    assert told(shop, 53) == []


def test_whoever_is_let_down_and_looked_after_once_more_may_be_brought_back_again(shop: Week47) -> None:
    answers(shop, 9, 48)
    shop.now = MONDAY + timedelta(days=14)
    shop.done(4, ANA, customer=DANA)
    answers(shop, 10, 53)
    assert told(shop, 53) == [
        "Ana: brought a customer back. “Rang customer 4.”",
        "Recovered, as their next answer says: 1 of 1 who answered again.",
    ]


def test_a_customer_who_was_content_before_was_not_brought_back(shop: Week47) -> None:
    thanks = Route(name="thanks", when=When(band=("promoter",)), team="oak-street", moment=Moment.RELATIONSHIP)
    shop.company = shop.company.model_copy(update={"routes": (thanks, *shop.company.routes)})
    fan = Customer(key="c-fan")
    shop.says(10, "Lovely.", customer=fan)
    shop.tap("claim", ANA, 4)
    shop.tap("close", ANA, 4, outcome="thanked", done="Thanked them.")
    shop.passes(days=1)
    shop.says(9, "Still lovely.", customer=fan)
    assert not [line for line in told(shop, 47) if "brought" in line]


@pytest.mark.parametrize(("outcome", "before"), [("unreachable", False), ("fixed", True)])
def test_only_whom_we_had_been_in_touch_with_came_back_before(shop: Week47, outcome: str, before: bool) -> None:
    eve = Customer(key="c-eve", value=500, currency="NOK")
    for n, how in ((4, outcome), (5, "fixed")):
        shop.says(2, "Cold.", customer=eve)
        shop.tap("claim", ANA, n)
        shop.tap("close", ANA, n, outcome=how, done="Rang.", cause="other")
        shop.passes(days=8)
        shop.says(9, "", customer=eve)
        shop.passes(days=1)
    shop.ticks(MONDAY + timedelta(days=21))
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W49")
    assert row.snapshot["money"]["recovered"]["sums"] == ({} if before else {"NOK": 500.0})
