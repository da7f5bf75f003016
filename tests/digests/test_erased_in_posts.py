"""A customer who was erased was dismissed by nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handlers.cards import Card
from handlers.company import Company
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from storage import digests
from tests.conftest import ANA, LEA, Shop
from tests.digests.week47 import MONDAY, NEXT, Week47


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    """One of two customers is erased while their case is open."""
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    for n in (1, 2):
        shop.says(2, "Cold.", customer=Customer(key=f"c-{n}", email=f"c-{n}@mail.example", name="Dana"))
    shop.store.write_sync(erase, "c-1@mail.example", shop.now)
    return shop


def private(shop: Week47) -> tuple[int, Card]:
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    return row.id, shop.card(f"leader:{row.id}:1")


def test_who_was_erased_is_not_told_to_the_leader_as_dismissed(shop: Week47) -> None:
    id, card = private(shop)
    assert card.context[0].startswith("Promise kept: 0 of 1.")
    assert not any("dismissed" in line for line in (*card.context, *card.below))
    target: Any = f"list:{id}:dismissed"
    assert shop.tap("show_list", LEA, target).text == "Dismissed as no problem: nobody now."
    assert shop.card("digest:oak-street:2026-W47").context[0].startswith("1 customer told us we let them down.")


def test_the_lot_of_what_to_look_at_falls_on_what_somebody_dismissed(shop: Week47) -> None:
    for n in range(3, 13):
        shop.says(2, "Cold.", customer=Customer(key=f"c-{n}", email=f"c-{n}@mail.example"))
        shop.store.write_sync(erase, f"c-{n}@mail.example", shop.now)
    shop.tap("dismiss", ANA, 2, reason="duplicate")
    _id, card = private(shop)
    assert "1 was dismissed as no problem. Please look at #2, drawn by lot." in (*card.context, *card.below)
