"""What a private reminder says on a phone, which shows one line of it: which customer, until when, and whom they wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.case import Case, State
from handlers.company import People
from handlers.feedback import Band, Moment, Person
from handlers.ladder import Role
from handlers.nudges.bundle_card import bundle_card
from handlers.nudges.reminder import Reminder
from handlers.nudges.reminder_words import question, settled
from tests.conftest import FRIDAY
from tests.handlers.test_cards import ANA, BEN, SECRETS, TEAM, case

BEFORE, AFTER = FRIDAY + timedelta(days=3), FRIDAY + timedelta(days=5)
LATE = replace(case(State.CLAIMED), asked_at=AFTER)
HEARD = replace(case(State.CLAIMED), contacted_at=FRIDAY)
ASKED_FOR_A_HAND = replace(LATE, help_at=AFTER)
NAMES_HERSELF = replace(case(), comment="Ring Dana Reyes-Quintero on +47 400 12 345.")
ANSWERED = "The customer has answered. Have another look?"
WORDS = "“Waited 45 minutes and nobody came.”"


def reminder(about: Case, step: str, role: Role, *, asks: bool = False) -> Reminder:
    return Reminder(about, TEAM, role, step, asks, AFTER)


def phone(*reminders: Reminder, reader: Person = ANA, early: bool = False) -> str:
    return bundle_card(reminders, reader, People.NAMES, BEFORE if early else AFTER).plain


@pytest.mark.parametrize(
    ("each", "reader", "line"),
    [
        (
            reminder(LATE, "claimed-100-owner", Role.OWNER, asks=True),
            ANA,
            f"One customer waits for a word from you: 3/10 at Oak Street, promised by Tue 11:00. Still yours? {WORDS}",
        ),
        (
            reminder(HEARD, "asked-answered-7", Role.OWNER),
            ANA,
            f"One customer waits for a word from you: 3/10 at Oak Street, still to be closed. {ANSWERED} {WORDS}",
        ),
        (
            reminder(case(), "unclaimed-150-leader", Role.LEADER),
            BEN,
            f"One customer waits for a word from us: 3/10 at Oak Street, promised by Fri 20 Nov 15:00. Nobody has it yet. {WORDS}",
        ),
        (
            reminder(LATE, "quiet-150-leader", Role.LEADER),
            BEN,
            f"One customer waits for a word from us: 3/10 at Oak Street, promised by Tue 11:00. Ana Silva has it. {WORDS}",
        ),
        (
            reminder(ASKED_FOR_A_HAND, "help-7", Role.BACKUP),
            BEN,
            f"One customer waits for a word from us: 3/10 at Oak Street, promised by Tue 11:00. Ana Silva could use a hand. {WORDS}",
        ),
        (
            reminder(ASKED_FOR_A_HAND, "claimed-100-owner-for-owner", Role.OWNER),
            BEN,
            f"One customer waits for a word from us: 3/10 at Oak Street, promised by Tue 11:00. Ana Silva is away. {WORDS}",
        ),
        (
            reminder(case(band=Band.UNSCORED, score=None), "unclaimed-150-leader", Role.LEADER),
            BEN,
            f"One customer waits for a word from us: no score at Oak Street. Is this a problem? Nobody has it yet. {WORDS}",
        ),
    ],
)  # fmt: skip
def test_the_line_on_a_phone_tells_which_customer_by_when_and_what_is_asked(each: Reminder, reader: Person, line: str) -> None:
    assert phone(each, reader=reader) == line


def test_who_was_in_touch_in_time_does_not_read_that_the_promise_has_ended() -> None:
    waits = replace(HEARD, state=State.WAITING, quiet_until=AFTER + timedelta(days=7))
    each = [(HEARD, BEFORE), (waits, BEFORE), (HEARD, AFTER), (waits, AFTER)]
    assert [question(reminder(one, "quiet-75-owner", Role.OWNER), ANA, People.NAMES, now) for one, now in each] == [
        "You have been in touch. It is to be closed by Tue 11:00.",
        "You have been in touch, and wait for the customer until Wed 2 Dec 11:00.",
        "You have been in touch, and our promise ended Tue 11:00. Can it be closed?",
        "You have been in touch, and wait for the customer until Wed 2 Dec 11:00.",
    ]


def test_at_the_last_moment_of_the_promise_it_is_still_to_be_closed_in_time() -> None:
    each, ends = reminder(HEARD, "quiet-75-owner", Role.OWNER), HEARD.close_by
    assert question(each, ANA, People.NAMES, ends) == "You have been in touch. It is to be closed by Tue 11:00."
    assert question(each, ANA, People.NAMES, ends + timedelta(seconds=1)).startswith(
        "You have been in touch, and our promise ended"
    )


def test_a_snooze_after_a_contact_is_no_wait_for_the_customer() -> None:
    snoozed = replace(HEARD, quiet_until=AFTER)
    said = question(reminder(snoozed, "quiet-75-owner", Role.OWNER), ANA, People.NAMES, BEFORE)
    assert said == "You have been in touch. It is to be closed by Tue 11:00."


def test_a_leader_reads_of_a_snooze_only_while_it_lasts() -> None:
    snoozed = replace(case(State.CLAIMED), quiet_until=AFTER)
    each = reminder(snoozed, "quiet-150-leader", Role.LEADER)
    during, at_its_end = (question(each, BEN, People.NAMES, now) for now in (AFTER - timedelta(minutes=1), AFTER))
    assert "Ana Silva has it. It is snoozed until" in during
    assert "snoozed" not in at_its_end


def test_a_second_reminder_that_is_no_question_offers_a_hand_and_asks_nobody_to_give_it_up() -> None:
    first = reminder(case(State.CLAIMED), "quiet-75-owner", Role.OWNER)
    assert [question(each, ANA, People.NAMES, BEFORE) for each in (first, replace(first, again=True))] == [
        "We promised this customer a reply by Tue 11:00. Is anything in the way?",
        "Our reply to this customer is due Tue 11:00. Would a hand help?",
    ]


@pytest.mark.parametrize("role", [Role.BACKUP, Role.LEADER])
def test_who_was_asked_for_a_hand_reads_that_nobody_has_the_customer_any_more(role: Role) -> None:
    let_go = replace(ASKED_FOR_A_HAND, state=State.NEW, owner=None, claimed_at=None)
    for each, said in ((ASKED_FOR_A_HAND, ""), (let_go, "#42 waits for somebody in the channel again.")):
        assert settled(reminder(each, "help-7", role), BEN, People.NAMES) == said


def test_a_customer_who_has_heard_from_us_is_settled_for_a_leader_only_while_somebody_has_the_case() -> None:
    nobodys = replace(HEARD, state=State.NEW, owner=None, claimed_at=None)
    for each, said in ((HEARD, "#42: this customer has heard from us."), (nobodys, "")):
        assert settled(reminder(each, "quiet-150-leader", Role.LEADER), BEN, People.NAMES) == said


def test_of_several_the_phone_shows_how_many_and_the_first_that_still_waits() -> None:
    closed = replace(case(State.CLOSED), id=41)
    some = [reminder(each, "quiet-75-owner", Role.OWNER) for each in (closed, case(State.CLAIMED), replace(LATE, id=43))]
    line = f"2 customers wait for a word from you. First: 3/10 at Oak Street, by Tue 11:00. {WORDS}"
    assert phone(*some, early=True) == line


def test_nobody_but_the_owner_reads_a_surname_or_a_number_on_their_phone() -> None:
    line = phone(reminder(NAMES_HERSELF, "unclaimed-150-leader", Role.LEADER), reader=BEN)
    assert line.endswith("“Ring Dana R. on [phone].”")
    assert not any(secret in line for secret in SECRETS)


def test_reminders_of_a_happy_customer_ask_for_thanks_and_never_twice_in_the_same_words() -> None:
    happy = replace(case(), moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10)
    claimed = replace(happy, state=State.CLAIMED, owner=ANA, claimed_at=FRIDAY)
    first = reminder(happy, "unclaimed-150-leader", Role.LEADER)
    assert phone(first, reader=BEN).startswith("One customer is still to be thanked: 10/10 at Oak Street, due Fri 20 Nov 15:00.")
    asked = reminder(replace(claimed, asked_at=AFTER), "claimed-100-owner", Role.OWNER, asks=True)
    each = [
        *((one, BEN) for one in (first, replace(first, again=True), replace(first, step="list-2026-11-25"))),
        *((one, BEN) for one in (asked, replace(asked, again=True))),
        *((one, ANA) for one in (asked, replace(asked, again=True), reminder(claimed, "quiet-75-owner", Role.OWNER))),
        (reminder(claimed, "list-2026-11-25", Role.OWNER), ANA),
    ]
    said = [question(one, reader, People.NAMES, AFTER) for one, reader in each]
    assert all("thank" in text for text in said), said
    assert len({*said}) >= len(said) - 1, "the daily list names its day"


def test_a_happy_customer_who_was_thanked_is_not_to_be_thanked_once_more() -> None:
    thanked = replace(HEARD, moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10)
    for step, role, reader in (("quiet-75-owner", Role.OWNER, ANA), ("quiet-150-leader", Role.LEADER, BEN)):
        said = question(reminder(thanked, step, role), reader, People.NAMES, BEFORE)
        assert "thank" not in said, said


def test_who_keeps_a_happy_customer_reads_that_they_stay_theirs() -> None:
    kept = replace(case(State.CLAIMED), moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10)
    said = question(reminder(kept, "claimed-100-owner", Role.OWNER, asks=True), ANA, People.NAMES, BEFORE)
    assert said.startswith("It stays yours, thank you.")


def test_a_leader_reads_the_second_time_that_a_happy_customer_is_still_to_be_thanked() -> None:
    happy = replace(case(), moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10)
    first = reminder(happy, "unclaimed-150-leader", Role.LEADER)
    said = [question(each, BEN, People.NAMES, AFTER) for each in (first, replace(first, again=True))]
    assert [text.partition(" thanked")[0] for text in said] == ["A happy customer has not been", "A happy customer is still to be"]


def test_a_stand_in_for_the_owner_of_a_happy_customer_reads_the_second_time_that_they_are_still_away() -> None:
    claimed = replace(case(State.CLAIMED), moment=Moment.RELATIONSHIP, band=Band.PROMOTER, score=10)
    first = reminder(claimed, "claimed-100-owner-for-owner", Role.OWNER)
    said = [question(each, BEN, People.NAMES, AFTER) for each in (first, replace(first, again=True))]
    assert [text.partition(" and this happy customer")[0] for text in said] == ["Ana Silva is away,", "Ana Silva is still away,"]
