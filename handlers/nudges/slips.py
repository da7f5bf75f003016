"""Reminders about a case that was dismissed: they wait for as long as the dismissal can be undone as a slip."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers.case import Case, State
from handlers.verbs.reopen import SLIP
from storage import nudges


def may_be_undone_until(case: Case, now: datetime) -> datetime | None:
    """Returns until when a dismissal can be undone as a slip; None if the case is not dismissed, or it is too late."""
    until = case.closed_at + SLIP if case.state is State.DISMISSED and case.closed_at is not None else now
    return until if now < until else None


def go_on(tx: Connection, dismissed: Case, now: datetime) -> None:
    """Make due again what came due, and waited, while the case was dismissed."""
    until = may_be_undone_until(dismissed, now)
    nudges.put_off(tx, [row.id for row in nudges.waiting_about(tx, [dismissed.id]) if row.send_at == until], now)
