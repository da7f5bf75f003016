"""What people who type mine, open or help are told, and what they must not be told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from handlers.cards import Reply
from handlers.commands import COMMANDS, LISTED, answer
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.ladder import Role
from handlers.rules import Route, When
from handlers.team import Team
from tests.conftest import ANA, BEN, LEA, Shop, person, said
from tests.handlers.test_ladder import put_on_duty

HERE = Place.parse("slack:C1")
ELSEWHERE = Place.parse("slack:D-private")
CLEO = person("cleo")


def types(shop: Shop, word: str, who: Person = ANA, place: Place = ELSEWHERE) -> Reply:
    return shop.store.write_sync(answer, shop.company, word, who, place, shop.now)


@pytest.fixture
def two_teams(company: Company, team: Team, shop_of: Callable[[Company], Shop]) -> Shop:
    """Oak Street in the main workspace; a harbour café that belongs to somebody else's workspace."""
    harbour = team.model_copy(update={"name": "harbour", "title": "Harbour", "channels": (Place("slack", "T-harbour", "C9"),)})
    to_harbour = Route(name="harbour", when=When(tag=("harbour",)), team="harbour")
    teams = {team.name: team, "harbour": harbour}
    return shop_of(company.model_copy(update={"teams": teams, "routes": (to_harbour, *company.routes)}))


def test_with_nothing_to_do_both_lists_say_so(shop: Shop) -> None:
    assert types(shop, "mine").text.startswith("Nothing waits for you")
    assert types(shop, "open").text == "Every customer has somebody who replies. Thank you."


def test_mine_holds_what_i_claimed_and_have_not_closed(shop: Shop) -> None:
    shop.hears(said("a"), said("b"), said("c"))
    for target in (1, 2):
        shop.tap("claim", ANA, target)
    shop.tap("claim", BEN, 3)
    shop.closes(ANA, 2)
    reply = types(shop, "mine")
    assert reply.text == "One customer waits for you."
    assert [card.footer for card in reply.cards] == ["#1 · everyone"]


def test_mine_counts_as_waiting_only_those_who_wait_for_a_word(shop: Shop) -> None:
    shop.hears(said("a"), said("b"))
    shop.tap("claim", ANA, 1)
    shop.tap("contacted", ANA, 1)
    assert types(shop, "mine").text == "You have one customer. They have heard from us."
    shop.tap("claim", ANA, 2)
    assert types(shop, "mine").text == "You have 2 customers, the most urgent first. One of them waits for a word from us."


def test_open_in_a_channel_answers_for_its_team_and_says_so(
    company: Company, team: Team, shop_of: Callable[[Company], Shop]
) -> None:
    harbour = team.model_copy(update={"name": "harbour", "title": "Harbour", "channels": (Place.parse("slack:C9"),)})
    shop = shop_of(company.model_copy(update={"teams": {team.name: team, "harbour": harbour}}))
    shop.hears(said())
    assert types(shop, "open", place=Place.parse("slack:C9")).text == (
        "At Harbour, every customer has somebody who replies. Thank you. For all teams, type “open” to me privately."
    )
    assert types(shop, "open").text == "One customer waits for somebody."


def test_a_listed_card_says_what_the_channel_reads(shop: Shop) -> None:
    shop.hears(said("a", customer={"key": "c-1"}))
    shop.passes(hours=1)
    shop.hears(said("b", customer={"key": "c-1"}))
    shop.tap("claim", BEN)
    shop.tap("contacted", BEN)
    shop.tap("hand_over", BEN, to=ANA)
    assert types(shop, "mine").cards == (shop.card(),)
    assert "we have been in touch" in shop.card().plain
    assert types(shop, "open").cards == (shop.card("card:2"),)
    assert "1 earlier low score" in shop.card("card:2").context[0]


def test_mine_is_empty_again_once_i_gave_it_back(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("release", ANA)
    assert types(shop, "mine").cards == ()


def test_open_lists_the_most_urgent_first(shop: Shop) -> None:
    shop.hears(said("a"))
    shop.passes(minutes=-30)
    shop.hears(said("b"))
    assert [card.footer for card in types(shop, "open").cards] == ["#2 · everyone", "#1 · everyone"]


def test_a_long_list_says_that_there_are_more(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(LISTED + 5)))
    reply = types(shop, "open")
    assert reply.text == "More than 10 customers wait; these are the most urgent."
    assert len(reply.cards) == LISTED


