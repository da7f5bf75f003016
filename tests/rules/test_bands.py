"""Which band an answer falls in: the thresholds everybody knows, and rules that hold on every scale."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from handlers.feedback import Band, Feedback, FieldError, Metric
from handlers.rules import band

ORDER = [Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER]
SCALED = st.sampled_from([Metric.CSAT, Metric.CES, Metric.STARS])


def of(metric: Metric, score: float, scale: tuple[float, float] | None = None) -> Band:
    return band(Feedback(id="r", metric=metric, score=score, scale=scale))


@st.composite
def scales(draw: st.DrawFn) -> tuple[int, int]:
    worst, best = draw(st.integers(-100, 100)), draw(st.integers(-100, 100))
    assume(worst != best)
    return worst, best


@st.composite
def answers(draw: st.DrawFn) -> tuple[Metric, tuple[int, int], int]:
    worst, best = draw(scales())
    return draw(SCALED), (worst, best), draw(st.integers(min(worst, best), max(worst, best)))


@pytest.mark.parametrize(
    ("metric", "detractors", "passives", "promoters"),
    [
        (Metric.NPS, range(7), (7, 8), (9, 10)),
        (Metric.STARS, (1, 2), (3,), (4, 5)),
        (Metric.CSAT, (1, 2), (3,), (4, 5)),
        (Metric.CES, (1, 2, 3), (4, 5), (6, 7)),
    ],
)
def test_each_metric_has_the_thresholds_everybody_knows(metric, detractors, passives, promoters) -> None:
    for wanted, scores in zip(ORDER, (detractors, passives, promoters), strict=True):
        assert [of(metric, score) for score in scores] == [wanted] * len(scores)


def test_an_effort_question_asked_the_other_way_round_has_the_other_bands() -> None:
    assert [of(Metric.CES, score, (7, 1)) for score in (1, 2, 3, 4, 5, 6, 7)] == (
        [Band.PROMOTER] * 2 + [Band.PASSIVE] * 2 + [Band.DETRACTOR] * 3
    )


@given(answers())
def test_turning_the_scale_and_the_score_around_changes_nothing(answer: tuple[Metric, tuple[int, int], int]) -> None:
    metric, (worst, best), score = answer
    assert of(metric, score, (worst, best)) == of(metric, worst + best - score, (best, worst))


@given(answers(), st.integers(-50, 50))
def test_moving_the_whole_scale_changes_nothing(answer: tuple[Metric, tuple[int, int], int], by: int) -> None:
    metric, (worst, best), score = answer
    assert of(metric, score, (worst, best)) == of(metric, score + by, (worst + by, best + by))


@given(answers(), st.data())
def test_a_better_answer_never_falls_in_a_worse_band(answer: tuple[Metric, tuple[int, int], int], data: st.DataObject) -> None:
    metric, (worst, best), score = answer
    other = data.draw(st.integers(min(worst, best), max(worst, best)))
    better, lesser = (score, other) if abs(score - worst) >= abs(other - worst) else (other, score)
    assert ORDER.index(of(metric, better, (worst, best))) >= ORDER.index(of(metric, lesser, (worst, best)))


@given(st.floats(0, 10), st.floats(0, 10))
def test_nps_rises_with_its_score_also_between_whole_numbers(one: float, other: float) -> None:
    assert ORDER.index(of(Metric.NPS, max(one, other))) >= ORDER.index(of(Metric.NPS, min(one, other)))


@given(SCALED, scales())
def test_the_ends_of_every_scale_are_detractor_and_promoter(metric: Metric, scale: tuple[int, int]) -> None:
    assert of(metric, scale[0], scale) is Band.DETRACTOR
    assert of(metric, scale[1], scale) is Band.PROMOTER


def test_words_without_a_score_have_no_band() -> None:
    assert band(Feedback(id="r", metric=Metric.COMMENT, comment="Nice.")) is Band.UNSCORED
    assert band(Feedback(id="r", metric=Metric.NPS, comment="Nice.")) is Band.UNSCORED


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"metric": "nps", "score": 11}, "score lies outside its scale of 0 to 10"),
        ({"metric": "ces", "score": 8, "scale": (7, 1)}, "score lies outside its scale of 7 to 1"),
        ({"metric": "nps", "score": 3, "scale": (1, 5)}, "scale must be [0, 10]: NPS is asked on no other"),
        ({"metric": "csat", "score": 3, "scale": (3, 3)}, "scale has the same number at both ends"),
        ({"metric": "comment", "score": 3, "comment": "x"}, "score must be left out: the metric `comment` has none"),
        ({"metric": "comment"}, "comment is missing"),
        ({"metric": "nps"}, "score is missing, and so is the comment"),
        ({"metric": "nps", "comment": "   "}, "score is missing, and so is the comment"),
    ],
)
def test_a_score_that_its_scale_does_not_have_is_refused_in_a_sentence_that_begins_with_the_field(
    said: dict, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Feedback(id="r", **said)
    error = refused.value.errors()[0]["ctx"]["error"]
    assert f"{error.field} {error.why}" == sentence


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_no_score(score: float) -> None:
    with pytest.raises((ValidationError, FieldError)):
        Feedback(id="r", metric=Metric.NPS, score=score)
