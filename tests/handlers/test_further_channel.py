"""A team gets a further channel while its cases run: what is open comes there with the next word about it, what has ended does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from handlers.feedback import Customer, Place
from handlers.ladder import Role
from storage.messages import message
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, passes_until, put_on_duty
from tests.statements import kinds, statements

FIRST, FURTHER = "slack:C1", "slack:C2"
BOTH = (FIRST, FURTHER)


def channels(shop: Shop, *names: str) -> None:
    teams = {
        name: team.model_copy(update={"channels": tuple(map(Place.parse, names))}) for name, team in shop.company.teams.items()
    }
    shop.company = shop.company.model_copy(update={"teams": teams})


def stands(shop: Shop, kind: str = "card") -> list[tuple[str, str]]:
    """The messages of this kind, with where they stand: for a line, the key of its card."""
    where = message.c.channel if kind == "card" else message.c.thread_of
    asked = select(message.c.key, where).where(message.c.kind == kind).order_by(message.c.id)
    return shop.store.read_sync(lambda tx: [(row[0], row[1]) for row in tx.execute(asked)])


def every_line_has_its_card(shop: Shop) -> bool:
    """Delivery sends the messages of a channel in the order of their ids: a line before its card would be parked."""
    asked = select(message.c.key, message.c.thread_of).order_by(message.c.id)
    seen = set[str]()
    for key, card in shop.store.read_sync(lambda tx: tx.execute(asked).all()):
        if card is not None and card not in seen:
            return False
        seen.add(key)
    return True


@pytest.fixture
def grown(shop: Shop) -> Shop:
    """A customer waits, then the team gets a further channel."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(customer=Customer(key="c-1")))
    channels(shop, *BOTH)
    return shop


def test_the_next_word_about_an_open_case_brings_its_card_to_the_further_channel(grown: Shop) -> None:
    grown.tap("note", ANA, note="She likes tea.")
    assert stands(grown) == [("card:1", "C1"), ("card:1:2", "C2")]
    assert [card for _, card in stands(grown, "line")] == ["card:1", "card:1:2"]
    grown.tap("note", ANA, note="With milk.")
    assert len(stands(grown)) == 2
    assert len(stands(grown, "line")) == 4
    assert every_line_has_its_card(grown)


def test_so_does_a_step_of_the_ladder_a_claim_that_ends_and_what_the_customer_adds(grown: Shop) -> None:
    passes_until(grown, FRIDAY + timedelta(hours=3))
    assert stands(grown) == [("card:1", "C1"), ("card:1:2", "C2")]
    channels(grown, *BOTH, "slack:C3")
    grown.tap("claim", ANA)
    passes_until(grown, MONDAY + timedelta(days=2, minutes=30))
    assert grown.acts().count("let_go") == 1
    assert stands(grown)[2:] == [("card:1:3", "C3")]
    channels(grown, *BOTH, "slack:C3", "slack:C4")
    grown.tap("claim", BEN)
    grown.hears(said(comment="Nobody came today either.", customer=Customer(key="c-1")))
    assert stands(grown)[3:] == [("card:1:4", "C4")]
    assert every_line_has_its_card(grown)


def test_of_a_case_that_has_ended_nothing_is_shown_there(grown: Shop) -> None:
    channels(grown, FIRST)
    grown.tap("claim", ANA)
    channels(grown, *BOTH)
    grown.closes()
    grown.tap("note", ANA, note="A fine talk.")
    grown.passes(days=3)
    grown.hears(said("r-2", 9, "Lovely.", customer=Customer(key="c-1")))
    assert stands(grown) == [("card:1", "C1")]
    assert {card for _, card in stands(grown, "line")} == {"card:1"}
    assert len(stands(grown, "line")) == 3
    grown.tap("reopen", ANA)
    assert stands(grown) == [("card:1", "C1"), ("card:1:2", "C2")]


def test_wherever_in_the_list_the_further_channel_is_written_no_channel_gets_a_second_card(grown: Shop) -> None:
    channels(grown, FURTHER, FIRST)
    grown.tap("note", ANA, note="She likes tea.")
    assert stands(grown) == [("card:1", "C1"), ("card:1:2", "C2")]
    assert sorted(card for _, card in stands(grown, "line")) == ["card:1", "card:1:2"]


