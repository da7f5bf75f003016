"""A response that its tool delivers again: fills in what it omits, and decides whether the customer says something new. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers.case import State
from handlers.feedback import Band, Feedback
from storage.prepared import AnyRow

FINISHED_WITHIN = timedelta(days=30)
"""How long after they began an answer a customer may go on with it: words that come later are old ones."""


def completed(said: Feedback, known: AnyRow, at: datetime) -> Feedback:
    """Returns a delivery with the known words or score filled in where it omits them: a tool may send the score alone after the
    words or after both, when it retries what failed before. `at` is when it arrived. A delivery without anything new keeps the
    known time: a tool may give the time of any change."""
    kept: dict[str, Any] = {}
    if not said.comment and known.comment and known.score in (None, said.score):
        kept = {"comment": known.comment, "wants_contact": said.wants_contact or known.wants_contact}
    if said.score is None and known.score is not None and _asks_the_same(said, known):
        kept["score"] = known.score
    said = said.model_copy(update=kept)
    if said.occurred_at is None or says_more(said, known, at):
        return said
    return said.model_copy(update={"occurred_at": min(said.occurred_at, known.occurred_at)})


def _asks_the_same(said: Feedback, known: AnyRow) -> bool:
    return bool((said.metric, *said.worst_and_best) == (known.metric, known.worst, known.best))


def is_older(said: Feedback, known: AnyRow, at: datetime) -> bool:
    """Returns whether a delivery that arrived at `at` is older than what is known, going by the tool's own times. The known time
    proves nothing if it is only that of the arrival, because the tool sent none, or if it is after `at`, because of a wrong
    clock or time zone: until then the customer's words would be lost."""
    timed = said.occurred_at is not None and known.occurred_at != known.received_at
    return timed and said.occurred_at < known.occurred_at <= at


def says_more(said: Feedback, known: AnyRow, at: datetime) -> bool:
    """Returns whether the customer says something new in a delivery that arrived at `at`: another score, other words, or a new
    wish to be contacted. Anything else, such as tags, is changed by ourselves or by the tool. Old words that we do not have,
    because they were forgotten or not imported, are not new either."""
    of_long_ago = at - (said.occurred_at or known.occurred_at) > FINISHED_WITHIN
    words = said.comment != known.comment and not (of_long_ago and not known.comment)
    return words or said.score != known.score or (said.wants_contact and not known.wants_contact)


def lets_down_again(said: Feedback, band: Band, at: datetime, known: AnyRow, ended: AnyRow) -> bool:
    """Returns whether a customer who says something new in a delivery that arrived at `at` needs us again though their follow-up
    has `ended`: they are unhappy, no happier than before, and said so after it ended. A new wish to be contacted alone changes
    nothing about a dismissed one. Thanks that leave a low score as it was look like a complaint: nothing is guessed from words."""
    if band is not Band.DETRACTOR or ended.closed_at is None or (said.occurred_at or at) <= ended.closed_at:
        return False
    wish_alone = (said.score, said.comment) == (known.score, known.comment)
    return not _is_happier(said, known) and not (wish_alone and ended.state == State.DISMISSED)


def _is_happier(said: Feedback, known: AnyRow) -> bool:
    if said.score is None or known.score is None:
        return False
    worst, best = said.worst_and_best
    return bool((said.score - worst) / (best - worst) > (known.score - known.worst) / (known.best - known.worst))
