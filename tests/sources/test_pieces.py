"""A response whose score and words come in deliveries of their own is one answer and one case, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot import sources
from handlers.feedback import Band, Feedback
from handlers.rules import Route, When
from storage import models
from tests.conftest import Shop

feedback, follow_up = models.Feedback.__table__, models.FollowUp.__table__
SCORE, WORDS = 12123, 99
UNHAPPY = Route(name="the unhappy", team="oak-street", when=When(band=(Band.DETRACTOR,)))
UNSCORED = Route(name="the unscored", team="oak-street", when=When(band=(Band.UNSCORED,)))


def survicate(question: int, minute: int, **answer: Any) -> Feedback:
    folder = sources.load("survicate")
    options = folder.Options.model_validate({"secret": "s", "question_id": SCORE, "comment_id": WORDS})
    said = {
        "responseUuid": "r-1",
        "timestamp": f"2026-11-20T09:{minute:02}:00+00:00",
        "respondent": {"attributes": {"email": "dana@example.com"}},
        "question": {"id": question},
        **answer,
    }
    [piece] = folder.parse({"event": {"questionAnswered": said}}, options)
    return piece


def score(number: int) -> Feedback:
    return survicate(SCORE, 0, choice={"id": number, "body": "detractor" if number < 7 else "promoter", "comment": None})


def words(text: str = "Waited 45 minutes.") -> Feedback:
    return survicate(WORDS, 1, text=text)


def stored(shop: Shop) -> list[tuple[Any, ...]]:
    rows = shop.store.read_sync(lambda tx: tx.execute(select(feedback.c.score, feedback.c.comment, feedback.c.band)).all())
    return [tuple(row) for row in rows]


def cases(shop: Shop) -> list[str]:
    return list(shop.store.read_sync(lambda tx: tx.execute(select(follow_up.c.route)).scalars().all()))


@pytest.fixture
def routed(shop: Shop) -> Callable[..., Shop]:
    return lambda *routes: replace(shop, company=shop.company.model_copy(update={"routes": routes}))


EITHER = pytest.mark.parametrize("pieces", [(score(2), words()), (words(), score(2))], ids=["score-first", "words-first"])


@EITHER
@pytest.mark.parametrize("routes", [(UNHAPPY,), (UNHAPPY, UNSCORED), (UNSCORED, UNHAPPY)], ids=len)
def test_score_and_words_of_one_response_are_one_case_whichever_comes_first(
    routed: Callable[..., Shop], pieces: Sequence[Feedback], routes: Sequence[Route]
) -> None:
    shop = routed(*routes)
    for piece in pieces:
        shop.hears(piece)
        shop.passes(minutes=1)
    assert stored(shop) == [(2, "Waited 45 minutes.", "detractor")]
    assert len(cases(shop)) == 1
    assert "Waited 45 minutes." in shop.card().quote
    assert "NPS 2 of 10" in shop.card().headline


@EITHER
def test_pieces_that_tools_send_again_in_any_order_change_nothing(routed: Callable[..., Shop], pieces: Sequence[Feedback]) -> None:
    shop = routed(UNHAPPY, UNSCORED)
    for piece in (*pieces, *pieces, *reversed(pieces)):
        shop.hears(piece)
        shop.passes(minutes=1)
    assert stored(shop) == [(2, "Waited 45 minutes.", "detractor")]
    assert len(cases(shop)) == 1


@EITHER
def test_pieces_that_arrive_together_are_one_case(routed: Callable[..., Shop], pieces: Sequence[Feedback]) -> None:
    shop = routed(UNHAPPY, UNSCORED)
    shop.hears(*pieces)
    assert stored(shop) == [(2, "Waited 45 minutes.", "detractor")]
    assert len(cases(shop)) == 1


def test_the_words_of_a_happy_customer_open_no_case_where_their_score_opened_none(routed: Callable[..., Shop]) -> None:
    shop = routed(UNHAPPY, UNSCORED)
    shop.hears(score(9))
    shop.hears(words("Lovely soup."))
    assert (stored(shop), cases(shop)) == ([(9, "Lovely soup.", "promoter")], [])


def test_a_case_opened_by_words_alone_stays_one_case_when_the_score_turns_out_happy(routed: Callable[..., Shop]) -> None:
    shop = routed(UNHAPPY, UNSCORED)
    shop.hears(words("The soup was cold, the rest was lovely."))
    shop.hears(score(9))
    assert stored(shop) == [(9, "The soup was cold, the rest was lovely.", "promoter")]
    assert cases(shop) == ["the unscored"]
    assert "NPS 9 of 10" in shop.card().headline
