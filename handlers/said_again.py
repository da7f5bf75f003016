"""A response that its tool delivers again: whether the customer says something new with it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.feedback import Feedback
from storage.prepared import AnyRow

FINISHED_WITHIN = timedelta(days=30)
"""How long after they began a customer may go on with an answer: words that come later are those of long ago."""


def says_more(said: Feedback, known: AnyRow, at: datetime) -> bool:
    """Returns whether the customer says something new, in a delivery that came `at` then: another score, other words, or that they
    wish to be contacted. All else, such as tags, is changed by ourselves or by the tool. Words of long ago that we do not have,
    since they were forgotten or not imported, are not new either."""
    of_long_ago = at - (said.occurred_at or known.occurred_at) > FINISHED_WITHIN
    words = said.comment != known.comment and not (of_long_ago and not known.comment)
    return words or said.score != known.score or (said.wants_contact and not known.wants_contact)


def occurred_at(said: Feedback, known: AnyRow, *, more: bool) -> datetime:
    """Returns when the customer said it. What says nothing new does not make an answer younger: a tool may send the time of any
    change."""
    if said.occurred_at is None:
        return known.occurred_at  # type: ignore[no-any-return]
    return said.occurred_at if more else min(said.occurred_at, known.occurred_at)
