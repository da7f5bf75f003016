"""The sentence about a week: whatever became of its customers, the numbers add up, and nobody is flattered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.calendar.duration import Duration
from handlers.calendar.promise import Promise
from handlers.company import Company
from handlers.digests.figures import Figures, Kept, Promised
from handlers.digests.week_sentence import sentence
from handlers.feedback import Customer
from handlers.wording.words import lasts
from tests.conftest import ANA, Shop
from tests.digests.week47 import MONDAY, NEXT, Week47

PROMISE = Promised("4h", "2d")


def said(told: int, promise: Promised | None = None, *, running: int = 0, unreachable: int = 0, **kept: int) -> str:
    """`unreached` are all who were closed without a contact, `unreachable` those of them whom somebody tried to reach."""
    week = Figures(kept=Kept(told, **kept), running=running, unreachable=unreachable)
    return sentence(week, promise).partition("let them down. ")[2]


@pytest.mark.parametrize(
    ("week", "says"),
    [
        (
            {"told": 5, "in_time": 2, "later": 2, "running": 1},
            (
                "You got back to 2 within our promise (taken within 4 h, answered within 2 days, in opening hours), 2 later; "
                "1 can still hear from us in time."
            ),
        ),
        (
            {"told": 5, "in_time": 2, "running": 1},
            (
                "You got back to 2 of them within our promise (taken within 4 h, answered within 2 days, in opening hours); "
                "1 can still hear from us in time; 2 still wait past our promise."
            ),
        ),
        (
            {"told": 3, "in_time": 3},
            "You got back to all 3 within our promise (taken within 4 h, answered within 2 days, in opening hours).",
        ),
        (
            {"told": 5, "in_time": 4, "later": 1},
            "You got back to all 5: 4 within our promise (taken within 4 h, answered within 2 days, in opening hours), 1 later.",
        ),
        (
            {"told": 2, "later": 1, "unreached": 1, "unreachable": 1},
            (
                "You got back to 1 of them, later than we promised (taken within 4 h, answered within 2 days, in opening hours); "
                "1 could not be reached."
            ),
        ),
        (
            {"told": 1, "later": 1},
            "You got back to them, later than we promised (taken within 4 h, answered within 2 days, in opening hours).",
        ),
        (
            {"told": 3, "running": 1, "unreached": 1, "unreachable": 1},
            (
                "No word from us yet: 1 can still hear from us in time; 1 still waits past our promise (taken within 4 h, answered within 2 days, "
                "in opening hours); 1 could not be reached."
            ),
        ),
        (
            {"told": 2, "running": 2},
            "No word from us yet; our promise (taken within 4 h, answered within 2 days, in opening hours) can still be kept.",
        ),
        (
            {"told": 2},
            "No word from us yet, and our promise (taken within 4 h, answered within 2 days, in opening hours) has passed.",
        ),
        ({"told": 1, "unreached": 1, "unreachable": 1}, "They could not be reached."),
        ({"told": 2, "unreached": 2, "unreachable": 2}, "None of them could be reached."),
        ({"told": 1, "unreached": 1}, "1 was closed with no contact noted."),
        ({"told": 3, "unreached": 3, "unreachable": 1}, "1 could not be reached; 2 were closed with no contact noted."),
        (
            {"told": 2, "unreached": 1},
            (
                "1 still waits past our promise (taken within 4 h, answered within 2 days, in opening hours); "
                "1 was closed with no contact noted."
            ),
        ),
    ],
)
def test_it_tells_what_was_kept_what_has_time_and_what_waits_past_the_promise(week: dict[str, int], says: str) -> None:
    assert said(**week, promise=PROMISE) == says


@given(st.lists(st.integers(0, 30), min_size=6, max_size=6).filter(any))
def test_its_numbers_add_up_to_all_who_told_us(parts: list[int]) -> None:
    in_time, later, unreachable, closed, running, _past = parts
    told = sum(parts)
    text = said(told, in_time=in_time, later=later, unreached=unreachable + closed, unreachable=unreachable, running=running)
    numbers = [int(number) for number in re.findall(r"\d+", re.sub(r"all \d+:", "", text))]
    assert sum(numbers) in (told, 0)  # 0: the same became of all, and it is told in words
    assert sum(numbers) == told or max(parts) == told


def test_without_a_promise_that_held_for_all_none_is_named() -> None:
    assert said(2, in_time=2) == "You got back to both within our promise."


def test_a_promise_that_counts_round_the_clock_names_no_opening_hours() -> None:
    assert said(1, in_time=1, promise=Promised("30m", "1d", opening=False)) == (
        "You got back to them within our promise (taken within 30 min, answered within 1 day)."
    )


@pytest.mark.parametrize(
    ("promise", "says"),
    [("90s", "90 s"), ("30m", "30 min"), ("630m", "630 min"), ("36h", "36 h"), ("1d", "1 day"), ("2d", "2 days")],
)
def test_a_promise_is_named_in_full_and_never_rounded(promise: str, says: str) -> None:
    assert lasts(Duration.parse(promise)) == says


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


NAMED = "(taken within 4 h, answered within 2 days, in opening hours)"


def test_a_route_of_its_own_promise_leaves_the_promise_unnamed_only_in_weeks_with_its_customers(shop: Week47) -> None:
    own = Promise(claim=Duration.parse("1h"), close=Duration.parse("1d"))
    [*others, last] = shop.company.routes
    shop.company = shop.company.model_copy(
        update={
            "routes": (
                last.model_copy(update={"name": "vip", "promise": own, "when": last.when.model_copy(update={"tag": ("vip",)})}),
                *others,
                last,
            )
        }
    )
    shop.done(1)
    assert NAMED in shop.told().context[0]
    shop.done(2)
    shop.done(3, tags=("vip",))
    shop.ticks(NEXT + timedelta(days=7))
    assert shop.card("digest:oak-street:2026-W48").context[0].endswith("You got back to both within our promise.")


def test_whom_we_let_down_again_was_promised_less_so_no_promise_is_named_for_all(shop: Week47) -> None:
    dana = Customer(key="c-1")
    shop.done(1, customer=dana)
    shop.passes(hours=1)
    shop.done(2, customer=dana)
    assert shop.told().context[0].endswith("You got back to both within our promise.")


def test_a_promise_that_was_changed_since_is_not_told_as_what_was_promised(shop: Week47) -> None:
    shop.done(1)
    longer = Promise(claim=Duration.parse("8h"), close=Duration.parse("3d"))
    team = shop.company.teams["oak-street"].model_copy(update={"promise": longer})
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": team}})
    assert shop.told().context[0].endswith("You got back to them within our promise.")


def test_what_was_named_stays_named_whatever_is_promised_later(shop: Week47) -> None:
    shop.says(2, "Slow.")
    shop.tap("claim", ANA, 1)
    shop.ticks(NEXT)
    before = shop.told().context[0]
    assert NAMED in before
    longer = Promise(claim=Duration.parse("8h"), close=Duration.parse("3d"))
    team = shop.company.teams["oak-street"].model_copy(update={"promise": longer})
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": team}})
    assert shop.told().context[0] == before
