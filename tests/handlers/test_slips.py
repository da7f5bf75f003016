"""A second too late, a tap too many, a thumb that slipped: nobody loses a customer by it, or reads what is not so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from handlers import cases
from handlers.ladder import Role
from handlers.reviews import timeline
from storage import messages, nudges, people
from storage.act_log import act
from tests import log
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, said
from tests.handlers.test_away import CARL
from tests.handlers.test_ladder import passes_until, put_on_duty, told

DUE = FRIDAY.replace(hour=16, minute=30)
"""The end of a shift, half an hour before the closing."""
FASTER = "Ana was a moment faster, thank you! They are replying to this customer."


@pytest.fixture
def led(shop: Shop) -> Shop:
    """A shop that Lea leads, with one unhappy customer nobody has replied to."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said(customer={"key": "c-1", "name": "Dana Reyes", "phone": "+47 400 00 000"}))
    return shop


@pytest.fixture
def claimed(led: Shop) -> Shop:
    led.tap("claim", ANA)
    return led


def test_a_leader_who_pressed_a_second_later_reads_who_was_faster_and_takes_nothing_away(claimed: Shop) -> None:
    claimed.passes(seconds=1)
    assert claimed.tap("claim", LEA).text == FASTER
    assert (claimed.row().owner_user_id, claimed.keys()) == ("ana", ["card:1", "private:1:2"])


def test_so_does_whoever_was_asked_to_step_in(claimed: Shop) -> None:
    ben = claimed.store.write_sync(lambda tx: people.ensure(tx, BEN.chat, BEN.workspace, BEN.user_id, BEN.name)).id
    row = {"workspace": "main", "follow_up_id": 1, "promise": 0, "step": "claimed-1", "role": Role.BACKUP, "person_id": ben}
    sent = {"audience": f"person:{ben}", "due_at": claimed.now, "send_at": claimed.now, "sent_at": claimed.now, "off_hours": False}
    claimed.store.write_sync(nudges.add, [row | sent | {"state": "sent"}])
    claimed.passes(seconds=3)
    assert claimed.tap("claim", BEN).text == FASTER
    claimed.passes(seconds=10)
    assert "It is yours" in claimed.tap("claim", BEN).text


def test_a_leader_who_means_it_takes_it_over_at_once_in_the_form_and_later_with_the_button(claimed: Shop) -> None:
    claimed.passes(seconds=1)
    assert "It is yours" in claimed.tap("hand_over", LEA, to=LEA).text
    claimed.tap("hand_over", LEA, to=ANA)
    claimed.passes(seconds=10)
    assert "It is yours" in claimed.tap("claim", LEA).text


def test_a_hand_that_was_asked_for_a_second_after_the_claim_may_be_lent_at_once_and_only_by_the_first(claimed: Shop) -> None:
    claimed.tap("help", ANA)
    claimed.passes(seconds=2)
    assert "It is yours" in claimed.tap("claim", BEN).text
    claimed.passes(seconds=3)
    assert claimed.tap("claim", LEA).text.startswith("Ben was a moment faster, thank you!")
    assert claimed.row().owner_user_id == "ben"


def test_undoing_a_dismissal_at_once_puts_back_who_has_it_that_they_heard_from_us_and_what_was_awaited(claimed: Shop) -> None:
    claimed.passes(minutes=20)
    claimed.tap("contacted", ANA)
    claimed.passes(minutes=10)
    claimed.tap("wait", ANA, days="7")
    before, card = claimed.row(), claimed.card()
    claimed.passes(minutes=5)
    claimed.tap("dismiss", ANA, reason="test")
    assert claimed.card().headline == "Dismissed · A test or spam"
    claimed.passes(seconds=20)
    assert claimed.tap("reopen", ANA).text == "Open again, and yours."
    after = claimed.row()
    assert {name for name in before._fields if getattr(before, name) != getattr(after, name)} == {"version"}
    assert claimed.card() == card
    assert claimed.card("private:1:2").headline == "Waiting for Dana Reyes · you look again Fri 27 Nov 08:00"
    told = log.replay(claimed.store.read_sync(log.life, 1))
    assert told == {column: getattr(after, column) for column in told}


def test_a_snooze_and_a_hand_that_was_asked_for_are_back_too(claimed: Shop) -> None:
    claimed.tap("snooze", ANA, until="shift")
    claimed.tap("help", ANA)
    before = claimed.card()
    claimed.tap("dismiss", ANA, reason="test")
    claimed.tap("reopen", ANA)
    assert claimed.card() == before


