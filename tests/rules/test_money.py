"""What customers are worth: each once, and what is unknown as large as it is."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.digests import money
from handlers.digests.money import Money, Sum, Worth

VALUES = st.none() | st.floats(0, 1e6)
CUSTOMERS = st.lists(st.builds(Worth, st.integers(1, 8), VALUES, st.sampled_from(["NOK", "EUR", ""])), max_size=20)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", (None, "")),
        ("48000", (48000, "")),
        ("48000 NOK", (48000, "NOK")),
        ("nok 48 000", (48000, "NOK")),
        ("48,000 NOK", (48000, "NOK")),
        ("48.000,50 EUR", (48000.5, "EUR")),
        ("48,000.50 usd", (48000.5, "USD")),
        ("1.234.567", (1234567, "")),
        ("12,5", (12.5, "")),
        ("12.50", (12.5, "")),
        ("€ 1’200", (1200, "EUR")),
        ("£9", (9, "GBP")),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, read: tuple[float | None, str]) -> None:
    assert money.read(text) == read


@pytest.mark.parametrize("text", ["a lot", "$5", "NOK", "-5", "5 kroner", "5 NOK EUR", "1e400", "9" * 20, "5,,5", "."])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        money.read(text)


@given(CUSTOMERS)
def test_each_customer_counts_once_and_none_is_left_out(customers: list[Worth]) -> None:
    one = money.total(customers)
    assert one.customers == len({each.who for each in customers})
    assert one.known == len({each.who for each in customers if each.value is not None})
    most = sum(max(each.value or 0 for each in customers if each.who == who) for who in {each.who for each in customers})
    assert sum(one.sums.values()) <= most + 1e-6


def test_a_value_that_is_known_in_one_case_is_known_whatever_the_order() -> None:
    for customers in permutations([Worth(1), Worth(1, 500, "NOK"), Worth(2)]):
        assert money.total(customers) == Sum({"NOK": 500}, 1, 1)


def test_what_is_unknown_is_said_as_large_as_it_is() -> None:
    assert money.said(Sum({"NOK": 48000}, 1)) == "48,000 NOK from 1 customer"
    assert money.said(Sum({"NOK": 48000, "EUR": 1200.4}, 3, 9)) == (
        "1,200 EUR, 48,000 NOK from 3 customers, plus 9 whose value is unknown"
    )
    assert money.said(Sum({}, 0, 4)) == "the value of none of 4 is known"


def test_each_sum_is_called_an_estimate_and_says_what_it_is_made_of() -> None:
    told = money.lines(Money(Sum({"NOK": 1}, 1), Sum({}, 0, 2), Sum({"NOK": 2}, 1)))
    assert len(told) == 3
    for line in told:
        assert ", an estimate: " in line
        assert re.search(r"\. (These|After their case, these customers) ", line)
    assert money.lines(Money(lost=Sum({}, 0, 3))) == (), "where no value is known, nothing is said of money"
