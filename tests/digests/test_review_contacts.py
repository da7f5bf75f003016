"""“Did we even call?” is answered from the log, as the cases beside it are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handlers.company import Company
from tests.conftest import ANA, LEA, Shop
from tests.digests.test_review import OCTOBER, customer, reads, row
from tests.digests.week47 import Week47


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, OCTOBER)
    shop.leader()
    return shop


def leaves(shop: Week47, n: int) -> None:
    shop.tap("close", ANA, n, outcome="lost", done="They left.", cause="other")


def test_whom_we_called_before_their_case_was_opened_again_was_called(shop: Week47) -> None:
    shop.done(1, customer=customer(1))
    shop.passes(days=3)
    shop.tap("reopen", ANA, 1)
    shop.passes(hours=1)
    leaves(shop, 1)
    card = reads(shop)
    assert "Did we even call? 1 lost customer: contacted in time 1, late 0, no contact noted 0." in card.context
    assert any("they heard from us after 30 min; it was opened again once" in line for line in card.context)
    target: Any = f"list:{row(shop).id}:contacted_in_time"
    assert shop.tap("show_list", LEA, target).text == "Customers who left although we were in touch in time: 1."
    target = f"list:{row(shop).id}:contacted_never"
    assert "nobody now" in shop.tap("show_list", LEA, target).text


def test_whom_we_called_late_was_called_late_also_where_a_new_promise_began_since(shop: Week47) -> None:
    shop.says(2, "Cold.", customer=customer(1))
    shop.tap("claim", ANA, 1)
    shop.passes(days=5)
    shop.closes(ANA, 1)
    shop.tap("reopen", ANA, 1)
    shop.passes(hours=1)
    leaves(shop, 1)
    assert "Did we even call? 1 lost customer: contacted in time 0, late 1, no contact noted 0." in reads(shop).context


def test_whom_nobody_ever_called_comes_before_whom_we_called_once_among_the_hardest_cases(shop: Week47) -> None:
    for n in range(1, 5):
        shop.done(n, customer=customer(n))
        shop.tap("reopen", ANA, n)
        leaves(shop, n)
    shop.says(2, "Cold.", customer=customer(5))
    shop.tap("claim", ANA, 5)
    leaves(shop, 5)
    told = [line for line in reads(shop).context if line.startswith("#")]
    assert told[0].startswith("#5:")
