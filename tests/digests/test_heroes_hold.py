"""A story is told only where the closing has held, whatever the customer says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.company import Company
from handlers.feedback import Customer
from tests.conftest import ANA, Shop
from tests.digests.week47 import MONDAY, Week47

DANA = Customer(key="c-1")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """A hard case is closed on Monday."""
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.says(2, "Waited again, for the third time.", customer=DANA, wants_contact=True)
    shop.tap("claim", ANA)
    shop.closes(ANA)
    return shop


def stories(shop: Week47) -> list[str]:
    return [line for line in shop.told().context if line.startswith("Ana: ")]


@pytest.mark.parametrize("days", [(1,), (1, 2)])
def test_a_low_answer_of_the_days_after_counts_also_where_another_follows(shop: Week47, days: tuple[int, ...]) -> None:
    for n, day in enumerate(days):
        shop.now = MONDAY + timedelta(days=day)
        shop.says(8 if n else 1, "Still broken.", customer=DANA)
    assert stories(shop) == []


def test_a_content_answer_takes_no_story_back(shop: Week47) -> None:
    shop.passes(days=1)
    shop.says(8, "", customer=DANA)
    assert len(stories(shop)) == 1
