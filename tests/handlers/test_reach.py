"""What can be tapped to reach a customer, and what only looks like it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.case import State
from handlers.company import People
from handlers.feedback import Known, Metric
from handlers.followup.followup_card import private_card
from handlers.wording.reach import link
from tests.conftest import FRIDAY
from tests.handlers.test_cards import ANA, DANA, TEAM, case


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("+47 400 12 345", "tel:+4740012345"),
        ("400-12-345", "tel:40012345"),
        ("(0047) 40012345", "tel:004740012345"),
        ("+44 (0)20 7946 0000", "tel:+442079460000"),
        ("dana.rq+till@mail.example", "mailto:dana.rq+till@mail.example"),
    ],
)
def test_a_telephone_number_and_an_email_can_be_tapped(text: str, leads_to: str) -> None:
    assert link(text) == leads_to


@pytest.mark.parametrize(
    "text",
    [
        "", "12", "+", "Dana Reyes", "dana@till", "dana@mail.example?subject=Hi", "dana@mail.example,eve@evil.example", "a@b@c.example",
        "mailto:dana@mail.example", "tel:+4740012345", "https://evil.example", "<dana@mail.example>", "dana @mail.example",
        "dana@mail.example%0aBcc:eve", "+47 400 12 345;ext=1", "*31#40012345", "40012345,,9", "４００１２３４５", "+47\n40012345",
        "dana@mail.example\n", "dаna@mail.example", "\u202edana@mail.example", "1" * 18, "javascript:alert(1)", "[x](tel:112)",
    ],
)  # fmt: skip
def test_anything_else_stays_the_text_that_it_is(text: str) -> None:
    assert text.endswith("\n") or link(text) is None
    assert not text.endswith("\n") or link(text) == f"mailto:{text.strip()}"


@given(st.text() | st.text("0123456789+-() @.ab"))
def test_no_text_becomes_a_link_with_anything_odd_in_it(text: str) -> None:
    assert re.fullmatch(r"tel:\+?[0-9]{3,17}|mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", link(text) or "tel:112")


def reach(**more: object) -> tuple[str, ...]:
    return private_card(case(State.CLAIMED, **more), TEAM, People.NAMES, ANA, FRIDAY).reach


def test_each_way_to_reach_a_customer_stands_on_a_line_of_its_own() -> None:
    assert reach() == ("Dana Reyes-Quintero · Acme", "+47 400 12 345", "dana.rq@mail.example")


def test_what_only_an_answer_says_can_be_read_and_not_tapped() -> None:
    known = Known.model_construct(**DANA.model_dump(), given_phone="+47 911 11 111")
    *_, given = reach(customer=known)
    assert (given, link(given)) == ("As given in this answer: +47 911 11 111", None)


def test_a_customer_who_left_no_way_is_said_to_have_left_none() -> None:
    nameless = replace(
        case(), customer=DANA.model_copy(update={"email": None, "phone": None, "name": None, "company": None})
    ).customer
    assert reach(customer=nameless) == ("The customer left no way to reach them.",)
    assert reach(customer=nameless, metric=Metric.STARS) == ("They left no way to reach them: reply in public.",)
