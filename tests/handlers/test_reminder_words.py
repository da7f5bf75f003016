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
from handlers.nudges.reminder_words import question
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
