"""Which places unhappy answers name that no team is called: misspelt ones, mostly, whose customers one of the next routes
took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from handlers import cases
from handlers.arrivals.heard import SOURCE
from handlers.company import Company
from handlers.feedback import Feedback, Metric
from handlers.places import TeamOf
from handlers.rules import LOW, Route
from storage import feedback, material
from storage.prepared import AnyRow

MOST = 1000
"""Answers that are looked through, the newest first."""


def unplaced(tx: Connection, company: Company, since: datetime) -> Counter[str]:
    """Returns these places with how many such answers named each, by the teams and routes of today: what was mended is not among
    them."""
    if not company.seeks_places:
        return Counter()
    rows = material.answers(tx, feedback.taken_by_others(tx, since, LOW, _first_looking(company.routes), MOST))
    named = (company.unknown_place(_said(row), row.source) for row in rows if row.source != SOURCE)  # colleagues chose the team
    return Counter(place for place in named if place)


def _first_looking(routes: Sequence[Route]) -> list[str]:
    """Returns the names of the routes that may take an answer to the team of its place before any other has looked for one in vain.
    What these took is passed over, which is nearly all of a chain's answers."""
    seek = [route for route in routes if route.team_of]
    first = next((n for n, route in enumerate(seek) if route.team_of is not TeamOf.TAG), len(seek))
    return [route.name for route in seek[: first + 1]]


def _said(row: AnyRow) -> Feedback:
    """Returns an answer with what routes ask about. It was checked when it came; some of it may be forgotten by now."""
    return Feedback.model_construct(
        id=row.external_id,
        metric=Metric(row.metric),
        score=row.score,
        scale=(row.worst, row.best),
        comment=row.comment,
        customer=cases.said_by(row),
        touchpoint=row.touchpoint,
        tags=tuple(row.tags),
        wants_contact=row.wants_contact,
    )
