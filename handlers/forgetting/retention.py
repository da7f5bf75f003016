"""What app.yaml says about forgetting. Pure."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict


class Retention(BaseModel):
    """How long each field is kept; None means for ever.

    A customer's fields count from their last answer, or from the day on which a directory named them last; `comment` (with the
    link) from the answer itself; `notes`, which is everything that colleagues wrote, from the end of the follow-up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    comment: timedelta | None = None
    name: timedelta | None = None
    email: timedelta | None = None
    phone: timedelta | None = None
    company: timedelta | None = None
    value: timedelta | None = None
    notes: timedelta | None = None
