"""The table of what was raised: problems that keep happening."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from storage.models.columns import Row, key, prose, ref


class Raised(Row, table=True):
    """A problem that keeps happening, as one case showed it: one follow-up cannot solve it, so whoever leads the team decides.

    `state` is `open` (nobody has taken it on), `doing` (`owner_id` has), `done` or `no`, with the `reason`. `words` is empty once
    erased.
    """

    __table_args__ = (CheckConstraint("state IN ('open', 'doing', 'done', 'no')", name="state"),)

    id: int | None = key()
    team: str = Field(index=True)
    cause: str | None = None
    words: str = prose()
    follow_up_id: int = ref("follow_up.id", index=True)
    raised_by: int = ref("person.id")
    at: datetime
    owner_id: int | None = ref("person.id", nullable=True)
    state: str = "open"
    reason: str = prose()
    decided_at: datetime | None = None
