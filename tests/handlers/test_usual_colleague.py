"""A step of the ladder may tell whoever usually looks after a customer, as a directory says, that this customer waits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from handlers import colleagues
from handlers.case import Case, State
from handlers.commands import answer
from handlers.company import People
from handlers.feedback import Band, Moment, Person, address_in
from handlers.forgetting.erase import erase
from handlers.ladder import USUAL, Phase, Role, Step
from handlers.nudges.bundle_card import bundle_card
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import Usual, look
from handlers.nudges.reminder import Reminder
from handlers.nudges.reminder_words import question
from storage import nudges, people
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, person, said
from tests.handlers.test_cards import TEAM, case
from tests.handlers.test_ladder import MONDAY, bundles, lines, put_on_duty, told

NINA = person("nina")
MAIL = "nina@northwind.example"
AT_ONCE = Step(phase=Phase.UNCLAIMED, after=0, role=Role.COLLEAGUE)
AT_HALF = Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.COLLEAGUE)
WHEN_QUIET = Step(phase=Phase.QUIET, after=0.75, role=Role.COLLEAGUE)
UNHAPPY = (
    "A customer of yours is unhappy, and has been waiting for a word from Oak Street since Fri 11:00. Nobody has it yet. "
    "Would you like to reply?"
)
STILL = "Your customer still waits for a word from Oak Street, since Fri 11:00. Nobody has it yet. Would you like to reply?"


def with_steps(shop: Shop, *steps: Step) -> Shop:
    team = shop.company.teams["oak-street"].model_copy(update={"ladder": (*steps, *USUAL)})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
    return shop


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A shop whose ladder tells a customer's usual colleague at once and at half of the promise; the chat has told us of Nina."""
    for who in (ANA, BEN, LEA, NINA):
        shop.store.write_sync(colleagues.meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", shop.now)
    return with_steps(shop, AT_ONCE, AT_HALF)


def hears(shop: Shop, owner: str | None = MAIL, id: str = "r-1", **more: Any) -> None:
    shop.hears(said(id, customer={"key": f"c-{id}", "name": "Dana Reyes", "email": "dana@x.example", "owner": owner}, **more))


def usual(tx: Connection, known: Collection[Person] = (NINA,)) -> Usual:
    return {("oak-street", f"{who.user_id}@northwind.example"): [colleagues.remember(tx, who).id or 0] for who in known}


def ticks(shop: Shop) -> None:
    def tick(tx: Connection) -> None:
        look(tx, shop.company, shop.now, usual(tx))
        send_bundles(tx, shop.company, shop.now)

    shop.store.write_sync(tick)


def passes(shop: Shop, **span: float) -> None:
    """As the clock would: a look at every quarter of an hour."""
    until = shop.now + timedelta(**span)
    while shop.now < until:
        shop.now = min(until, shop.now + timedelta(minutes=15))
        ticks(shop)


def types(shop: Shop, words: str, who: Person = NINA) -> None:
    shop.store.write_sync(answer, shop.company, words, who, who.place, shop.now)


def roles(shop: Shop) -> set[tuple[str, str]]:
    return {(row.role, row.state) for row in shop.store.read_sync(nudges.noise, FRIDAY - timedelta(days=9))}


# When, and how often


def test_at_0_percent_their_usual_colleague_is_told_with_the_card_and_once(shop: Shop) -> None:
    hears(shop)
    passes(shop, minutes=15)
    [card] = bundles(shop, NINA)
    assert told(shop, NINA) == [UNHAPPY]
    assert card.plain.startswith("A customer of yours waits for a word from us: 3/10 at Oak Street, needs somebody by Fri 15:00.")
    assert [button.verb for button in card.items[0].buttons] == ["claim", "hand_over"]
    passes(shop, hours=1, minutes=30)
    assert len(bundles(shop, NINA)) == 1


def test_a_later_step_says_it_in_other_words_and_a_third_says_nothing(shop: Shop) -> None:
    with_steps(shop, AT_ONCE, AT_HALF, AT_HALF.model_copy(update={"after": 1.25}))
    hears(shop)
    passes(shop, hours=6, minutes=30)
    passes(shop, days=4)
    assert told(shop, NINA) == [UNHAPPY, STILL]


def test_what_comes_while_the_team_is_closed_is_told_after_the_opening(shop: Shop) -> None:
    shop.passes(hours=8)
    hears(shop)
    while not bundles(shop, NINA):
        passes(shop, minutes=15)
        assert shop.now < MONDAY + timedelta(days=1)
    assert timedelta(minutes=15) <= shop.now - MONDAY <= timedelta(minutes=30)


def test_someone_with_many_customers_gets_one_message(shop: Shop) -> None:
    for n in range(3):
        hears(shop, id=f"r-{n}")
    passes(shop, minutes=15)
    [card] = bundles(shop, NINA)
    assert len(card.items) == 3
    assert card.headline == "3 customers of yours wait for a word from us"


def test_whoever_wants_none_gets_none(shop: Shop) -> None:
    types(shop, "stop")
    hears(shop)
    passes(shop, hours=3)
    assert bundles(shop, NINA) == []
    assert ("colleague", "muted") in roles(shop)


def test_quiet_hours_put_it_off(shop: Shop) -> None:
    types(shop, "quiet 11:00-12:00")
    hears(shop)
    passes(shop, minutes=45)
    assert bundles(shop, NINA) == []
    passes(shop, minutes=15)
    assert told(shop, NINA) == [UNHAPPY]


def test_the_usual_ladder_tells_no_usual_colleague(shop: Shop) -> None:
    with_steps(shop)
    hears(shop)
    passes(shop, hours=8)
    assert bundles(shop, NINA) == []


# Only where they can help


def test_whoever_took_it_on_themselves_is_told_nothing(shop: Shop) -> None:
    with_steps(shop, AT_ONCE, WHEN_QUIET)
    hears(shop)
    shop.tap("claim", NINA)
    passes(shop, days=4, hours=6)
    assert all("customer of yours" not in text for text in told(shop, NINA))


def test_whoever_took_it_on_in_their_other_chat_is_told_nothing_either(shop: Shop) -> None:
    there = replace(NINA, chat="msteams")
    shop.store.write_sync(colleagues.meet, there, MAIL, "Europe/Oslo", shop.now)
    with_steps(shop, WHEN_QUIET)
    hears(shop)
    shop.tap("claim", there)
    passes(shop, days=4, hours=6)
    assert bundles(shop, NINA) == []


@pytest.mark.parametrize("verb", ["claim", "dismiss"])
def test_what_somebody_took_on_or_dismissed_before_it_was_sent_is_not_told(shop: Shop, verb: str) -> None:
    hears(shop)
    shop.tap(verb, ANA, **({"reason": "test"} if verb == "dismiss" else {}))
    passes(shop, hours=3)
    assert bundles(shop, NINA) == []


def test_once_somebody_replies_the_message_says_who_and_asks_nothing_more(shop: Shop) -> None:
    hears(shop)
    passes(shop, minutes=15)
    shop.tap("claim", ANA)
    [card] = bundles(shop, NINA)
    assert [item.headline for item in card.items] == ["#1: Ana is replying now."]
    assert card.items[0].buttons == ()


def test_they_take_it_on_from_the_message_and_only_then_read_who_the_customer_is(shop: Shop) -> None:
    hears(shop, comment="Ring Dana Reyes at dana@x.example.")
    passes(shop, minutes=15)
    assert "Reyes" not in repr(bundles(shop, NINA))
    assert "dana@" not in repr(bundles(shop, NINA))
    assert "It is yours" in shop.tap("claim", NINA).text
    assert told(shop, NINA) == ["#1 is yours. Thank you."]


def test_a_customer_somebody_has_can_be_told_of_too(shop: Shop) -> None:
    with_steps(shop, WHEN_QUIET)
    hears(shop)
    shop.tap("claim", ANA)
    passes(shop, days=3, hours=6)
    [text] = told(shop, NINA)
    assert text.endswith("Ana has it. Do you know something that helps?")


@pytest.mark.parametrize("owner", [None, "Nina Olsen", "carl@northwind.example", "nina@elsewhere.example"])
def test_a_name_alone_or_an_address_nobody_in_the_chat_has_tells_nobody_and_counts_as_no_failure(
    shop: Shop, owner: str | None
) -> None:
    before = lines(shop)
    hears(shop, owner)
    passes(shop, hours=1)
    assert lines(shop) == before
    assert roles(shop) == set()


@pytest.mark.parametrize(
    ("owner", "address"),
    [(" Nina@Northwind.example", MAIL), ("Nina Olsen", None), ("Nina <nina@northwind.example>", None), ("", None), (None, None)],
)
def test_an_address_is_read_however_it_is_written_and_a_name_is_none(owner: str | None, address: str | None) -> None:
    assert address_in(owner) == address


def test_of_an_erased_customer_nobody_is_told(shop: Shop) -> None:
    hears(shop)
    shop.store.write_sync(look, shop.company, shop.now + timedelta(seconds=2))
    shop.store.write_sync(erase, "c-r-1", shop.now)
    passes(shop, hours=3)
    assert bundles(shop, NINA) == []


# Away


def test_whoever_is_away_hears_of_it_when_they_are_back_and_nobody_of_the_team_in_their_place(shop: Shop) -> None:
    put_on_duty(shop, Role.BACKUP, BEN)
    put_on_duty(shop, Role.LEADER, LEA)
    types(shop, "away until Monday")
    hears(shop)
    passes(shop, hours=3)
    assert [bundles(shop, who) for who in (NINA, BEN, LEA)] == [[], [], []]
    passes(shop, days=3)
    assert told(shop, NINA) == [UNHAPPY]


def test_whom_they_named_for_their_time_away_hears_of_it_with_the_reason(shop: Shop) -> None:
    types(shop, "away until 2026-12-18 forward ben@northwind.example")
    hears(shop)
    passes(shop, hours=3)
    text = "A customer has been waiting since Fri 11:00 for a word from us. Nobody has it yet. Would you like to reply?"
    again = "A customer still waits for a word from us, since Fri 11:00. Nobody has it yet. Would you like to reply?"
    why = "You stand in for whoever usually looks after this customer. "
    assert told(shop, BEN) == [why + text, why + again]
    assert bundles(shop, NINA) == []


# Other words where they fit better


def asked(about: Case, *, step: str = "unclaimed-0-colleague") -> str:
    each = Reminder(about, TEAM, Role.COLLEAGUE, step, asks=False, said_at=FRIDAY)
    assert bundle_card([each], NINA, People.NAMES, FRIDAY).plain
    return question(each, NINA, People.NAMES, FRIDAY)


def test_only_a_low_score_is_called_unhappy() -> None:
    assert "is unhappy" in asked(case())
    assert "is unhappy" not in asked(case(band=Band.UNSCORED, score=None))


def test_a_happy_customer_is_to_be_thanked() -> None:
    happy = case(band=Band.PROMOTER, score=10, moment=Moment.RELATIONSHIP)
    assert asked(happy) == (
        "You usually look after this customer. A happy customer has not been thanked yet. Nobody has it yet. Would you like to reply?"
    )


def test_a_customer_who_heard_from_us_is_not_said_to_wait() -> None:
    heard = replace(case(State.NEW), contacted_at=FRIDAY)
    assert "waiting" not in asked(heard)
    assert asked(heard).startswith("You usually look after this customer. Still open")


def test_the_reason_names_nobody_else(shop: Shop) -> None:
    """The owner's address in the directory is a colleague's: it is stored with them, and nowhere with the reminder."""
    hears(shop)
    passes(shop, minutes=15)
    assert MAIL not in repr(bundles(shop, NINA))
    assert shop.store.read_sync(people.by_email, MAIL, {("slack", "main")})
