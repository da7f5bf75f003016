"""Which route a piece of feedback takes: the first that matches, all of its conditions, any of a list, whole words."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.feedback import Band, Feedback, Metric
from handlers.rules import Comparison, Route, When, home, route

TOUCHPOINTS = st.sampled_from(["till", "web", "collection"])
TAGS = st.lists(st.sampled_from(["vip", "oak-street", "harbour"]), max_size=3).map(tuple)
NUMBERS = st.sampled_from([">=5", "<5", "3", "=9", ">2", "<=8"]).map(Comparison.parse)


def feedback(**more: Any) -> Feedback:
    return Feedback(**({"id": "r", "metric": "nps", "score": 3, "comment": "Waited long."} | more))


PIECES = st.builds(
    lambda score, touchpoint, tags, value, wants: feedback(
        score=score, touchpoint=touchpoint, tags=tags, wants_contact=wants, customer={"value": value}
    ),
    st.integers(0, 10), st.none() | TOUCHPOINTS, TAGS, st.none() | st.integers(0, 20), st.booleans(),
)  # fmt: skip

CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.lists(st.sampled_from(["shop", "web"]), min_size=1).map(tuple),
        "band": st.lists(st.sampled_from(["detractor", "passive", "promoter"]), min_size=1).map(tuple),
        "score": st.lists(NUMBERS, min_size=1, max_size=2).map(tuple),
        "touchpoint": st.lists(TOUCHPOINTS, min_size=1).map(tuple),
        "tag": st.lists(st.sampled_from(["vip", "harbour"]), min_size=1).map(tuple),
        "value": st.lists(NUMBERS, min_size=1, max_size=2).map(tuple),
        "wants_contact": st.booleans(),
    },
)
ROUTES = st.lists(CONDITIONS, max_size=5).map(
    lambda several: tuple(Route(name=str(n), when=When(**conditions), team="t") for n, conditions in enumerate(several))
)


@given(PIECES, ROUTES)
def test_the_first_route_that_matches_wins(said: Feedback, routes: tuple[Route, ...]) -> None:
    matching = [each for each in routes if each.when.holds(said, "shop")]
    assert route(said, "shop", routes) == (matching[0] if matching else None)


@given(PIECES, ROUTES, ROUTES)
def test_what_comes_after_the_first_match_makes_no_difference(
    said: Feedback, routes: tuple[Route, ...], more: tuple[Route, ...]
) -> None:
    first = route(said, "shop", routes)
    if first is not None:
        assert route(said, "shop", (*routes, *more)) == first


@given(PIECES, CONDITIONS)
def test_all_named_conditions_must_hold(said: Feedback, conditions: dict[str, Any]) -> None:
    one_by_one = [When(**{name: value}).holds(said, "shop") for name, value in conditions.items()]
    assert When(**conditions).holds(said, "shop") == all(one_by_one)


@given(PIECES, st.sampled_from(["source", "band", "score", "touchpoint", "tag", "value", "words"]), st.data())
def test_a_list_means_any_of(said: Feedback, name: str, data: st.DataObject) -> None:
    options: dict[str, list[Any]] = {
        "source": ["shop", "web"],
        "band": ["detractor", "promoter"],
        "score": [Comparison.parse("<5"), Comparison.parse(">=9")],
        "touchpoint": ["till", "web"],
        "tag": ["vip", "harbour"],
        "value": [Comparison.parse("<5"), Comparison.parse(">=15")],
        "words": ["waited", "refund"],
    }
    chosen = data.draw(st.lists(st.sampled_from(options[name]), min_size=1, max_size=2, unique=True))
    any_of = any(When(**{name: (each,)}).holds(said, "shop") for each in chosen)
    assert When(**{name: tuple(chosen)}).holds(said, "shop") == any_of


def test_a_route_without_conditions_takes_everything() -> None:
    assert When().holds(feedback(score=10), "anything")


def test_with_no_route_at_all_nobody_is_asked() -> None:
    assert route(feedback(), "shop", ()) is None


@pytest.mark.parametrize(
    ("condition", "met", "not_met"),
    [
        ({"source": ("shop",)}, {}, None),
        ({"band": (Band.DETRACTOR,)}, {"score": 6}, {"score": 7}),
        ({"metric": (Metric.NPS,)}, {}, {"metric": "csat", "scale": (1, 5)}),
        ({"score": (Comparison.parse("<=2"),)}, {"score": 2}, {"score": 3}),
        ({"score": (Comparison.parse(2),)}, {"score": 2}, {"score": 1}),
        ({"touchpoint": ("till",)}, {"touchpoint": "till"}, {"touchpoint": "web"}),
        ({"tag": ("vip",)}, {"tags": ("vip",)}, {"tags": ("harbour",)}),
        ({"value": (Comparison.parse(">=10"),)}, {"customer": {"value": 10}}, {"customer": {"value": 9}}),
        ({"segment": ("gold",)}, {"customer": {"segment": "gold"}}, {"customer": {"segment": "grey"}}),
        ({"wants_contact": True}, {"wants_contact": True}, {"wants_contact": False}),
        ({"wants_contact": False}, {"wants_contact": False}, {"wants_contact": True}),
        ({"words": ("refund",)}, {"comment": "A refund, please."}, {"comment": "Thank you."}),
    ],
)
def test_each_condition_is_met_by_what_it_names_and_by_nothing_else(
    condition: dict[str, Any], met: dict[str, Any], not_met: dict[str, Any] | None
) -> None:
    assert When(**condition).holds(feedback(**met), "shop")
    assert not When(**condition).holds(feedback(**(not_met or {})), "shop" if not_met is not None else "web")


def test_a_number_alone_means_equal_and_is_written_so() -> None:
    assert Comparison.parse("3") == Comparison.parse("= 3") == Comparison.parse(3) == Comparison(sign="=", number=3)


def route_of(team: str, **more: Any) -> Route:
    return Route(name=team, team=team, **more)


def test_a_customer_nobody_has_to_reply_to_belongs_to_the_team_that_would_were_the_score_another() -> None:
    low = (Band.DETRACTOR,)
    routes = (
        route_of("web", when=When(band=low, source=("web",))),
        route_of("till", when=When(score=(Comparison.parse("<3"),), touchpoint=("till",))),
        route_of("shop", when=When(band=low)),
    )
    happy = feedback(score=10, touchpoint="till")
    assert route(happy, "shop", routes) is None
    assert [home(happy, source, routes) for source in ("shop", "web")] == ["till", "web"]
    assert home(feedback(score=10), "shop", routes) == "shop"
    assert home(happy, "shop", ()) is None
    assert home(feedback(score=10), "shop", routes[:2]) is None


@pytest.mark.parametrize("conditions", [{"value": (Comparison.parse("<10"),)}, {"segment": ("gold",)}, {"touchpoint": ("till",)}])
def test_what_is_not_known_meets_no_condition(conditions: dict[str, Any]) -> None:
    assert not When(**conditions).holds(feedback(), "shop")


def test_a_missing_score_meets_no_comparison() -> None:
    unscored = feedback(score=None)
    for text in (">=0", "<=10", "0"):
        assert not When(score=(Comparison.parse(text),)).holds(unscored, "shop")


def test_places_tags_and_segments_are_compared_in_any_case() -> None:
    said = feedback(touchpoint="Collection", tags=("Oak-Street",), customer={"segment": "GOLD"})
    assert When(touchpoint=("collection",), tag=("oak-street",), segment=("gold",)).holds(said, "shop")


@pytest.mark.parametrize(
    ("word", "comment", "found"),
    [
        ("refund", "I want a REFUND!", True),
        ("refund", "refundable", False),
        ("refund", "prerefund", False),
        ("refund", "refund_id", False),
        ("refund", "(refund)", True),
        ("never again", "Never\n  again.", True),
        ("never again", "neveragain", False),
        ("c++", "the c++ course", True),
        ("50%", "only 50% came", True),
        ("can't", "I can't pay", True),
        ("sjøtur", "En SJØTUR uten mat", True),
        ("a.b", "aXb", False),
        ("refund", "", False),
        ("(", "a ( b", True),
        ("卡拉ok", "昨天去了卡拉OK", True),
        ("卡拉ok", "昨天去了卡拉okay", False),
        ("sim卡", "SIM卡坏了", True),
        ("sim卡", "esim卡坏了", False),
        ("vip", "我的VIP卡坏了", True),
        ("wifi", "WiFiが遅い", True),
        ("app", "그App은 느려요", True),
        ("app", "我的apps坏了", False),
    ],
)
def test_words_are_found_whole_in_any_case_and_never_read_as_a_pattern(word: str, comment: str, found: bool) -> None:
    assert When(words=(word,)).holds(feedback(comment=comment), "shop") is found


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.split()), st.text(max_size=60))
def test_any_word_can_be_looked_for_in_any_comment(word: str, comment: str) -> None:
    assert When(words=(word,)).holds(feedback(comment=comment), "shop") in (True, False)


@given(
    st.from_regex(r"[a-zæøå]{1,8}( [a-zæøå]{1,8})?", fullmatch=True),
    st.sampled_from(["", " ", "Oh: ", "…("]),
    st.sampled_from(["", " ", "!", ")…"]),
)
def test_a_word_between_signs_or_spaces_is_found(word: str, before: str, after: str) -> None:
    assert When(words=(word,)).holds(feedback(comment=before + word.upper() + after), "shop")


@pytest.mark.parametrize("text", ["", ">", "=>5", ">= five", "5 6", "1e3", "nan", "≥5"])
def test_what_is_not_a_comparison_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write a number or, in quotes"):
        Comparison.parse(text)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_comparisons_compare_as_numbers(left: int, right: int) -> None:
    signs = {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right, "=": left == right, "": left == right}
    for sign, expected in signs.items():
        assert Comparison.parse(f"{sign}{right}").holds(left) is expected


@pytest.mark.parametrize(
    ("word", "comment"),
    [
        ("退款", "我要退款,太差了"),
        ("返金", "返金してください"),
        ("คืนเงิน", "ฉันต้องการคืนเงินทันที"),
        ("환불", "환불해 주세요"),
        (" 退款 ", "我要退款,太差了"),
        ("rembours\u00e9", "Je veux \u00eatre rembourse\u0301 !"),
        ("rembourse\u0301", "Je veux \u00eatre rembours\u00e9 !"),
        ("don't", "They don\u2019t answer"),
        ("straße", "Meine STRASSE ist gesperrt"),
    ],
)
def test_words_are_found_in_any_script_and_however_an_accent_is_spelt(word: str, comment: str) -> None:
    assert When(words=(word,)).holds(feedback(comment=comment), "shop")


def test_a_touchpoint_and_a_tag_are_the_same_however_an_accent_is_spelt() -> None:
    said = feedback(touchpoint="Zu\u0308rich", tags=("cafe\u0301",))
    assert When(touchpoint=("Z\u00fcrich",), tag=("caf\u00e9",)).holds(said, "shop")
    assert not When(touchpoint=("Zurich",)).holds(said, "shop")


@pytest.mark.parametrize("mark", ["\u0301", "\u0344", "\u0f73", "\uff9e"])
def test_of_a_long_run_of_combining_marks_only_the_first_are_compared(mark: str) -> None:
    """It would take seconds to normalise, and nobody would be answered meanwhile."""
    few, many = (feedback(touchpoint=f"Z{mark * marks}rich") for marks in (30, 190))
    assert few.touchpoint is not None
    assert When(touchpoint=(few.touchpoint,)).holds(many, "shop")


@pytest.mark.parametrize("mark", ["\u0301", "\u0344", "\u0f73", "\uff9e"])
@pytest.mark.parametrize("before", ["", "Z", "\u00e9a"])
def test_thirty_combining_marks_in_a_row_are_compared_and_not_one_more(before: str, mark: str) -> None:
    fewer, all_thirty, more = (f"{before}{mark * marks}rich" for marks in (29, 30, 31))
    assert When(touchpoint=(all_thirty,)).holds(feedback(touchpoint=more), "shop")
    assert not When(touchpoint=(fewer,)).holds(feedback(touchpoint=all_thirty), "shop")


def test_a_comment_is_folded_once_for_all_routes() -> None:
    routes = [Route(name=f"r{n}", when=When(band=(Band.DETRACTOR,), words=(f"refund{n}",)), team="t") for n in range(9)]
    home(feedback(comment="The words of these routes are folded now."), "shop", routes)
    said = feedback(comment="And this one is folded when the first of them asks.")
    folded = []

    def watch(_frame: object, event: str, called: object) -> None:
        folded.extend([called] if event == "c_call" and called is unicodedata.normalize else [])

    sys.setprofile(watch)
    try:
        assert route(said, "shop", routes) is home(said, "shop", routes) is None
    finally:
        sys.setprofile(None)
    assert len(folded) == 1
