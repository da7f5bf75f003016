"""Whatever one person reads about a case leads to the case's card in a channel of the chat and workspace they read it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from handlers.cards import Card, There, linked
from handlers.commands import answer
from handlers.company import Company
from handlers.feedback import Person, Place
from storage import digests, messages
from storage.messages import message
from tests.conftest import ANA, BEN, LEA, Shop, person, said
from tests.digests.week47 import KEY, MONDAY, NEXT, Week47
from tests.handlers.test_ladder import Role, bundles, passes_until, put_on_duty
from tests.statements import statements

OMAR = person("omar", chat="msteams")
HANA = person("hana", workspace="T0HARBOUR")


def shown(shop: Shop, key: str, channel: str, id: str, **more: Any) -> None:
    """A chat shows this message there."""
    there = {"remote_channel": channel, "remote_id": id, **more}
    shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.key == key).values(there)))


def all_shown(shop: Shop, *targets: int) -> None:
    for target in targets:
        shown(shop, f"card:{target}", "C1", f"{target}.000001")


def types(shop: Shop, word: str, who: Person = ANA) -> list[There | None]:
    return [card.there for card in shop.store.write_sync(answer, shop.company, word, who, who.place, shop.now).cards]


def at(target: int) -> There:
    return There("C1", f"{target}.000001")


@pytest.fixture
def everywhere(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    """A team whose cards stand in two channels of its own workspace, in another workspace, and in Microsoft Teams."""
    named = ("slack:C1", "slack:C2", "slack:T0HARBOUR/C9", "msteams:19:oak@thread.tacv2")
    team = company.teams["oak-street"].model_copy(update={"channels": tuple(map(Place.parse, named))})
    return shop_of(company.model_copy(update={"teams": {team.name: team}}))


def test_what_the_claimer_reads_leads_to_the_card_and_the_card_itself_leads_nowhere(shop: Shop) -> None:
    shop.hears(said())
    all_shown(shop, 1)
    shop.tap("claim", ANA)
    assert shop.card("private:1:1").there == at(1)
    assert shop.card().there is None


def test_every_case_of_a_reminder_leads_to_its_own_card_also_once_it_is_dealt_with(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    all_shown(shop, 1, 2, 3)
    for target in (1, 2, 3):
        shop.tap("claim", ANA, target)
    passes_until(shop, shop.now + timedelta(days=3, hours=8))
    shop.closes(ANA, 2)
    [*_, bundle] = bundles(shop, ANA)
    assert [item.there for item in bundle.items] == [at(1), at(2), at(3)]
    assert "is closed" in bundle.items[1].headline


def test_who_leads_gets_from_the_question_whether_a_case_may_stay_closed_to_its_card(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(comment="Ana was rude to me."))
    all_shown(shop, 1)
    shop.tap("claim", ANA)
    shop.closes(ANA)
    [key] = shop.store.read_sync(messages.closings, 1)
    assert shop.card(key).there == at(1)


def test_lists_and_the_rest_of_a_crowded_card_lead_to_each_card(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    all_shown(shop, 1, 2, 3)
    shop.tap("claim", ANA, 1)
    shop.tap("claim", ANA, 2)
    assert types(shop, "mine") == [at(1), at(2)]
    assert types(shop, "open", BEN) == [at(3)]
    assert [card.there for card in shop.tap("show", ANA, 2).cards] == [at(2)]


def test_what_a_leader_reads_of_a_week_leads_to_those_who_wait_and_every_list_to_its_cards(
    shop_of: Callable[[Company], Shop], company: Company
) -> None:
    shop = Week47(shop_of(company).store, company, MONDAY)
    shop.leader()
    shop.says(2, "Cold.")
    shop.says(3, "Slow.")
    all_shown(shop, 1, 2)
    shop.tap("claim", ANA, 2)
    shop.tap("raise", ANA, 2, words="One till is open.")
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    post = shop.card(f"leader:{row.id}:1")
    assert [(item.follow_up, item.there) for item in post.items] == [(1, at(1)), (2, at(2)), (2, at(2))]
    listed: Any = next(each.target for each in post.menu if each.label.startswith("All who told us"))
    assert [card.there for card in shop.tap("show_list", LEA, listed).cards] == [at(1), at(2)]
    assert [card.there for card in shop.press("show_waiting", BEN).cards] == [at(1), at(2)]
    assert not any(item.there for item in (shop.card(KEY), *shop.card(KEY).items)), "a channel's post leads nowhere"


def test_a_card_that_no_chat_shows_yet_or_any_more_is_led_to_by_nothing(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    assert (shop.card("private:1:1").there, types(shop, "mine")) == (None, [None])
    shown(shop, "card:1", "C1", "1.000001", state="parked", reason="the channel is gone")
    assert (shop.card("private:1:1").there, types(shop, "mine")) == (None, [None])


def test_of_several_cards_the_first_in_the_readers_own_chat_and_workspace_is_led_to(everywhere: Shop) -> None:
    shop = everywhere
    shop.hears(said())
    keys = ("card:1", "card:1:2", "card:1:3", "card:1:4")
    for n, key in reversed(list(enumerate(keys))):
        shown(shop, key, f"channel {n}", f"{n}.1")
    read = {who.user_id: types(shop, "open", who) for who in (ANA, HANA, OMAR)}
    assert read == {"ana": [There("channel 0", "0.1")], "hana": [There("channel 2", "2.1")], "omar": [There("channel 3", "3.1")]}
    shop.tap("claim", HANA)
    assert shop.card("private:1:1").there == There("channel 2", "2.1")
    shown(shop, "card:1:3", "channel 2", "2.1", remote_id=None)
    assert shop.card("private:1:1").there is None, "there is one in another workspace, which they cannot open"


def test_where_all_cards_of_a_list_stand_is_read_with_one_statement_and_a_claim_reads_none(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(5)))
    all_shown(shop, *range(1, 6))
    with statements() as asked:
        for target in range(1, 5):
            shop.tap("claim", ANA, target)
    assert _reads(asked) == []
    with statements() as asked:
        assert len(types(shop, "mine")) == 4
    assert len(_reads(asked)) == 1
    with statements() as asked:
        types(shop, "help")
    assert _reads(asked) == []


def _reads(asked: Any) -> list[str]:
    """Returns the statements that look for cards."""
    return [said.statement for said in asked if said.statement.startswith("SELECT message.id") and "ORDER BY" in said.statement]


def test_a_card_keeps_everything_else_when_its_links_are_filled_in() -> None:
    item = Card("an item", "an item", there=There("C1", "1.1"), follow_up=1)
    card = Card("a card", "a card", items=(item, Card("more", "more")))
    filled = linked(card, lambda there: f"https://chat.example/{there.channel}/{there.id}")
    assert filled.items[0].there == There("C1", "1.1", "https://chat.example/C1/1.1")
    assert linked(filled, lambda _: "") == card
    assert replace(filled, items=card.items) == card
