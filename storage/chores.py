"""The marks of daily chores: the day on which one was last done, or how far one that takes several units of work has come."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, select

from storage import models
from storage.statements import upsert

chore = models.Chore.__table__

_mark = upsert(chore, ["name"], lambda new: {"done_on": new.done_on})


def is_done(tx: Connection, name: str, day: str) -> bool:
    """Returns whether a chore was done on that day (ISO 8601), or on the next, as after the company's time zone has changed. Any
    later day is one that some wrong clock noted."""
    done = marked(tx, name)
    return done is not None and day <= done <= (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def marked(tx: Connection, name: str) -> str | None:
    """Returns the last mark of a chore; None if it has none."""
    found: str | None = tx.execute(select(chore.c.done_on).where(chore.c.name == name)).scalar_one_or_none()
    return found


def mark(tx: Connection, name: str, mark: str) -> None:
    """Replace the mark of a chore: a day, or how far a run has come."""
    tx.execute(_mark[tx.dialect.name], {"name": name, "done_on": mark})
