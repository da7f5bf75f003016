"""The tables of reminders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from storage.models.columns import Row, key, partial_index, ref


class Bundle(Row, table=True):
    """One private message to a person with all their reminders of one run: the `number`th on their `day` (as 2026-11-25)."""

    __table_args__ = (UniqueConstraint("person_id", "day", "number"), Index("ix_bundle_at", "at"))

    id: int | None = key()
    person_id: int = ref("person.id")
    day: str
    number: int
    at: datetime


class Nudge(Row, table=True):
    """One step of the ladder for one follow-up, to one person or into its thread. Unique, so nothing is said twice.

    `audience` is `thread` or `person:ID`. `promise` is how many promises the follow-up had before the one this is about. `state` is
    `waiting` (for its time), `sent`, `dropped` (no longer needed), `muted` (the person wants none) or `unaddressed` (nobody known
    to tell).
    """

    __table_args__ = (
        UniqueConstraint("follow_up_id", "promise", "step", "audience"),
        CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'muted', 'unaddressed')", name="state"),
        partial_index("ix_nudge_person_id", "person_id", where="person_id IS NOT NULL"),
        partial_index("ix_nudge_bundle_id", "bundle_id", where="bundle_id IS NOT NULL"),
        Index("ix_nudge_due_at", "due_at"),
        partial_index("ix_nudge_due", "send_at", where="state = 'waiting'"),
    )

    id: int | None = key()
    workspace: str
    follow_up_id: int = ref("follow_up.id")
    promise: int
    step: str
    role: str
    audience: str
    person_id: int | None = ref("person.id", nullable=True)
    state: str = "waiting"
    due_at: datetime
    send_at: datetime | None = None
    sent_at: datetime | None = None
    off_hours: bool = False
    bundle_id: int | None = ref("bundle.id", nullable=True)