def test_where_a_channel_gives_way_to_another_the_talk_goes_on_in_the_thread_it_began_in(shop: Shop) -> None:
    channels(shop, *BOTH)
    shop.hears(said())
    channels(shop, FIRST, "slack:C3")
    shop.tap("note", ANA, note="She likes tea.")
    assert stands(shop) == [("card:1", "C1"), ("card:1:2", "C2")]
    assert [card for _, card in stands(shop, "line")] == ["card:1", "card:1:2"]


@pytest.mark.parametrize("left", [(FURTHER,), (FURTHER, "slack:C3")])
def test_a_channel_that_is_taken_away_reads_nothing_more_of_its_cases(shop: Shop, left: tuple[str, ...]) -> None:
    channels(shop, *BOTH, "slack:C3")
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(), said("r-2"))
    channels(shop, *left)
    shop.tap("note", ANA, note="She likes tea.")
    shop.tap("claim", ANA)
    shop.hears(said(comment="Nobody came today either."))
    passes_until(shop, FRIDAY + timedelta(hours=3))
    assert shop.acts(2)[-1] == "nudged"
    told = {card for _, card in stands(shop, "line")}
    assert told == {f"card:{case}:{nth}" for case in (1, 2) for nth, _ in enumerate(left, 2)}


def test_a_channel_that_is_named_twice_reads_each_line_once(shop: Shop) -> None:
    channels(shop, FIRST, FIRST)
    shop.hears(said())
    shop.tap("note", ANA, note="She likes tea.")
    assert len(stands(shop, "line")) == 1


def test_only_where_a_team_has_several_channels_does_a_line_cost_a_look_for_its_cards(shop: Shop) -> None:
    taken: list[int] = []
    for number, names in enumerate(((FIRST,), BOTH), start=1):
        channels(shop, *names)
        shop.hears(said(f"r-{number}"))
        shop.tap("claim", ANA, number)
        with statements() as asked:
            shop.tap("note", ANA, number, note="She likes tea.")
        taken.append(len(kinds(asked)))
    assert taken[1] == taken[0] + 1


MOVED = "msteams:19:oak@thread.tacv2"


@pytest.mark.parametrize("elsewhere", [MOVED, "slack:T0OTHER01/C1"])
def test_where_a_team_moves_to_another_chat_or_workspace_its_open_cases_come_along_with_the_next_word(
    shop: Shop, elsewhere: str
) -> None:
    shop.hears(said())
    channels(shop, elsewhere)
    there = Place.parse(elsewhere)
    ana = replace(ANA, chat=there.chat, workspace=there.workspace)
    shop.tap("note", ana, note="She likes tea.")
    assert stands(shop) == [("card:1", "C1"), ("card:1:2", there.channel)]
    assert [card for _, card in stands(shop, "line")] == ["card:1:2"], "no thread leads from one chat to another"
    shop.tap("note", ana, note="With milk.")
    assert len(stands(shop)) == 2
    assert every_line_has_its_card(shop)


def test_so_do_those_of_which_the_clock_or_the_customer_speaks_first(shop: Shop) -> None:
    shop.hears(said(), said("r-2"))
    channels(shop, MOVED)
    shop.hears(said(comment="Nobody came today either."))
    passes_until(shop, FRIDAY + timedelta(hours=3))
    assert stands(shop)[2:] == [("card:1:2", "19:oak@thread.tacv2"), ("card:2:2", "19:oak@thread.tacv2")]
    assert {card for _, card in stands(shop, "line")} == {"card:1:2", "card:2:2"}


def test_a_case_that_ended_before_its_team_moved_to_another_chat_says_nothing_there(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes()
    before = stands(shop, "line")
    channels(shop, MOVED)
    assert "noted" in shop.tap("note", replace(ANA, chat="msteams"), note="A fine talk.").text.lower()
    assert stands(shop) == [("card:1", "C1")]
    assert stands(shop, "line") == before
