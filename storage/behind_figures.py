"""The single follow-ups and answers behind the figures of a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage.feedback import feedback
from storage.figures import BECAME, OF_WEEK, UNHAPPY
from storage.followups import follow_up
from storage.prepared import AnyRow

_of_week = (
    select(
        follow_up.c.id,
        BECAME.label("became"),
        *(follow_up.c[name] for name in ("state", "reason", "claim_by", "close_by", "taken_at", "contacted_at")),
        func.coalesce(follow_up.c.cause, "").label("cause"),
        (feedback.c.comment != "").label("wrote"),
    )
    .select_from(feedback)
    .join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    .where(OF_WEEK, UNHAPPY)
    .order_by(follow_up.c.created_at, follow_up.c.id)
)
_answers = select(feedback.c.id).where(OF_WEEK).order_by(feedback.c.received_at, feedback.c.id)


def of_week(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns who told the team in [start, end) that it let them down, and what became of each (as in storage.figures)."""
    return tx.execute(_of_week, {"team": team, "start": start, "end": end}).all()


def answers(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[int]:
    """Returns the ids of all answers of the team's customers received in [start, end)."""
    return tx.execute(_answers, {"team": team, "start": start, "end": end}).scalars().all()
