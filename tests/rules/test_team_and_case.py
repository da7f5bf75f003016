"""What a team and a case say of themselves, asked without a database."""

from __future__ import annotations

import pytest

from handlers.case import State
from handlers.feedback import Band, Customer, Metric, Place
from tests.conftest import FRIDAY, oak_street
from tests.handlers.test_cards import case


@pytest.mark.parametrize(
    ("email", "leads"),
    [
        ("lea@northwind.example", True),
        ("Lea@Northwind.example", True),
        ("ben@northwind.example", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_address_that_is_named_as_the_leaders_leads_in_any_case(email: str | None, leads: bool) -> None:
    team = oak_street().model_copy(update={"leader": ("Lea@northwind.EXAMPLE", "slack:U1")})
    assert team.names_as_leader(email) is leads


def test_what_happens_to_its_customers_is_logged_where_the_teams_first_channel_is() -> None:
    team = oak_street().model_copy(update={"channels": (Place("slack", "T0OURS", "C1"), Place("slack", "T0THEIRS", "C2"))})
    assert team.workspace == "T0OURS"


@pytest.mark.parametrize("state", State)
def test_whether_a_text_is_about_a_problem_is_asked_only_while_nobody_has_it_and_nobody_said(state: State) -> None:
    text = case(state, band=Band.UNSCORED, score=None)
    assert text.in_question is (state is State.NEW)
    assert not case(state, band=Band.UNSCORED, score=None, weighed_at=FRIDAY).in_question
    assert not case(state).in_question


@pytest.mark.parametrize(
    ("customer", "public"),
    [
        (Customer(), True),
        (Customer(name="Dana"), True),
        (Customer(email="d@x.example"), False),
        (Customer(phone="+4740012345"), False),
    ],
)
def test_the_author_of_a_review_is_answered_in_public_only_where_they_left_no_way_to_reach_them(
    customer: Customer, public: bool
) -> None:
    assert case(metric=Metric.STARS, score=1, scale=(1, 5), customer=customer).only_in_public is public
    assert not case(customer=customer).only_in_public
