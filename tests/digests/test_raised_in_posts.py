"""The weekly post tells of the newest thing that was raised, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.company import Company, People
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from storage import people
from tests.conftest import ANA, BEN, LEA, Shop
from tests.digests.week47 import FRIDAY_PREVIEW, KEY, MONDAY, NEXT, Week47

RAISED: Any = "raised:1"


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    shop.done(1, customer=Customer(key="c-1", name="Dana Reyes"))
    shop.tap("raise", BEN, words="Canary: Dana Reyes found one till open.")
    return shop


def raised(shop: Week47, key: str = KEY) -> list[str]:
    return [line for line in shop.card(key).context if line.startswith("Raised, ")]


SAID = "“Canary: Dana R. found one till open.”"


@pytest.mark.parametrize(
    ("became", "words"),
    [
        ("", f"Raised, and nobody has it yet: {SAID}"),
        ("doing", f"Raised, and taken on by Lea: {SAID}"),
        ("done", f"Raised, and done: {SAID}"),
        ("no", f"Raised, and it stays as it is: {SAID} Why: The till is rented."),
    ],
)
def test_it_says_how_it_stands(shop: Week47, became: str, words: str) -> None:
    if became:
        shop.tap("settle", LEA, RAISED, became=became, why="The till is rented.")
    shop.told()
    assert raised(shop) == [words]


def test_where_names_are_off_nobody_is_named(shop: Week47) -> None:
    shop.company = shop.company.model_copy(update={"people": People.OFF})
    shop.tap("settle", LEA, RAISED, became="doing")
    shop.told()
    assert raised(shop) == [f"Raised, and taken on by a teammate: {SAID}"]
    assert "Lea" not in str(shop.card(KEY))


def test_whoever_asked_not_to_be_named_is_not(shop: Week47) -> None:
    shop.tap("settle", LEA, RAISED, became="doing")
    shop.store.write_sync(lambda tx: people.prefer(tx, people.find(tx, LEA.chat, LEA.workspace, LEA.user_id).id, {"naming": "off"}))
    shop.told()
    assert raised(shop) == [f"Raised, and taken on by a teammate: {SAID}"]


def test_what_was_said_stays_as_it_was_said_and_the_next_post_says_the_news(shop: Week47) -> None:
    shop.told()
    shop.passes(hours=1)
    shop.tap("settle", LEA, RAISED, became="done")
    assert raised(shop) == [f"Raised, and nobody has it yet: {SAID}"]
    shop.done(2)
    shop.ticks(NEXT + timedelta(days=7))
    assert raised(shop, "digest:oak-street:2026-W48") == [f"Raised, and done: {SAID}"]
    shop.done(3)
    shop.ticks(NEXT + timedelta(days=14))
    assert raised(shop, "digest:oak-street:2026-W49") == []


def test_only_the_newest_is_told(shop: Week47) -> None:
    shop.passes(hours=1)
    shop.tap("raise", ANA, words="The door sticks.")
    shop.told()
    assert raised(shop) == ["Raised, and nobody has it yet: “The door sticks.”"]


def test_once_the_customer_is_erased_no_post_repeats_it(shop: Week47) -> None:
    """Of the case it was raised from nothing else is told."""
    shop.says(2, "A test.", customer=Customer(key="c-2"))
    shop.tap("dismiss", ANA, 2, reason="test")
    shop.tap("raise", BEN, 2, words="Canary: the newest thing.")
    shop.ticks(FRIDAY_PREVIEW)
    shop.told()
    assert raised(shop) == ["Raised, and nobody has it yet: “Canary: the newest thing.”"]
    gone = shop.store.write_sync(erase, "c-2", shop.now)
    assert KEY in gone.keys
    assert any(key.startswith("leader:") for key in gone.keys)
    assert raised(shop) == []
    for key in (key for key in gone.keys if key.split(":")[0] in ("digest", "leader", "preview")):
        assert "the newest thing" not in str(shop.card(key)), key