def test_a_leader_who_undoes_their_own_slip_leaves_the_customer_with_whoever_has_it(claimed: Shop) -> None:
    claimed.tap("contacted", ANA)
    claimed.passes(minutes=3)
    claimed.tap("dismiss", LEA, reason="test")
    claimed.passes(seconds=15)
    assert claimed.tap("reopen", LEA).text == "Undone: Ana has this customer, as before."
    assert claimed.card().headline == "Claimed · Ana has been in touch · to be closed by Tue 11:00"
    assert claimed.card("private:1:2").headline == "Dana Reyes has heard from us · to be closed by Tue 11:00"


def test_undoing_a_dismissal_moves_no_promise_to_a_customer_whom_nobody_has(led: Shop) -> None:
    promised = led.row().claim_by
    led.passes(hours=3, minutes=30)
    led.tap("dismiss", ANA, reason="test")
    led.passes(minutes=5)
    assert led.tap("reopen", BEN).text == "Open again. It waits for somebody to take it."
    assert (led.row().state, led.row().claim_by, led.row().promises) == ("new", promised, 0)


def test_whoever_disagrees_with_a_colleagues_dismissal_opens_it_for_anybody(claimed: Shop) -> None:
    claimed.tap("dismiss", ANA, reason="test")
    assert claimed.tap("reopen", BEN).text == "Open again. It waits for somebody to take it."
    assert (claimed.row().state, claimed.row().owner_id) == ("new", None)


def test_undoing_a_dismissal_keeps_what_a_colleague_said_who_handed_the_customer_over(claimed: Shop) -> None:
    claimed.tap("hand_over", ANA, to=BEN, words="She is deaf: write to her, do not call.")
    wanted = claimed.keys()
    [key] = [key for key in wanted if key.startswith("private:") and "Ana handed this to you." in claimed.card(key).headline]
    before = claimed.card(key)
    claimed.tap("dismiss", BEN, reason="test")
    claimed.passes(seconds=20)
    claimed.tap("reopen", BEN)
    assert claimed.card(key) == before
    assert "Ana says: “She is deaf: write to her, do not call.”" in before.context


def test_and_that_the_customer_had_opened_it_again(claimed: Shop) -> None:
    claimed.closes()
    claimed.passes(hours=2)
    claimed.hears(said(score=0, comment="And now the refund is gone, too."))
    claimed.tap("claim", ANA)
    before = claimed.card()
    assert "they changed their answer" in str(before.context)
    claimed.tap("dismiss", ANA, reason="test")
    claimed.tap("reopen", ANA)
    assert claimed.card() == before


def test_and_is_no_second_life_in_the_review(claimed: Shop) -> None:
    claimed.tap("contacted", ANA)
    before = timeline_of(claimed)
    claimed.tap("dismiss", ANA, reason="test")
    claimed.tap("reopen", ANA)
    assert timeline_of(claimed) == before


def timeline_of(shop: Shop) -> str:
    team = shop.company.teams["oak-street"]
    case, life = shop.store.read_sync(cases.read, 1), shop.store.read_sync(log.life, 1)
    assert case is not None
    return timeline.told(case, life, team, shop.now)


def test_the_channel_reads_that_it_is_open_again_once(claimed: Shop) -> None:
    claimed.tap("dismiss", ANA, reason="test")
    claimed.tap("reopen", ANA)
    assert claimed.tap("reopen", ANA).text == TWICE
    wanted = claimed.keys()
    said_aloud = [claimed.card(key).plain for key in wanted if key.startswith("line:")]
    assert said_aloud == ["Ana says this needs no reply: a test or spam.", "Ana opened this again."]


REMINDER = "You asked to be reminded of this one:"


@pytest.mark.parametrize("comment", ["The soup was cold.", "Ana was rude to me."])
@pytest.mark.parametrize("dismissed_at", [DUE - timedelta(hours=3), DUE - timedelta(minutes=3), DUE])
def test_the_reminder_somebody_asked_for_comes_also_where_a_dismissal_was_undone(
    led: Shop, comment: str, dismissed_at: datetime
) -> None:
    led.hears(said("r-2", comment=comment))
    led.tap("claim", ANA, 2)
    led.tap("snooze", ANA, 2, until="shift")
    led.now = dismissed_at
    led.tap("dismiss", ANA, 2, reason="test")
    passes_until(led, dismissed_at + timedelta(minutes=6))
    assert told(led, ANA) == []
    led.tap("reopen", ANA, 2)
    passes_until(led, max(led.now, DUE) + timedelta(minutes=5))
    assert [text[: len(REMINDER)] for text in told(led, ANA)] == [REMINDER]


