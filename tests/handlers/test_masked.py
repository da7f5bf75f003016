"""What a channel reads of a customer, and what only whoever claimed reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from handlers.cards import Card
from handlers.company import Company
from storage import delivery_log
from tests.conftest import ANA, BEN, Shop, said

SECRETS = ("dana@mail.example", "400 00 000", "NW-123456", "4111", "NO93", "Reyes", "reyes")
WORDS = (
    "I am Dana Reyes, dana@mail.example, +47 400 00 000. Order NW-123456, paid with 4111 1111 1111 1111, back to "
    "NO93 8601 1117 947. Ask for reyes."
)


@pytest.fixture
def shop_with_orders(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    teams = {name: team.model_copy(update={"mask": ("NW-######",)}) for name, team in company.teams.items()}
    shop = shop_of(company.model_copy(update={"teams": teams}))
    shop.hears(
        said(
            comment=WORDS,
            touchpoint="till of Reyes",
            customer={"name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"},
        )
    )
    return shop


def leaks(card: Card) -> list[str]:
    text = json.dumps(asdict(card), ensure_ascii=False)
    return [secret for secret in SECRETS if secret in text]


def everything_in_the_channel(shop: Shop) -> list[Card]:
    rows = [row for row in shop.store.read_sync(delivery_log.unfinished, 1000) if row.channel != ANA.user_id]
    return [shop.card(row.key) for row in rows]


def test_nothing_that_a_channel_reads_says_how_to_reach_the_customer(shop_with_orders: Shop) -> None:
    shop = shop_with_orders
    shop.tap("claim", ANA)
    shop.tap("note", ANA, note="Mr Reyes said: dana@mail.example, NW-123456")
    shop.closes(ANA, done="Called +47 400 00 000 and talked to Reyes about NW-123456.")
    cards = everything_in_the_channel(shop)
    assert [card.plain.split(":")[0] for card in cards] == ["Closed by Ana", "Ana notes", "Ana closed this"]
    assert [leaks(card) for card in cards] == [[], [], []]
    assert "I am Dana R., [e-mail], [phone]. Order [number], paid with [card], back to [IBAN]." in cards[0].quote
    assert cards[1].plain == "Ana notes: Mr R. said: [e-mail], [number]"


def test_whoever_has_it_reads_all_of_it_privately(shop_with_orders: Shop) -> None:
    shop_with_orders.tap("claim", ANA)
    private = next(row.key for row in shop_with_orders.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private")
    assert shop_with_orders.card(private).quote == WORDS
    assert leaks(shop_with_orders.card(private)) == [
        "dana@mail.example",
        "400 00 000",
        "NW-123456",
        "4111",
        "NO93",
        "Reyes",
        "reyes",
    ]


def test_reading_all_of_it_shows_the_rest_only_to_whoever_has_it(shop_with_orders: Shop) -> None:
    shop_with_orders.tap("claim", ANA)
    assert shop_with_orders.tap("read", ANA).text == WORDS
    assert [secret for secret in SECRETS if secret in shop_with_orders.tap("read", BEN).text] == []


def test_a_team_says_what_its_channel_may_be_shown_beside_the_score(shop_of: Callable[[Company], Shop], company: Company) -> None:
    teams = {name: team.model_copy(update={"show": frozenset({"touchpoint"})}) for name, team in company.teams.items()}
    shop = shop_of(company.model_copy(update={"teams": teams}))
    shop.hears(said("r-0", customer={"key": "c-1"}))
    shop.passes(hours=1)
    shop.hears(said(touchpoint="collection", wants_contact=True, customer={"key": "c-1"}))
    card = shop.card("card:2")
    assert (card.quote, "Waited" in card.plain) == ("", False)
    assert "collection" in card.context[0]
    assert "asks to be contacted" not in card.context[0]
    assert "earlier" not in card.context[0]
