"""Figures that can be trusted: what is said of few cases, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import rules
from handlers.company import Company
from handlers.digests import figures
from handlers.digests.figures import Figures, Kept, Score, Spread
from handlers.feedback import Customer, Feedback
from handlers.rules import Route, When
from tests.conftest import Shop, said


@pytest.mark.parametrize(
    ("part", "whole", "says"),
    [(9, 9, None), (8, 10, 80), (2, 11, 18), (0, 0, None), (52, 52, 100), (199, 200, 99), (1, 300, 1), (0, 300, 0)],
)
def test_a_share_is_told_in_percent_from_ten_cases_on_and_without_decimals(part: int, whole: int, says: int | None) -> None:
    assert figures.percent(part, whole) == says


def test_the_slowest_tenth_is_named_from_ten_cases_on() -> None:
    assert figures.spread([3600] * 9) == Spread(9, 3600, None)
    assert figures.spread([*[3600] * 8, 7200, 90_000]) == Spread(10, 3600, 90_000)
    assert figures.spread([*[3600] * 8, 7200, 90_000, 90_001]) == Spread(11, 3600, 90_000)
    assert figures.spread([]) == Spread()


@given(st.lists(st.floats(0, 1e9), min_size=10))
def test_fewer_than_a_tenth_took_longer_than_the_slowest_tenth_at_least(values: list[float]) -> None:
    slow = figures.spread(values).slowest_tenth
    assert slow is not None
    assert sum(value > slow for value in values) < len(values) / 10 <= sum(value >= slow for value in values)


def test_a_score_has_a_margin() -> None:
    score = Score(answers=100, promoters=50, detractors=20)
    assert score.value == 30
    assert score.margin == pytest.approx(15.1, abs=0.1)
    assert (Score().value, Score().margin) == (None, None)


@pytest.mark.parametrize(("answers", "margin"), [(1, 81), (5, 48), (40, 10)])
def test_a_score_from_answers_that_are_all_alike_has_a_margin_too(answers: int, margin: int) -> None:
    for score in (Score(answers, answers, 0), Score(answers, 0, answers)):
        assert score.margin == pytest.approx(margin, abs=0.5)


def test_that_all_answers_of_a_week_are_alike_is_no_change_beyond_chance() -> None:
    assert Score(30, 30, 0).moved_from(Score(30, 26, 0)) is None


def test_a_score_has_moved_only_beyond_the_margin_of_both_and_with_answers_enough() -> None:
    before = Score(100, 50, 20)
    assert Score(100, 55, 20).moved_from(before) is None
    assert Score(100, 75, 10).moved_from(before) == 35
    assert Score(29, 29, 0).moved_from(Score(29, 0, 29)) is None
    assert Score(30, 30, 0).moved_from(Score(30, 0, 30)) == 200


def test_what_was_counted_comes_back_from_the_snapshot_as_it_was() -> None:
    counted = Figures(answers=3, kept=Kept(2, 1, 0, 1), causes={"": 1}, oldest_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert Figures.unpack(counted.pack()) == counted


def test_a_snapshot_of_an_earlier_version_is_read_without_what_is_no_longer_counted() -> None:
    older = Figures(answers=3).pack() | {"first_contact": {"number": 1, "median": 60.0, "slowest_tenth": None}}
    assert Figures.unpack(older) == Figures(answers=3)


def test_those_who_still_wait_are_the_rest() -> None:
    assert Kept(told=11, in_time=8, later=1, unreached=1).waiting == 1


def test_an_answer_that_nobody_has_to_reply_to_still_belongs_to_a_team(
    shop_of: Callable[[Company], Shop], company: Company
) -> None:
    harbour = company.teams["oak-street"].model_copy(update={"name": "harbour"})
    routes = (
        Route(name="big", when=When(band=("detractor",), value=(rules.Comparison.parse(">=1000"),)), team="oak-street"),
        Route(name="harbour", when=When(band=("detractor",), tag=("harbour",)), team="harbour"),
        Route(name="everyone", when=When(score=(rules.Comparison.parse("<5"),)), team="oak-street"),
    )
    shop = shop_of(company.model_copy(update={"teams": company.teams | {"harbour": harbour}, "routes": routes}))

    def home(feedback: Feedback) -> str | None:
        return rules.home(feedback, "survey", shop.company.routes)

    assert home(said("r-1", 10, tags=("harbour",))) == "harbour"
    assert home(said("r-2", 10)) == "oak-street"
    assert home(said("r-3", 10, tags=("harbour",), customer=Customer(value=5000))) == "oak-street"
    shop.company = shop.company.model_copy(update={"routes": routes[:2]})
    assert home(said("r-4", 10)) is None


def test_an_older_post_keeps_who_could_not_be_reached_where_it_is_drawn_anew() -> None:
    older = {name: value for name, value in Figures(answers=3).pack().items() if name != "unreachable"}
    older |= {"kept": {"told": 3, "in_time": 1, "later": 0, "unreached": 2}, "outcomes": {"unreachable": 2, "fixed": 1}}
    assert Figures.unpack(older).unreachable == 2
    assert Figures.unpack(older | {"outcomes": {}}).unreachable == 0
