"""A response that its tool delivers again: what of it is left out, and whether the customer says something new. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers.feedback import Band, Feedback, State
from storage.prepared import AnyRow

FINISHED_WITHIN = timedelta(days=30)
"""How long after they began a customer may go on with an answer: words that come later are those of long ago."""


def completed(said: Feedback, known: AnyRow, at: datetime) -> Feedback:
    """Returns what is delivered `at` then, with the words or the score as they are known where they are left out: a tool may send
    the score alone after the words or after both, when it tries again what failed before. What says nothing new does not become
    younger: a tool may give the time of any change."""
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
    """Returns whether the customer said this, in a delivery that came `at` then, before what is known, by the tool's own times.
    Where it sent none before, the known time is that of the arrival, and tells nothing; nor does one that is still to come, by a
    wrong clock or time zone: the customer's words would be lost until then."""
    timed = said.occurred_at is not None and known.occurred_at != known.received_at
    return timed and said.occurred_at < known.occurred_at <= at


def says_more(said: Feedback, known: AnyRow, at: datetime) -> bool:
    """Returns whether the customer says something new, in a delivery that came `at` then: another score, other words, or that they
    wish to be contacted. All else, such as tags, is changed by ourselves or by the tool. Words of long ago that we do not have,
    since they were forgotten or not imported, are not new either."""
    of_long_ago = at - (said.occurred_at or known.occurred_at) > FINISHED_WITHIN
    words = said.comment != known.comment and not (of_long_ago and not known.comment)
    return words or said.score != known.score or (said.wants_contact and not known.wants_contact)


def lets_down_again(said: Feedback, band: Band, at: datetime, known: AnyRow, ended: AnyRow) -> bool:
    """Returns whether the customer, who says something new in a delivery that came `at` then, needs us again though their follow-up
    `ended`: they are unhappy, no happier than before, and say so since its end. A new wish to be contacted alone changes nothing
    about a dismissed one. Thanks that leave a low score as it was look like a complaint: nothing is guessed from words."""
    if band is not Band.DETRACTOR or ended.closed_at is None or (said.occurred_at or at) <= ended.closed_at:
        return False
    wish_alone = (said.score, said.comment) == (known.score, known.comment)
    return not _is_happier(said, known) and not (wish_alone and ended.state == State.DISMISSED)


def _is_happier(said: Feedback, known: AnyRow) -> bool:
    if said.score is None or known.score is None:
        return False
    worst, best = said.worst_and_best
    return bool((said.score - worst) / (best - worst) > (known.score - known.worst) / (known.best - known.worst))