def test_exactly_ten_are_not_more_than_ten(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(LISTED)))
    assert types(shop, "open").text == "10 customers wait for somebody, the most urgent first."


def test_open_typed_in_a_teams_channel_is_about_that_team(two_teams: Shop) -> None:
    two_teams.hears(said("a"), said("b", tags=("harbour",)))
    assert [card.footer for card in types(two_teams, "open", place=HERE).cards] == ["#1 · everyone"]


def test_open_never_shows_what_was_said_to_another_workspace(two_teams: Shop) -> None:
    two_teams.hears(said("a"), said("b", tags=("harbour",)))
    assert [card.footer for card in types(two_teams, "open").cards] == ["#1 · everyone"]
    harbour = person("hana", workspace="T-harbour")
    assert [card.footer for card in types(two_teams, "open", harbour).cards] == ["#2 · harbour"]
    stranger = person("mallory", workspace="T-other")
    assert types(two_teams, "open", stranger).cards == ()
    assert types(two_teams, "open", stranger, place=HERE).cards == (), "not even in a channel that is shared with them"


AS_EVER = "You are reminded in opening hours, in at most two messages a day."
TO_CHANGE_IT = "To change it, type “less”, “stop”, “pause until Monday” or “quiet 17:00-09:00”; “more” is as it was at first."


def test_home_shows_what_i_have_then_who_waits_for_anybody_without_their_words_and_how_i_am_reminded(shop: Shop) -> None:
    shop.hears(said("a"), *(said(f"r-{n}", touchpoint="the wedding of Dana") for n in range(6)))
    shop.tap("claim", ANA)
    reply = types(shop, "home")
    mine, waiting, *others, reminded = reply.cards
    assert (reply.text, mine) == ("One customer waits for you.", shop.card())
    assert waiting.plain == "More than 5 customers wait; these are the most urgent. Type “open” to read what they said."
    assert [other.follow_up for other in others] == [2, 3, 4, 5, 6]
    channel = shop.card("card:2")
    assert others[0].headline == channel.headline
    assert channel.context == (f"the wedding of Dana · {others[0].context[0]}",), "a home stays as it is until it is opened again"
    assert channel.quote not in str(others), "so it keeps nothing that an erasure takes away"
    assert {button.verb for other in others for button in (*other.buttons, *other.menu)} == {"claim"}
    assert reminded.plain == f"{AS_EVER} {TO_CHANGE_IT}"


def test_a_home_with_nobody_on_it_greets_with_the_words_there_are(shop: Shop) -> None:
    greeting = types(shop, "home", CLEO).text
    assert greeting.startswith(
        "Nothing waits for you. Every customer has somebody who replies. Thank you.\n\nWhen a customer is unhappy"
    )
    shop.hears(said())
    assert types(shop, "home", CLEO).text == "Nothing waits for you."


@pytest.mark.parametrize(
    ("asked", "reminded"),
    [
        (["less"], "You are reminded once a day, in the morning, in one message."),
        (["stop"], "You get no reminders, except those you ask for."),
        (["quiet 17-9"], f"{AS_EVER} None come between 17:00 and 09:00."),
        (
            ["pause until 2026-12-01", "away until 2026-12-04"],
            f"{AS_EVER} You have paused them until Tue 1 Dec. You are away until Fri 4 Dec.",
        ),
        (["less", "pause until 2026-12-01", "more"], AS_EVER),
    ],
)
def test_home_says_how_somebody_asked_to_be_reminded(shop: Shop, asked: list[str], reminded: str) -> None:
    for word in asked:
        types(shop, word)
    assert types(shop, "home").cards[-1].plain == f"{reminded} {TO_CHANGE_IT}"


DANA = {"key": "c", "name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"}


