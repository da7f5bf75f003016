"""read: all the customer said, for the one who asked."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.situation import Decision, Situation


def read(now: Situation) -> Decision:
    return Reply(now.case.comment or "…")
