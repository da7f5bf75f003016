"""What is said of a case that is still open after the customer has heard from us: never that they wait for a word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.company import People
from handlers.followup import lines as sentences
from handlers.ladder import Role
from tests.conftest import ANA, FRIDAY, LEA, OSLO, Shop, said
from tests.handlers.test_away import types
from tests.handlers.test_ladder import MONDAY, bundles, lines, passes_until, put_on_duty, told


@pytest.fixture
def heard(shop: Shop) -> Shop:
    """Lea leads. Ana has been in touch with the customer at once, and needs some days."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("contacted", ANA)
    return shop


def test_when_the_promise_has_passed_the_thread_says_that_the_case_is_open_and_not_that_they_wait(heard: Shop) -> None:
    passes_until(heard, MONDAY + timedelta(days=1, hours=4))
    assert lines(heard) == [
        "This customer has heard from us, and the case is still open (as of Tue 11:15). Can somebody lend a hand?"
    ]


def test_one_that_was_given_back_looks_for_somebody_in_new_words_each_time(heard: Shop) -> None:
    heard.tap("release", ANA)
    passes_until(heard, FRIDAY + timedelta(hours=5))
    assert lines(heard) == [
        "Ana gave this back; the customer has heard from us. Who can see it through?",
        "We have been in touch with this customer, and nobody has the case now (as of Fri 13:15). Who can see it through?",
        "Still nobody has this case (as of Fri 15:15); the customer has heard from us. Who can see it through?",
    ]


def test_who_leads_reads_of_one_that_nobody_has_every_day_until_somebody_does(heard: Shop) -> None:
    heard.tap("release", ANA)
    passes_until(heard, MONDAY + timedelta(days=2, hours=4))
    assert told(heard, LEA) == [
        f"Still open {day}: this customer has heard from us, and nobody has the case now. Can you free someone?"
        for day in ("Fri 20 Nov", "Mon 23 Nov", "Tue 24 Nov", "Wed 25 Nov")
    ]
    [item] = bundles(heard, LEA)[-1].items
    assert [button.label for button in item.buttons] == ["I'll take it", "Choose who replies…"]
    heard.tap("hand_over", LEA, to=ANA)
    [item] = bundles(heard, LEA)[-1].items
    assert (item.headline, item.buttons) == ("#1: this customer has heard from us.", ())
    before = len(told(heard, LEA))
    passes_until(heard, MONDAY + timedelta(days=9))
    assert len(told(heard, LEA)) == before, "now Ana has it again, and is asked herself"


def test_who_leads_is_not_asked_for_anybody_where_somebody_has_it(heard: Shop) -> None:
    passes_until(heard, MONDAY + timedelta(days=9))
    assert told(heard, LEA) == []


def test_whoever_stands_in_for_the_owner_does_not_read_that_they_wait(heard: Shop) -> None:
    types(heard, "away until 2026-11-27")
    passes_until(heard, MONDAY + timedelta(days=2, hours=4))
    assert told(heard, LEA) == [
        "Ana is away, and this case is still open Tue 24 Nov: the customer has heard from us. Can you see it through?",
        "Ana is away, and this case is still open Wed 25 Nov: the customer has heard from us. Can you see it through?",
    ]


def test_a_line_from_before_the_bot_noted_whether_they_had_heard_keeps_its_words() -> None:
    detail = {"says": "claimed-100-thread", "phase": "claimed", "after": 1, "waited": 4 * 60 * 60}
    card = sentences.line("nudged", None, detail, None, People.NAMES, FRIDAY, OSLO)
    assert card.plain.startswith("This customer has been waiting since Fri 07:00 (4 h by Fri 11:00), longer than we promised.")
