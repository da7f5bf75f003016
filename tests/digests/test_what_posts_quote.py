"""What posts quote of customers: as little as a card does in a channel, and nothing any more once a customer is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers.commands import answer
from handlers.feedback import Customer
from handlers.rules import Company
from storage import messages
from tests.conftest import ANA, BEN, Shop
from tests.digests.week47 import FRIDAY_PREVIEW, MONDAY, NEXT, SLOW, Week47

DANA = Customer(key="c-dana", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 000")
ALSO_DANA = DANA.model_copy(update={"key": "c-dana-too"})
WORDS = "Canary: ring me, Dana Reyes, on +47 400 00 000 or dana@mail.example!"
SECRETS = ("Reyes", "400 00", "dana@")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def huddles(shop: Week47) -> None:
    shop.store.do(answer, shop.company, "huddle", ANA, shop.company.teams["oak-street"].channels[0], shop.now)


def a_week(shop: Week47) -> list[str]:
    """Dana is unhappy, and is looked after; she praises us; she is unhappy again, and waits. Answers the keys of all that tells
    of it beside cards and lines."""
    shop.leader()
    shop.says(2, f"{SLOW} {WORDS}", customer=DANA)
    shop.tap("claim", ANA)
    shop.passes(minutes=30)
    shop.closes(ANA, done="Canary: rang Dana Reyes on +47 400 00 000.")
    shop.says(10, WORDS, customer=DANA)
    shop.says(1, WORDS, customer=ALSO_DANA)
    huddles(shop)
    shop.ticks(FRIDAY_PREVIEW)
    shop.ticks(NEXT + timedelta(hours=2))
    target: Any = f"digest:{shop.post().id}"
    assert "told privately" in shop.tap("thank", BEN, target, story="1", note="Canary: Dana Reyes told me, well done.").text
    return [row.key for row in shop.store.look(messages.unfinished, 100) if row.follow_up_id is None]


def words(shop: Week47, keys: list[str]) -> dict[str, str]:
    return {key: str(shop.card(key)) for key in keys}


def kinds(keys: Any) -> set[str]:
    return {key.partition(":")[0] for key in keys}


def test_no_post_says_how_to_reach_a_customer_whom_nobody_who_reads_it_has_claimed(shop: Week47) -> None:
    told = words(shop, a_week(shop))
    assert kinds(key for key, said in told.items() if "Canary" in said) == {"huddle", "digest", "leader", "thanks"}
    shown = {key: said for key, said in told.items() if not key.startswith("thanks")}
    assert {key: leaks for key, said in shown.items() if (leaks := [secret for secret in SECRETS if secret in said])} == {}


def test_a_team_that_shows_no_words_has_none_in_its_posts(shop: Week47) -> None:
    keys = a_week(shop)
    quiet = {name: team.model_copy(update={"show": frozenset()}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": quiet})
    assert [key for key, said in words(shop, keys).items() if "ring me" in said] == []