def test_a_listed_card_holds_no_private_details_for_nobody_draws_the_answer_again(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    for who in (ANA, BEN):
        assert not any(secret in str(types(shop, "open", who).cards) for secret in ("Reyes", "dana@", "+47"))
    shop.tap("claim", ANA)
    assert not any(secret in str(types(shop, "mine").cards) for secret in ("Reyes", "dana@", "+47"))
    assert types(shop, "mine", BEN).cards == ()
    assert shop.acts() == ["received", "claim", "details_shown"], "who was shown nothing is not in the log"


@pytest.mark.parametrize("word", ["#1", "1", " #1 "])
def test_a_number_shows_the_card_of_that_number_as_the_channel_sees_it(shop: Shop, word: str) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("claim", BEN)
    assert types(shop, word).cards == (shop.card(),)
    assert "Reyes" not in str(types(shop, word, BEN).cards), "nor does who knows the details read them in an answer"


def test_what_is_not_open_any_more_is_read_where_its_card_stands_by_who_took_part_and_by_who_leads(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("note", BEN, note="It was the grinder.")
    shop.tap("claim", ANA)
    shop.closes(ANA)
    put_on_duty(shop, Role.LEADER, LEA)
    told = types(shop, "#1", CLEO)
    assert [card.plain for card in told.cards] == ["#1 is not open any more. Its card is in the channel of Oak Street."]
    assert [card.follow_up for card in told.cards] == [1], "so that the answer leads there"
    for who in (ANA, BEN, LEA):
        assert types(shop, "#1", who).cards == (shop.card(),)
    assert types(shop, "#1", CLEO, place=HERE).cards == (shop.card(),)


@pytest.mark.parametrize("word", ["#1", "#3", "0", "9" * 18])
def test_of_a_number_of_another_workspace_nobody_learns_whether_there_is_one(two_teams: Shop, word: str) -> None:
    two_teams.hears(said("a", tags=("harbour",)), said("b"))
    assert types(two_teams, word) == Reply(f"There is no #{int(word.removeprefix('#'))} here.")


@pytest.mark.parametrize("word", ["help", "HELP ", ""])
def test_no_word_and_help_are_answered_with_all_words(shop: Shop, word: str) -> None:
    assert "mine: the customers you are replying to" in types(shop, word).text


@pytest.mark.parametrize(("word", "said"), [("what?", "what?"), ("mine  please", "mine please"), ("x" * 90, "x" * 39 + "…")])
def test_a_word_that_is_not_understood_is_said_back(shop: Shop, word: str, said: str) -> None:
    assert types(shop, word).text.startswith(f"I did not understand “{said}”, so nothing was done.")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("mien", "mine"),
        ("Opne", "open"),
        ("mine please", "mine"),
        ("please show what is open", "open"),
        ("pausse until Monday", "pause"),
    ],
)
def test_a_word_nearly_right_is_answered_with_the_right_one(shop: Shop, word: str, near: str) -> None:
    told = types(shop, word).text
    assert told.endswith(f"Did you mean “{near}”? Type “help” to see all words.")
    assert "\n" not in told


@pytest.mark.parametrize("word", ["what?", "the customer is angry", "…", "routs"])
def test_a_sentence_with_no_word_of_ours_gets_a_short_answer(shop: Shop, word: str) -> None:
    assert types(shop, word).text == f"I did not understand “{word}”, so nothing was done. Type “help” to see what I know."


@pytest.mark.parametrize("word", ["help", "HELP ", ""])
def test_who_asks_for_help_did_not_say_anything_wrong(shop: Shop, word: str) -> None:
    assert "did not understand" not in types(shop, word).text


def test_help_names_every_word_there_is(shop: Shop) -> None:
    told = types(shop, "help").text
    assert [word for word in COMMANDS if not re.search(rf"(^|\W){word}\W", told, re.MULTILINE)] == []


@pytest.mark.parametrize("word", ["mine", " Mine", "MINE\n"])
def test_a_word_may_be_written_in_any_way(shop: Shop, word: str) -> None:
    assert types(shop, word).text.startswith("Nothing waits for you")


def test_cards_of_a_team_that_is_gone_are_left_out_of_the_lists(
    shop: Shop, company: Company, shop_of: Callable[[Company], Shop]
) -> None:
    shop.hears(said("a"), said("b"))
    shop.tap("claim", ANA, 1)
    later = shop_of(company.model_copy(update={"teams": {}, "routes": ()}))
    assert types(later, "mine").cards == ()
    assert types(later, "open").cards == ()


def test_a_person_nobody_has_met_may_ask(shop: Shop) -> None:
    assert types(shop, "mine", Person("slack", "main", "U-new")).text.startswith("Nothing waits for you")