def test_nobody_is_reminded_of_what_stays_dismissed(claimed: Shop) -> None:
    claimed.tap("snooze", ANA, until="shift")
    claimed.now = DUE - timedelta(minutes=3)
    claimed.tap("dismiss", ANA, reason="test")
    passes_until(claimed, DUE + timedelta(hours=1))
    assert told(claimed, ANA) == []
    states = claimed.store.read_sync(lambda tx: tx.execute(select(nudges.nudge.c.state)).scalars().all())
    assert set(states) == {"dropped"}


def test_what_was_dismissed_for_longer_needs_us_anew(claimed: Shop) -> None:
    claimed.tap("contacted", ANA)
    claimed.tap("dismiss", ANA, reason="test")
    claimed.passes(minutes=16)
    claimed.tap("reopen", ANA)
    assert (claimed.row().contacted_at, claimed.row().promised_at) == (None, claimed.now)


def test_a_dismissal_that_an_earlier_version_logged_is_undone_as_it_was_then(claimed: Shop) -> None:
    claimed.tap("dismiss", ANA, reason="test")
    claimed.store.write_sync(lambda tx: tx.execute(update(act).where(act.c.verb == "dismiss").values(detail={"reason": "test"})))
    assert claimed.tap("reopen", ANA).text == "Open again, and yours."
    assert claimed.row().promises == 1


def test_of_a_dismissal_that_was_to_be_confirmed_and_undone_a_second_one_is_asked_about_anew(led: Shop) -> None:
    led.hears(said("r-2", comment="Ana was rude to me."))
    led.tap("claim", ANA, 2)
    for _ in range(2):
        led.tap("dismiss", ANA, 2, reason="test")
        led.tap("reopen", ANA, 2)
    assert len(led.store.read_sync(messages.closings, 2)) == 2


TWICE = "That is done already, thank you. Your tap came twice and was saved once."
FIXED = {"outcome": "fixed", "done": "Called.", "cause": "other"}


@pytest.mark.parametrize(
    ("verb", "answers"), [("release", {}), ("close", FIXED), ("dismiss", {"reason": "test"}), ("hand_over", {"to": BEN})]
)
def test_a_double_tap_does_not_end_in_a_refusal(claimed: Shop, verb: str, answers: dict[str, Any]) -> None:
    first = claimed.tap(verb, ANA, **answers).text
    acts = claimed.acts()
    claimed.passes(seconds=1)
    assert claimed.tap(verb, ANA, **answers).text == TWICE != first
    assert claimed.acts() == acts


def test_nor_does_one_that_takes_something_back(claimed: Shop) -> None:
    claimed.tap("help", ANA)
    assert [claimed.tap("no_help", ANA).text == TWICE for _ in range(2)] == [False, True]
    claimed.closes(ANA)
    assert [claimed.tap("reopen", ANA).text == TWICE for _ in range(2)] == [False, True]


def test_what_somebody_else_did_or_what_was_done_a_while_ago_is_refused_as_ever(claimed: Shop) -> None:
    claimed.tap("release", ANA)
    assert claimed.tap("release", LEA).text.startswith("Nobody has this one yet")
    claimed.passes(seconds=10)
    assert claimed.tap("release", ANA).text.startswith("Nobody has this one yet")
    claimed.tap("claim", BEN)
    claimed.tap("release", BEN)
    claimed.tap("note", LEA, note="I call her.")
    assert claimed.tap("release", BEN).text.startswith("Nobody has this one yet")


def test_a_second_hand_over_to_somebody_else_is_refused_and_says_who_has_the_customer(claimed: Shop) -> None:
    claimed.tap("hand_over", ANA, to=BEN)
    claimed.passes(seconds=8)
    refused = "Ben is replying to this customer, so nothing was changed."
    assert claimed.tap("hand_over", ANA, to=CARL).text.startswith(refused)
    assert claimed.tap("hand_over", ANA, to=BEN, words="She is deaf.").text.startswith(refused)
    assert claimed.tap("hand_over", ANA).text.startswith(refused)


@pytest.mark.parametrize(
    ("verb", "first", "then"),
    [
        ("close", FIXED, FIXED | {"done": "Called: a refund by Friday."}),
        ("close", FIXED, FIXED | {"cause": "price"}),
        ("close", FIXED, {}),
        ("dismiss", {"reason": "test"}, {"reason": "duplicate"}),
    ],
)
def test_nor_does_a_form_that_says_something_else_read_as_saved(
    claimed: Shop, verb: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    claimed.tap(verb, ANA, **first)
    claimed.passes(seconds=8)
    assert claimed.tap(verb, ANA, **then).text.startswith("This was ")
