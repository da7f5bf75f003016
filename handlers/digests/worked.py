"""Cases as stories need them: their rows, acts and the customer's other answers, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from handlers.case import State
from handlers.cases import LOW_SCORES_COUNT
from handlers.digests.heroes import Did, Worked
from handlers.feedback import CONTENT, Band
from storage import act_log, figures, material
from storage.pieces import grouped
from storage.prepared import AnyRow

MOST = 300
"""Maximum cases of one week that are searched for stories."""
TOLD_SINCE = timedelta(days=56)
"""How long before the week a case may have begun to be considered."""


def worked_on(tx: Connection, team: str, start: datetime, end: datetime, now: datetime) -> list[Worked]:
    """Returns the cases of a team in which something was done from `start` to `end`, as they are at `now`."""
    again = figures.answered_next(tx, team, start, end)
    rows = material.worked_on(tx, team, start - TOLD_SINCE, start, end, again, MOST)
    acts = grouped(act_log.on(tx, [row.id for row in rows], before=now), "follow_up_id")
    answers = grouped(material.said_by(tx, {row.customer_id for row in rows if row.customer_id}), "customer_id")
    came_back = _came_back(rows, answers)
    return [_worked(row, acts.get(row.id, ()), answers.get(row.customer_id, ()), came_back.get(row.id)) for row in rows]


def people_in(cases: Sequence[Worked]) -> set[int]:
    """Returns everybody who took part in them."""
    return {person for case in cases for act in case.acts for person in (act.person, act.other) if person is not None}


def _came_back(rows: Sequence[AnyRow], answers: Mapping[int, Sequence[AnyRow]]) -> dict[int, AnyRow]:
    """Returns, by case of an unhappy customer, the first scored answer they gave since we were in touch and closed it. Of several
    cases closed before one answer, the last one alone has it."""
    found: dict[tuple[int, datetime], tuple[int, AnyRow]] = {}
    closed = [row for row in rows if row.state == State.CLOSED and row.contacted_at is not None and row.band not in CONTENT]
    for row in sorted(closed, key=lambda row: (row.closed_at, row.id)):
        since = _since(row, answers.get(row.customer_id, ()))
        if since:
            found[row.customer_id, since[0].received_at] = (row.id, since[0])
    return dict(found.values())


def _since(row: AnyRow, answers: Sequence[AnyRow]) -> list[AnyRow]:
    """Returns the scored answers that a customer gave since their case was closed."""
    return [answer for answer in answers if answer.received_at > row.closed_at and answer.band != Band.UNSCORED]


def _worked(row: AnyRow, acts: Sequence[AnyRow], answers: Sequence[AnyRow], came_back: AnyRow | None) -> Worked:
    low = [a for a in answers if a.band == Band.DETRACTOR and row.created_at - LOW_SCORES_COUNT <= a.received_at < row.created_at]
    closed_at = row.closed_at if row.state == State.CLOSED else None
    later = _since(row, answers) if closed_at is not None else []
    return Worked(
        follow_up=row.id,
        team=row.team,
        state=State(row.state),
        band=Band(row.band),
        comment=row.comment,
        created_at=row.created_at,
        close_by=row.close_by,
        contacted_at=row.contacted_at,
        closed_at=closed_at,
        outcome=row.outcome,
        cause=row.cause,
        wants_contact=row.wants_contact,
        earlier_low=len(low),
        acts=tuple(Did(act.verb, act.person_id, act.at, _other(act.verb, act.detail)) for act in acts),
        later_band=Band(later[-1].band) if later else None,
        low_again_at=next((answer.received_at for answer in later if answer.band == Band.DETRACTOR), None),
        next_band=Band(came_back.band) if came_back is not None else None,
        next_at=came_back.received_at if came_back is not None else None,
    )


def _other(verb: str, detail: Mapping[str, int]) -> int | None:
    return detail.get("to") if verb == "hand_over" else detail.get("from") if verb == "claim" else None
