"""Whoever two chats know by one address is one person: a case they took in one chat is theirs in the other, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import know_by
from handlers.colleagues import meet
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.ladder import Role
from handlers.nudges import steps
from storage import nudges, people
from tests.conftest import BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_away import leaves, types
from tests.handlers.test_ladder import MONDAY, lines, passes_until, put_on_duty, ticks, told
from tests.statements import statements

THERE = replace(LEA, chat="msteams", user_id="29:lea")


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Shop:
    """A team in both chats, whose leader is told of others' cases in Slack and took one in Microsoft Teams."""
    team = company.teams["oak-street"]
    both = team.model_copy(update={"channels": (*team.channels, Place.parse("msteams:19:oak@thread.tacv2"))})
    shop = shop_of(company.model_copy(update={"teams": {team.name: both}}))
    for who in (LEA, THERE):
        shop.store.write_sync(meet, who, "lea@northwind.example", "Europe/Oslo", shop.now)
    shop.store.write_sync(meet, BEN, "ben@northwind.example", "Europe/Oslo", shop.now)
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(comment="I was charged twice. Call 47 11 22 33."))
    shop.tap("claim", THERE)
    return shop


def test_nobody_is_asked_to_free_somebody_for_what_they_have_in_another_chat(shop: Shop) -> None:
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    shop.tap("keep", THERE)
    passes_until(shop, MONDAY + timedelta(days=5))
    assert len(told(shop, THERE)) > 1
    assert told(shop, LEA) == []


def test_what_a_colleague_has_is_still_told_to_whoever_leads(shop: Shop) -> None:
    shop.tap("hand_over", THERE, to=BEN)
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    shop.tap("keep", BEN)
    passes_until(shop, MONDAY + timedelta(days=3))
    assert told(shop, LEA) == ["A customer has been waiting since Fri 11:00 for a word from us. Ben has it. Can you free someone?"]


def test_colleagues_in_one_chat_who_are_linked_to_one_address_are_two_people(
    shop_of: Callable[[Company], Shop], company: Company
) -> None:
    shop = shop_of(company)
    put_on_duty(shop, Role.LEADER, LEA)
    for who in (LEA, BEN):
        shop.store.write_sync(
            lambda tx, who=who: people.prefer(tx, colleagues.remember(tx, who).id, {"linked_email": "oak@northwind.example"})
        )
    shop.hears(said())
    shop.tap("claim", BEN)
    passes_until(shop, MONDAY + timedelta(days=3))
    assert told(shop, LEA) != []


def test_still_mine_may_be_said_in_either(shop: Shop) -> None:
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    assert shop.row().asked_at is not None
    assert shop.tap("keep", LEA).text.startswith("Thank you, it stays yours.")
    assert shop.row().asked_at is None
    assert "is replying to this customer" in shop.tap("keep", BEN).text


def test_everything_the_customer_said_can_be_read_in_either(shop: Shop) -> None:
    assert "47 11 22 33" in shop.tap("read", LEA).text
    assert "47 11 22 33" not in shop.tap("read", BEN).text


def test_nobody_takes_over_from_themselves(shop: Shop) -> None:
    shop.passes(hours=1)
    shop.tap("help", THERE)
    assert shop.tap("claim", LEA).text == (
        "You already have this one, in your other chat. The customer's details are in your private messages there."
    )
    assert shop.row().owner_user_id == THERE.user_id
    assert lines(shop)[-1] == "Lea asks for a hand with this one. Who can take it over or help?"


def moves_to_slack(shop: Shop) -> None:
    """The team leaves Microsoft Teams, where its leader took the case."""
    teams = {name: team.model_copy(update={"channels": team.channels[:1]}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})


def test_who_has_a_case_gets_its_details_in_the_chat_to_which_the_team_moved(shop: Shop) -> None:
    shop.tap("help", THERE)
    moves_to_slack(shop)
    assert shop.tap("claim", LEA).text == (
        "You have this one already, from now on in this chat. How to reach the customer is in your private messages."
    )
    assert shop.card("private:1:1").headline == "You are replying to this customer · by Tue 11:00"
    assert shop.card("private:1:2").is_line
    assert (shop.row().owner_user_id, shop.acts()[-1]) == (LEA.user_id, "details_shown")
    assert shop.row().help_at is not None, "they asked for a hand, and still do"
    assert "took" not in lines(shop)[-1], "nobody took anything over"


