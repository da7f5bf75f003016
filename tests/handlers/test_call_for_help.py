"""“Need help” reaches a person: the backup reads of it in their next bundle, else the leader, within what one person is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.company import People
from handlers.ladder import Role
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_away import CARL, known, leaves, reminders, types
from tests.handlers.test_ladder import MONDAY, bundles, passes_until, put_on_duty, ticks, told

__all__ = ["known"]
ASKED = "Ana could use a hand with this customer. Can you help, or take it over?"


@pytest.fixture
def claimed(shop: Shop) -> Shop:
    shop.hears(said())
    shop.tap("claim", ANA)
    return shop


def test_the_leader_reads_who_asks_for_a_hand_and_can_take_it_over_or_pass_it_on(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", ANA)
    ticks(claimed)
    [bundle] = bundles(claimed, LEA)
    assert bundle.headline == "One customer waits for a word from us"
    [item] = bundle.items
    assert item.headline == ASKED
    assert item.footer == "#1 · Oak Street"
    assert [(button.verb, button.label) for button in item.buttons] == [("claim", "I'll take it"), ("hand_over", "Reassign…")]
    assert "It is yours" in claimed.tap("claim", LEA).text
    [item] = bundles(claimed, LEA)[0].items
    assert (item.headline, item.buttons) == ("#1 is yours. Thank you.", ())


def test_where_the_team_has_a_backup_it_is_they_who_are_asked_and_they_may_pass_it_on(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    put_on_duty(claimed, Role.BACKUP, BEN)
    claimed.tap("contacted", ANA)
    claimed.tap("help", ANA)
    ticks(claimed)
    assert (told(claimed, BEN), told(claimed, LEA)) == ([ASKED], [])
    assert "Handed over to Carl" in claimed.tap("hand_over", BEN, to=CARL).text
    [item] = bundles(claimed, BEN)[0].items
    assert item.headline == "#1: Carl is replying now."
    assert bundles(claimed, BEN)[0].headline == "All of these are dealt with. Thank you."


def test_a_backup_who_was_told_of_it_twice_is_passed_over_for_the_leader(claimed: Shop) -> None:
    put_on_duty(claimed, Role.BACKUP, BEN)
    put_on_duty(claimed, Role.LEADER, LEA)
    for asker, taker in ((ANA, CARL), (CARL, ANA)):
        claimed.tap("help", asker)
        claimed.tap("claim", taker)
    claimed.tap("help", ANA)
    assert [row.role for row in reminders(claimed)] == ["backup", "backup", "leader"]


def test_nobody_is_asked_to_help_themselves(claimed: Shop) -> None:
    put_on_duty(claimed, Role.BACKUP, ANA)
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", LEA)
    ticks(claimed)
    assert reminders(claimed) == []


def test_a_call_that_was_answered_before_the_bundle_went_out_is_told_to_nobody(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", ANA)
    claimed.tap("claim", BEN)
    ticks(claimed)
    assert bundles(claimed, LEA) == []


def test_a_second_call_uses_other_words_and_a_third_is_left_to_the_channel(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    said_to_her = []
    for asker, taker in ((ANA, BEN), (BEN, ANA), (ANA, BEN)):
        claimed.tap("help", asker)
        claimed.passes(minutes=1)
        ticks(claimed)
        said_to_her.append(told(claimed, LEA)[-1])
        claimed.tap("claim", taker)
    asked = [row for row in reminders(claimed) if row.step.startswith("help")]
    assert [row.state for row in asked] == ["sent", "sent"], "nobody hears more than twice of one case"
    assert said_to_her[:2] == [
        ASKED,
        "Ben asks for a hand with this customer once more. Could you take it over, or do you know who could?",
    ]
    assert claimed.acts().count("help") == 3


def test_a_call_comes_in_opening_hours_and_not_to_those_who_want_no_reminders(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA, BEN)
    types(claimed, "stop", BEN)
    claimed.now = FRIDAY + timedelta(hours=9)  # 20:00
    claimed.tap("help", ANA)
    passes_until(claimed, MONDAY)
    assert told(claimed, LEA) == []
    passes_until(claimed, MONDAY + timedelta(minutes=15))
    assert (told(claimed, LEA), told(claimed, BEN)) == ([ASKED], [])


def test_of_a_call_and_a_step_of_the_ladder_in_one_bundle_the_call_is_read(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    types(claimed, "pause until 2026-11-27", LEA)
    claimed.tap("help", ANA)
    passes_until(claimed, MONDAY + timedelta(days=2, minutes=-15))
    claimed.tap("keep", ANA)
    passes_until(claimed, MONDAY + timedelta(days=4, minutes=15))
    assert told(claimed, LEA) == [ASKED]


def test_while_the_leader_is_away_whoever_stands_in_for_them_is_asked(known: Shop) -> None:
    put_on_duty(known, Role.LEADER, LEA)
    leaves(known, LEA, BEN)
    known.tap("help", ANA)
    ticks(known)
    ticks(known)
    assert (told(known, LEA), told(known, BEN)) == ([], [ASKED])
    assert known.tap("hand_over", BEN).form is not None


def test_a_house_that_names_no_colleagues_names_nobody_here_either(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", ANA)
    ticks(claimed)
    claimed.company = claimed.company.model_copy(update={"people": People.OFF})
    assert told(claimed, LEA) == ["A teammate could use a hand with this customer. Can you help, or take it over?"]


def test_the_owner_takes_the_call_back_and_nobody_is_asked_any_more(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", ANA)
    ticks(claimed)
    assert "no_help" in {button.verb for button in claimed.card("private:1:1").menu}
    assert claimed.tap("no_help", BEN).text.startswith("Ana is replying to this customer")
    assert claimed.tap("no_help", ANA).text == "Noted. The channel is no longer asked for a hand."
    card = claimed.card()
    assert "Ana could use a hand" not in card.context
    assert [button.label for button in card.buttons] == ["Done…", "Hand over…"]
    assert "help" in {button.verb for button in card.menu}
    assert bundles(claimed, LEA)[0].items[0].headline == "#1: Ana is replying now."
    assert claimed.tap("no_help", ANA).text == "That is done already, thank you. Your tap came twice and was saved once."
    claimed.passes(minutes=1)
    assert "so nothing was changed" in claimed.tap("no_help", ANA).text


def test_who_waits_for_the_customer_needs_no_hand(claimed: Shop) -> None:
    claimed.tap("help", ANA)
    claimed.tap("wait", ANA, days="1")
    assert claimed.card().context[-1] != "Ana could use a hand"
    assert claimed.card().buttons[0].label == "Done…"


def test_undoing_a_dismissal_asks_for_no_second_hand(claimed: Shop) -> None:
    put_on_duty(claimed, Role.LEADER, LEA)
    claimed.tap("help", ANA)
    ticks(claimed)
    claimed.tap("dismiss", ANA, reason="test")
    claimed.passes(seconds=20)
    claimed.tap("reopen", ANA)
    passes_until(claimed, FRIDAY + timedelta(hours=1))
    assert told(claimed, LEA) == [ASKED]
