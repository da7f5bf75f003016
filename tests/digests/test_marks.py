"""What was noted of a customer who left counts while they are marked as lost, and is one number wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.cards import Card
from handlers.company import Company
from handlers.feedback import Customer
from storage import digests
from tests.conftest import ANA, LEA, Shop
from tests.digests.week47 import MONDAY, NEXT, Week47

DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    return shop


def says(shop: Week47, key: str, value: float | None = None) -> None:
    customer = Customer(key=key, email=f"{key}@mail.example", value=value, currency="NOK" if value else None)
    shop.says(2, f"Cold, says {key}.", customer=customer)
    shop.tap("claim", ANA, shop.number)


def marks(shop: Week47, n: int, value: str) -> None:
    shop.tap("lost", ANA, n, cause="other", value=value, whys="we were rude", note="")


def private(shop: Week47, kind: str, period: str, at: datetime) -> Card:
    shop.ticks(at)
    row = shop.store.read_sync(digests.by_period, "month" if kind == "calls" else kind, "1", period)
    return shop.card(f"{kind}:{row.id}:1")


def money(card: Card) -> list[str]:
    return [line for line in (*card.context, *card.below) if "an estimate" in line]


@pytest.mark.parametrize("undone", ["not_lost", "reopen"])
def test_a_mark_that_was_undone_says_nothing_about_the_customer_any_more(shop: Week47, undone: str) -> None:
    says(shop, "c-1", 1000)
    says(shop, "c-2", 2000)
    if undone == "reopen":
        shop.closes(ANA, 1)
    marks(shop, 1, "900000 NOK")
    shop.tap(undone, ANA, 1)
    said = money(private(shop, "month", "2026-11", DECEMBER))
    assert said == ["Their value, an estimate, each customer once: unknown: 3,000 NOK from 2 customers."]
    calls = private(shop, "calls", "2026-11", DECEMBER)
    assert [item.headline for item in calls.items] == ["Oak Street · not known · 2,000 NOK", "Oak Street · not known · 1,000 NOK"]


def test_a_case_that_is_closed_as_lost_after_its_mark_was_undone_has_the_cause_of_its_closing(shop: Week47) -> None:
    says(shop, "c-1", 1000)
    marks(shop, 1, "900000 NOK")
    shop.tap("not_lost", ANA, 1)
    shop.tap("close", ANA, 1, outcome="lost", done="They left.", cause="waiting time")
    card = private(shop, "month", "2026-11", DECEMBER)
    assert "Why they left, as deep as somebody asked: 1 × waiting time." in card.context
    assert money(card) == ["Their value, an estimate, each customer once: lost: 1,000 NOK from 1 customer."]


def test_a_case_that_is_closed_while_it_is_marked_keeps_what_was_noted(shop: Week47) -> None:
    says(shop, "c-1", 1000)
    marks(shop, 1, "5000 NOK")
    shop.passes(hours=1)
    shop.tap("close", ANA, 1, outcome="lost", done="They left.", cause="waiting time")
    card = private(shop, "month", "2026-11", DECEMBER)
    assert money(card) == ["Their value, an estimate, each customer once: lost: 5,000 NOK from 1 customer."]


def test_who_is_at_risk_and_marked_as_lost_has_the_noted_value_in_the_sum_and_in_its_list(shop: Week47) -> None:
    says(shop, "c-1", 1000)
    says(shop, "c-2")
    marks(shop, 2, "48000 NOK")
    card = private(shop, "leader", "2026-W47", NEXT)
    at_risk = "At risk, an estimate: 49,000 NOK from 2 customers. These are the customers with an open case, each counted once."
    assert money(card)[0] == at_risk
    [button] = [each for each in card.menu if each.label.startswith("At risk")]
    target: Any = button.target
    assert button.label == "At risk (2)"
    assert shop.tap("show_list", target=target, who=LEA).text.endswith("the most valuable first: 2.")


def test_what_was_noted_goes_before_what_the_survey_tool_said_in_another_case_of_the_customer(shop: Week47) -> None:
    says(shop, "c-1", 100)
    says(shop, "c-1", 100)
    shop.tap("close", ANA, 1, outcome="lost", done="They left.", cause="other")
    marks(shop, 2, "5000 NOK")
    assert "Lost, an estimate: 5,000 NOK from 1 customer." in money(private(shop, "leader", "2026-W47", NEXT))[1]
    said = money(private(shop, "month", "2026-11", DECEMBER))
    assert said == ["Their value, an estimate, each customer once: lost: 5,000 NOK from 1 customer."]


def test_what_was_noted_first_counts_in_the_review_also_where_a_later_case_notes_nothing(shop: Week47) -> None:
    says(shop, "c-1", 100)
    says(shop, "c-1", 100)
    marks(shop, 1, "5000 NOK")
    shop.tap("close", ANA, 2, outcome="lost", done="They left.", cause="other")
    said = money(private(shop, "month", "2026-11", DECEMBER))
    assert said == ["Their value, an estimate, each customer once: lost: 5,000 NOK from 1 customer."]


def test_a_dismissed_customer_is_not_told_as_lost_until_the_dismissal_is_undone(shop: Week47) -> None:
    says(shop, "c-1", 5000)
    marks(shop, 1, "")
    shop.tap("dismiss", ANA, 1, reason="duplicate")
    card = private(shop, "month", "2026-11", DECEMBER)
    assert card.plain == "Lost customers in Nov 2026: 0 lost, 0 unknown, of 0 unhappy."
    assert money(card) == []


def test_a_currency_is_one_however_a_survey_tool_writes_it(shop: Week47) -> None:
    for n, currency in enumerate(("NOK", "nok")):
        shop.says(2, "Cold.", customer=Customer(key=f"c-{n}", value=100, currency=currency))
    assert money(private(shop, "leader", "2026-W47", NEXT))[0].startswith("At risk, an estimate: 200 NOK from 2 customers.")