def test_and_is_reminded_there_from_then_on(shop: Shop) -> None:
    moves_to_slack(shop)
    shop.tap("claim", LEA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    assert told(shop, THERE) == []
    assert told(shop, LEA)[-1] == "This customer has been waiting since Fri 11:00, longer than we promised. Still yours?"


def test_what_they_had_snoozed_is_told_there_when_they_asked_for_it(shop: Shop) -> None:
    shop.tap("snooze", THERE, until="shift")
    moves_to_slack(shop)
    shop.tap("claim", LEA)
    shop.tap("claim", LEA)  # it is theirs there already
    passes_until(shop, FRIDAY + timedelta(hours=7))
    assert told(shop, THERE) == []
    assert told(shop, LEA) == ["You asked to be reminded of this one: we promised a reply by Tue 11:00."]


def test_what_is_snoozed_in_one_is_told_where_they_have_it(shop: Shop) -> None:
    shop.tap("snooze", LEA, until="shift")
    passes_until(shop, FRIDAY + timedelta(hours=7))
    assert told(shop, THERE) == ["You asked to be reminded of this one: we promised a reply by Tue 11:00."]


def test_what_is_opened_again_in_one_is_theirs_where_they_had_it(shop: Shop) -> None:
    shop.closes(THERE)
    assert shop.tap("reopen", LEA).text == "Open again, and yours."
    assert (shop.row().state, shop.row().owner_user_id) == ("claimed", THERE.user_id)
    assert "private:1:2" in sorted(shop.keys())
    assert "private:1:1" not in sorted(shop.keys())


def test_nobody_stands_in_for_themselves(shop: Shop) -> None:
    assert "Nobody stands in for you" in types(shop, "away until 2026-12-18", THERE)
    put_on_duty(shop, Role.BACKUP, BEN)
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert told(shop, BEN) == ["Lea is away, and this customer has been waiting since Fri 11:00. Can you take it over?"]
    assert told(shop, LEA) == told(shop, THERE) == []


def test_who_is_away_in_one_is_away_in_the_other_and_back_in_both(shop: Shop) -> None:
    ben_there = replace(BEN, chat="msteams", user_id="29:ben")
    shop.store.write_sync(meet, ben_there, "ben@northwind.example", "Europe/Oslo", shop.now)
    said = types(shop, "away until 2026-12-18 forward ben@northwind.example", LEA)
    assert said.startswith("You are away until Fri 18 Dec; Ben hears of your customers until then.")
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert told(shop, ben_there) == ["Lea is away, and this customer has been waiting since Fri 11:00. Can you take it over?"]
    assert told(shop, BEN) == told(shop, LEA) == told(shop, THERE) == []
    assert "This has ended: your time away." in types(shop, "more", THERE)
    assert shop.row().help_at is None
    assert "has ended" not in types(shop, "more", LEA)


@pytest.mark.parametrize("word", ["stop", "pause until 2026-12-18", "quiet 09:00-08:00"])
def test_how_somebody_wants_to_be_reminded_holds_in_both(shop: Shop, word: str) -> None:
    types(shop, word, LEA)
    passes_until(shop, MONDAY + timedelta(hours=9, minutes=30))
    assert told(shop, THERE) == []
    assert shop.store.read_sync(nudges.muted) == (word == "stop")


BENS = "ben@northwind.example"
LEARNED: dict[str, Callable[[Connection, int], None]] = {
    "from a directory": lambda tx, person_id: people.learn_email(tx, person_id, BENS),
    "from their profile": lambda tx, _id: meet(tx, BEN_THERE, BENS, "Europe/Oslo", FRIDAY),
    "from ops": lambda tx, _id: know_by(tx, BEN_THERE.place.address, {"email": BENS, "confirmed": True}),
}
BEN_THERE = replace(BEN, chat="msteams", user_id="29:ben")


@pytest.mark.parametrize("learn", LEARNED.values(), ids=LEARNED)
@pytest.mark.parametrize("own", ["", "less"])
def test_what_somebody_wished_holds_also_in_a_chat_that_knows_their_address_only_since(
    shop: Shop, learn: Callable[[Connection, int], None], own: str
) -> None:
    for word in ("stop", "quiet 17:00-09:00", "away until 2026-12-18 forward lea@northwind.example", "name first"):
        types(shop, word, BEN)
    if own:
        types(shop, own, BEN_THERE)
    id = shop.store.write_sync(colleagues.remember, BEN_THERE).id
    shop.store.write_sync(learn, id)
    here = shop.store.read_sync(people.find, BEN.chat, BEN.workspace, BEN.user_id)
    there = shop.store.read_sync(people.by_id, id)
    if own:
        assert (there.rhythm, there.away_until) == (own, None), "what they wished there themselves stays"
    else:
        assert [getattr(there, name) for name in people.WISHES] == [getattr(here, name) for name in people.WISHES]


def test_of_an_address_that_colleagues_share_nobody_gets_the_others_wishes(shop: Shop) -> None:
    types(shop, "stop", BEN)
    for each in (LEA, BEN):
        shop.store.write_sync(know_by, each.place.address, {"email": "till@northwind.example", "confirmed": True})
    id = shop.store.write_sync(colleagues.remember, BEN_THERE).id
    shop.store.write_sync(people.learn_email, id, "till@northwind.example")
    assert shop.store.read_sync(people.by_id, id).rhythm == ""


def test_nobody_is_nudged_more_than_twice_about_one_case_in_both_together(shop: Shop) -> None:
    shop.hears(said("r-2"))
    passes(shop, FRIDAY + timedelta(hours=6, minutes=15))
    assert len(told(shop, LEA)) == 1, "nobody has it yet"
    shop.tap("claim", THERE, 2)
    passes(shop, MONDAY + timedelta(hours=8, minutes=45), MONDAY + timedelta(days=1, hours=3, minutes=15))
    counted = shop.store.read_sync(nudges.counted, [1, 2], steps.NO_NUDGES)
    assert counted == {(1, 2): 2, (2, 1): 1, (2, 2): 1}


@pytest.mark.parametrize(("here", "there", "comes"), [(1, 1, False), (1, 0, True), (0, 2, True)])
def test_two_messages_a_day_are_counted_in_both_but_the_first_in_each_always_comes(
    shop: Shop, here: int, there: int, comes: bool
) -> None:
    for who, number in [(LEA, here), (THERE, there)]:
        person_id = shop.store.write_sync(colleagues.remember, who).id
        for n in range(number):
            shop.store.write_sync(nudges.open_bundle, person_id, f"{shop.now:%Y-%m-%d}", n + 1, shop.now)
    shop.hears(said("r-2"))
    passes(shop, FRIDAY + timedelta(hours=6, minutes=15))
    assert len(told(shop, LEA)) == comes
    passes(shop, MONDAY + timedelta(minutes=30))
    assert told(shop, LEA) != [], "at the latest on the next day"


def test_what_they_had_in_other_chats_is_looked_up_once_for_all_who_are_reminded_together(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA, BEN)
    for who in (LEA, BEN):
        person_id = shop.store.write_sync(colleagues.remember, who).id
        shop.store.write_sync(nudges.open_bundle, person_id, f"{shop.now:%Y-%m-%d}", 1, shop.now)
    shop.hears(said("r-2"))
    with statements() as asked:
        passes(shop, FRIDAY + timedelta(hours=6, minutes=15))
    assert len(told(shop, LEA)) == len(told(shop, BEN)) == 1
    assert sum("JOIN bundle" in one.statement for one in asked) == 1


def passes(shop: Shop, *moments: datetime) -> None:
    """The clock looks at these moments only."""
    for shop.now in moments:
        ticks(shop)


@pytest.mark.parametrize("who", [LEA, BEN, THERE])
@pytest.mark.parametrize("word", ["stop", "away until 2026-12-18", "name never"])
def test_by_an_address_that_colleagues_in_one_chat_share_nobody_speaks_for_the_others(shop: Shop, who: Person, word: str) -> None:
    """The till of a shop in Microsoft Teams; Lea and Ben are linked to its address in Slack."""
    for each in (LEA, BEN):
        id = shop.store.write_sync(colleagues.remember, each).id
        shop.store.write_sync(meet, each, None, "Europe/Oslo", shop.now)
        shop.store.write_sync(people.prefer, id, {"linked_email": "lea@northwind.example"})
    types(shop, word, who)
    for each in (LEA, BEN, THERE):
        row = shop.store.read_sync(people.find, each.chat, each.workspace, each.user_id)
        assert any((row.rhythm, row.away_until, row.naming)) == (each == who)


def test_whoever_stands_in_for_a_leader_is_not_asked_about_their_own_in_another_chat(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, BEN)
    leaves(shop, BEN, LEA)
    passes_until(shop, MONDAY + timedelta(days=1, hours=8))
    shop.tap("keep", THERE)
    passes_until(shop, MONDAY + timedelta(days=3))
    ticks(shop)
    assert told(shop, LEA) == []


def test_nobody_hands_a_customer_over_to_themselves_in_their_other_chat(shop: Shop) -> None:
    reply = shop.tap("hand_over", LEA, to=LEA)
    assert reply.errors == {"to": "They have it already. Please choose somebody else."}
    assert shop.row().owner_user_id == THERE.user_id
    moves_to_slack(shop)
    assert shop.tap("hand_over", LEA, to=LEA).text.startswith("Handed over to Lea"), "the chat in which they had it is gone"
