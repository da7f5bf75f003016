"""Time away: who hears of a customer whose colleague is not there, and how it ends when nobody is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handlers.colleagues import meet
from handlers.commands import answer
from handlers.feedback import Person
from handlers.ladder import Role
from handlers.nudges import steps
from storage import nudges
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, person, said
from tests.handlers.test_ladder import MONDAY, bundles, passes_until, put_on_duty, ticks, told

CARL = person("carl")
THREE_QUARTERS = MONDAY + timedelta(hours=8, minutes=30)


def types(shop: Shop, words: str, who: Person = ANA) -> str:
    return shop.store.write_sync(answer, shop.company, words, who, who.place, shop.now).text


def reminders(shop: Shop) -> list[Any]:
    return list(shop.store.read_sync(lambda tx: tx.execute(select(nudges.nudge).order_by(nudges.nudge.c.id)).all()))


def leaves(shop: Shop, who: Person, to: Person | None = None) -> None:
    forward = f" forward {to.user_id}@northwind.example" if to else ""
    assert "You are away" in types(shop, f"away until 2026-12-18{forward}", who)


@pytest.fixture
def known(shop: Shop) -> Shop:
    """A shop whose people the chat has told us of, and a customer whom Ana promised to reply to."""
    for who in (ANA, BEN, CARL, LEA):
        shop.store.write_sync(meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", shop.now)
    shop.hears(said())
    shop.tap("claim", ANA)
    return shop


def test_two_who_stand_in_for_one_another_are_not_asked_in_a_circle(known: Shop) -> None:
    leaves(known, ANA, BEN)
    leaves(known, BEN, ANA)
    passes_until(known, MONDAY + timedelta(hours=9))
    before = len(reminders(known))
    for _ in range(20):
        ticks(known)
    assert len(reminders(known)) == before
    assert len(bundles(known, ANA)) == 1, "nobody else is there, so it stays hers"


def test_whoever_stands_in_but_is_away_too_is_passed_over_for_the_backup(known: Shop) -> None:
    put_on_duty(known, Role.BACKUP, CARL)
    leaves(known, ANA, BEN)
    leaves(known, BEN)
    passes_until(known, MONDAY + timedelta(hours=9))
    assert told(known, CARL) == ["Ana is away, and this customer has been waiting since Fri 11:00. Can you take it over?"]
    assert bundles(known, ANA) == bundles(known, BEN) == []


def test_a_stand_in_who_leaves_before_hearing_of_it_passes_it_on_once(known: Shop) -> None:
    put_on_duty(known, Role.LEADER, LEA)
    types(known, "quiet 16:00-10:00", BEN)
    leaves(known, ANA, BEN)
    known.now = THREE_QUARTERS
    ticks(known)
    leaves(known, BEN, ANA)
    passes_until(known, MONDAY + timedelta(days=1, hours=2, minutes=30))
    assert len(told(known, LEA)) == 1
    assert told(known, ANA) == told(known, BEN) == []


def test_standing_in_counts_as_being_nudged_so_a_leader_hears_of_one_case_twice_at_most(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    shop.tap("claim", ANA)
    leaves(shop, ANA)
    passes_until(shop, MONDAY + timedelta(days=4))
    private = [row for row in reminders(shop) if row.state == "sent" and row.person_id]
    nudged = Counter(row.person_id for row in private if steps.kind_of(row.step) in steps.NUDGES)
    assert max(nudged.values()) == 2


def test_once_it_has_another_owner_nobody_is_told_that_somebody_is_away(known: Shop) -> None:
    types(known, "quiet 16:00-10:00", BEN)
    leaves(known, ANA, BEN)
    known.now = THREE_QUARTERS
    ticks(known)
    ticks(known)
    known.tap("hand_over", ANA, to=CARL)
    passes_until(known, MONDAY + timedelta(days=1, hours=2, minutes=30))
    assert told(known, BEN) == []


def test_the_card_asks_for_a_hand_while_its_owner_is_away(known: Shop) -> None:
    put_on_duty(known, Role.LEADER, LEA)
    leaves(known, ANA)
    passes_until(known, MONDAY + timedelta(hours=9))
    assert "Ana could use a hand" in known.card().context
    assert known.card().buttons[0].label == "I'll take it"


def test_whoever_is_back_no_longer_asks_for_a_hand(known: Shop) -> None:
    leaves(known, ANA, BEN)
    passes_until(known, MONDAY + timedelta(hours=9))
    assert "Ana could use a hand" in known.card().context
    types(known, "more")
    assert "Ana could use a hand" not in known.card().context
    assert [button.label for button in known.card().buttons] == ["Done…", "Hand over…"]


def test_nor_does_whoever_is_reminded_again_since_their_time_away_is_over(known: Shop) -> None:
    types(known, "away until Tuesday forward ben@northwind.example")
    passes_until(known, MONDAY + timedelta(hours=9))
    assert "Ana could use a hand" in known.card().context
    passes_until(known, MONDAY + timedelta(days=1, hours=4))
    assert told(known, ANA) != []
    assert "Ana could use a hand" not in known.card().context


def test_the_hour_they_are_back_no_longer_asks_for_a_hand_though_nothing_else_happens(known: Shop) -> None:
    types(known, "away until Tuesday forward ben@northwind.example")
    passes_until(known, MONDAY + timedelta(hours=15, minutes=45))
    assert "Ana could use a hand" in known.card().context
    passes_until(known, MONDAY + timedelta(hours=16))  # midnight in Oslo
    assert "Ana could use a hand" not in known.card().context
    assert known.acts()[-1] == "is_back"


STILL_YOURS = "This customer has been waiting since Thu 11:00, longer than we promised. Still yours?"


@pytest.fixture
def put_off(shop: Shop) -> Shop:
    """Ana's promise ends on Monday at 11:00, while she is away. Ben, who stands in, reads nothing more on that day."""
    for who in (ANA, BEN):
        shop.store.write_sync(meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", shop.now)
    shop.now = FRIDAY - timedelta(days=1)
    shop.hears(said())
    shop.tap("claim", ANA)
    passes_until(shop, FRIDAY + timedelta(hours=7, minutes=30))  # the first reminder, at three quarters, is hers
    types(shop, "quiet 10:00-08:00", BEN)
    types(shop, "away until Tuesday forward ben@northwind.example")
    passes_until(shop, MONDAY + timedelta(hours=9))
    assert [row.step for row in reminders(shop) if row.state == "waiting"] == ["claimed-100-owner-for-owner"]
    return shop


def test_whoever_is_back_is_asked_what_waits_for_their_stand_in(put_off: Shop) -> None:
    passes_until(put_off, MONDAY + timedelta(days=1, minutes=30))
    assert told(put_off, ANA)[-1] == STILL_YOURS
    assert told(put_off, BEN) == []
    passes_until(put_off, MONDAY + timedelta(days=1, hours=9))
    assert put_off.row().state == "claimed", "nobody is let go who was not asked"


def test_so_is_whoever_types_more_before_their_time_away_is_over(put_off: Shop) -> None:
    types(put_off, "more")
    ticks(put_off)
    assert told(put_off, ANA)[-1] == STILL_YOURS
    passes_until(put_off, MONDAY + timedelta(days=1, minutes=30))
    assert told(put_off, BEN) == []


CAN_YOU = "Ana is away, and this customer has been waiting since Thu 11:00. Can you take it over?"


def test_whoever_leaves_again_before_they_were_asked_passes_it_on_once_more(put_off: Shop) -> None:
    passes_until(put_off, MONDAY + timedelta(days=1, minutes=-30))
    types(put_off, "away until Friday forward ben@northwind.example")
    passes_until(put_off, MONDAY + timedelta(days=1, hours=2))
    assert told(put_off, BEN) == [CAN_YOU]
    assert "Still yours?" not in told(put_off, ANA)[-1]


def test_so_does_whoever_types_more_and_leaves_again_at_once(put_off: Shop) -> None:
    for _ in range(2):
        types(put_off, "more")
        types(put_off, "away until Friday forward ben@northwind.example")
        ticks(put_off)
    passes_until(put_off, MONDAY + timedelta(days=1, hours=2))
    assert told(put_off, BEN) == [CAN_YOU]


def test_a_stand_in_who_is_told_every_day_reads_other_words_each_time(known: Shop) -> None:
    passes_until(known, MONDAY + timedelta(days=1, hours=4))
    known.tap("keep", ANA)
    leaves(known, ANA, BEN)
    passes_until(known, MONDAY + timedelta(days=4, hours=1))
    texts = told(known, BEN)
    assert (
        texts[0]
        == "This customer has been waiting since Fri 20 Nov 11:00, as of Thu 26 Nov, and Ana is away. Can you take it over?"
    )
    assert len(texts) == len(set(texts)) > 1


def test_what_somebody_asked_for_themselves_stays_asked_when_they_are_back(known: Shop) -> None:
    known.tap("help", ANA)
    leaves(known, ANA, BEN)
    passes_until(known, MONDAY + timedelta(hours=9))
    types(known, "more")
    assert "Ana could use a hand" in known.card().context


def test_nobody_hands_a_customer_to_somebody_who_is_back_too_late_for_them(known: Shop) -> None:
    leaves(known, BEN)
    reply = known.tap("hand_over", ANA, to=BEN)
    text = "Ben is away until Fri 18 Dec, later than our promise to this customer. Please choose somebody else."
    assert reply.errors == {"to": text}
    assert reply.form is not None
    assert known.row().owner_user_id == "ana"


def test_who_hands_a_customer_to_somebody_who_is_back_in_time_reads_who_is_reminded_until_then(known: Shop) -> None:
    types(known, "away until Monday", BEN)
    assert known.tap("hand_over", ANA, to=BEN).text == "Handed over to Ben, who is away until Mon 23 Nov."
    types(known, "away until Monday forward carl@northwind.example", ANA)
    said = "Handed over to Ana, who is away until Mon 23 Nov. Carl is reminded of this customer in their place."
    assert known.tap("hand_over", BEN, to=ANA).text == said


def test_who_hands_a_customer_to_somebody_they_stand_in_for_reads_that_they_are_reminded_themselves(known: Shop) -> None:
    types(known, "away until Monday forward ana@northwind.example", BEN)
    said = "Handed over to Ben, who is away until Mon 23 Nov. You are reminded of this customer in their place."
    assert known.tap("hand_over", ANA, to=BEN).text == said


def test_who_takes_a_customer_while_they_are_away_reads_who_hears_of_it_and_how_to_end_that(known: Shop) -> None:
    known.tap("release", ANA)
    types(known, "away until Tuesday forward ben@northwind.example", ANA)
    away = "You are away until Tue 24 Nov, so Ben hears of this customer: type “more” if you are back."
    taken = f"It is yours, thank you! They left no way to reach them: all they said is in your private messages. {away}"
    assert known.tap("claim", ANA).text == taken
    known.closes()
    assert known.tap("reopen", ANA).text == f"Open again, and yours. {away}"
    known.tap("release", ANA)
    types(known, "more")
    assert "away" not in known.tap("claim", ANA).text


def test_who_is_away_with_nobody_in_their_place_is_reminded_as_ever_and_reads_nothing_of_it(known: Shop) -> None:
    known.tap("release", ANA)
    leaves(known, ANA)
    assert "away" not in known.tap("claim", ANA).text


def test_nobody_is_told_to_ask_a_colleague_who_is_away(known: Shop) -> None:
    known.passes(hours=1)
    leaves(known, ANA, CARL)
    assert known.tap("close", BEN).text == (
        "Ana has this customer and is away until Fri 18 Dec, so nothing was changed. Ask the team's leader to move it."
    )
    assert known.tap("claim", BEN).text == "Ana took this 1 h ago and is away until Fri 18 Dec. Ask the team's leader to move it."


def test_a_claim_whose_owner_is_away_and_nobody_takes_over_goes_back_as_well(known: Shop) -> None:
    put_on_duty(known, Role.LEADER, LEA)
    leaves(known, ANA)
    passes_until(known, MONDAY + timedelta(days=2, minutes=30))
    assert known.row().state == "new"


def test_at_the_end_of_the_time_away_they_hear_of_their_own_customers_again(known: Shop) -> None:
    put_on_duty(known, Role.LEADER, LEA)
    types(known, "away until Tuesday")
    passes_until(known, MONDAY + timedelta(hours=8))
    passes_until(known, MONDAY + timedelta(days=1, hours=3, minutes=30))
    assert told(known, ANA)[-1].endswith("Still yours?")


# What the customer does while the owner is away

BROKE = "You rang, but it broke again the same day. Please ring me!"


def test_a_stand_in_reads_that_the_customer_answered_and_never_the_same_words_twice(known: Shop) -> None:
    known.tap("wait", ANA, days="14")
    leaves(known, ANA, BEN)
    passes_until(known, MONDAY + timedelta(days=1, hours=1, minutes=45))
    known.hears(said(comment=BROKE))
    passes_until(known, MONDAY + timedelta(days=1, hours=4))
    first, *later = told(known, BEN)
    assert first == "Ana is away, and the customer has answered. Can you take it over?"
    assert bundles(known, BEN)[0].plain.startswith("One customer waits for a word from us: 3/10 at Oak Street, ")
    assert len({first, *later}) == len(later) + 1


def test_a_stand_in_reads_that_the_customer_added_to_their_answer(known: Shop) -> None:
    known.tap("contacted", ANA)
    leaves(known, ANA, BEN)
    known.hears(said(comment=BROKE))
    ticks(known)
    ticks(known)
    assert told(known, BEN) == ["Ana is away, and the customer added to their answer. Can you take it over?"]


def test_a_stand_in_reads_that_it_is_time_to_look_at_the_customer_again(known: Shop) -> None:
    known.tap("wait", ANA, days="4")
    leaves(known, ANA, BEN)
    passes_until(known, known.row().quiet_until + timedelta(minutes=30))
    assert told(known, BEN)[0] == "Ana is away, and it is time to look at this one again. Can you take it over?"


# A leader who is away

NOBODY_HAS_IT = FRIDAY + timedelta(hours=6, minutes=30)
"""After the leader's step for what nobody claimed."""


@pytest.fixture
def led(shop: Shop) -> Shop:
    for who in (ANA, BEN, CARL, LEA):
        shop.store.write_sync(meet, who, f"{who.user_id}@northwind.example", "Europe/Oslo", shop.now)
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    return shop


ASKED = "A customer has been waiting since Fri 11:00 for a word from us. Nobody has it yet. Can you free someone?"


def test_whoever_a_leader_named_hears_of_it_in_their_place(led: Shop) -> None:
    put_on_duty(led, Role.BACKUP, CARL)
    leaves(led, LEA, BEN)
    passes_until(led, NOBODY_HAS_IT)
    assert told(led, BEN) == [ASKED]
    assert told(led, LEA) == told(led, CARL) == []


def test_else_the_backup_of_the_team_does(led: Shop) -> None:
    put_on_duty(led, Role.BACKUP, CARL)
    leaves(led, LEA)
    passes_until(led, NOBODY_HAS_IT)
    assert told(led, CARL) == [ASKED]
    assert told(led, LEA) == []


def test_another_leader_who_is_there_hears_of_it_once_and_nobody_else(led: Shop) -> None:
    put_on_duty(led, Role.LEADER, LEA, BEN)
    put_on_duty(led, Role.BACKUP, CARL)
    leaves(led, LEA)
    passes_until(led, NOBODY_HAS_IT)
    assert told(led, BEN) == [ASKED]
    assert told(led, LEA) == told(led, CARL) == []


def test_where_nobody_stands_in_it_waits_for_the_leader_in_their_own_messages(led: Shop) -> None:
    leaves(led, LEA)
    passes_until(led, NOBODY_HAS_IT)
    assert told(led, LEA) == [ASKED]


def test_the_daily_list_of_a_leader_who_is_away_goes_the_same_way(led: Shop) -> None:
    put_on_duty(led, Role.BACKUP, CARL)
    leaves(led, LEA)
    passes_until(led, MONDAY + timedelta(hours=1))
    assert [text.partition(",")[0] for text in told(led, CARL)] == [ASKED, "This customer has been waiting since Fri 11:00 and"]
    assert told(led, LEA) == []


def test_the_owner_of_a_case_is_not_asked_to_free_somebody_for_it(led: Shop) -> None:
    led.tap("claim", BEN)
    leaves(led, LEA, BEN)
    passes_until(led, MONDAY + timedelta(days=4))
    assert not [text for text in told(led, BEN) if "free someone" in text]


def test_whoever_stands_in_for_a_leader_may_reassign_until_the_leader_is_back(led: Shop) -> None:
    led.tap("claim", ANA)
    assert "nothing was changed" in led.tap("hand_over", BEN, to=CARL).text
    leaves(led, LEA, BEN)
    led.tap("hand_over", BEN, to=CARL)
    assert led.row().owner_user_id == "carl"
    types(led, "more", LEA)
    led.tap("hand_over", BEN, to=ANA)
    assert led.row().owner_user_id == "carl"


def test_whoever_stands_in_for_a_leader_decides_about_what_is_raised_until_the_leader_is_back(led: Shop) -> None:
    led.tap("raise", CARL, words="One till is open from noon to two.")
    assert "Only those who lead" in led.tap("settle", BEN, "raised:1", became="doing").text
    leaves(led, LEA, BEN)
    assert led.tap("settle", BEN, "raised:1", became="doing").text.startswith("It is yours.")
    types(led, "more", LEA)
    assert "Only those who lead" in led.tap("settle", BEN, "raised:1", became="done").text


# Whoever changes their mind


def test_a_long_pause_that_is_ended_early_holds_nothing_back_any_more(known: Shop) -> None:
    types(known, "pause until 2026-12-18")
    passes_until(known, MONDAY + timedelta(hours=9))
    assert bundles(known, ANA) == []
    types(known, "more")
    ticks(known)
    assert len(bundles(known, ANA)) == 1


def test_a_shorter_pause_takes_the_place_of_a_longer_one(known: Shop) -> None:
    types(known, "pause until 2026-12-18")
    passes_until(known, MONDAY + timedelta(hours=9))
    types(known, "pause until tomorrow")
    passes_until(known, MONDAY + timedelta(days=1, minutes=30))
    assert len(bundles(known, ANA)) == 1


def test_whoever_goes_away_during_a_pause_passes_on_what_it_held_back(known: Shop) -> None:
    types(known, "pause until 2026-12-18")
    passes_until(known, MONDAY + timedelta(hours=9))
    leaves(known, ANA, BEN)
    ticks(known)
    ticks(known)
    assert len(told(known, BEN)) == 1


def test_typing_more_brings_no_snoozed_reminder_forward(known: Shop) -> None:
    known.tap("snooze", ANA, until="shift")
    types(known, "more")
    ticks(known)
    assert told(known, ANA) == []
    passes_until(known, FRIDAY + timedelta(hours=6, minutes=45))
    assert len(told(known, ANA)) == 1


def test_own_quiet_hours_are_read_on_ones_own_clock(known: Shop) -> None:
    """Ana works from Kolkata for a team in Oslo: half past three in the afternoon there is eleven in Oslo."""
    known.store.write_sync(meet, ANA, "ana@northwind.example", "Asia/Kolkata", known.now)
    types(known, "quiet 20:00-15:30")
    passes_until(known, MONDAY + timedelta(days=1, hours=2, minutes=45))
    assert bundles(known, ANA) == []
    passes_until(known, MONDAY + timedelta(days=1, hours=3))
    assert len(bundles(known, ANA)) == 1


def test_a_stand_in_reads_of_their_own_and_of_others_customers_in_one_message(known: Shop) -> None:
    known.hears(said("r-2"))
    known.tap("claim", BEN, 2)
    leaves(known, ANA, BEN)
    known.now = THREE_QUARTERS
    for _ in range(3):
        ticks(known)
    [bundle] = bundles(known, BEN)
    assert {item.footer.partition(" ")[0] for item in bundle.items} == {"#1", "#2"}


def test_who_leaves_reads_who_really_hears_of_their_customers(known: Shop) -> None:
    assert "Nobody stands in for you, so any reminders still come to you" in types(known, "away until Friday")
    put_on_duty(known, Role.LEADER, LEA)
    assert "; Lea hears of your customers until then." in types(known, "away until Friday")
    put_on_duty(known, Role.BACKUP, BEN, CARL)
    assert "; Ben and Carl hear of your customers until then." in types(known, "away until Friday")
    assert "; Carl hears of your customers" in types(known, "away until Friday forward carl@northwind.example")
