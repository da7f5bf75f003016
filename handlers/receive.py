"""A customer said something: store it, route it, want a card for it. One unit of work for all that arrived together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handlers.feedback import Feedback


class Answer(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UPDATED = "updated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of feedback from the source named in app.yaml, and when it came (aware, UTC)."""

    source: str
    feedback: Feedback
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an arrival. `id` is that of the first time we heard of this response; None when nothing was stored."""

    answer: Answer
    id: int | None
