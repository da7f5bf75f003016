"""read: all the customer said, for the one who asked. Only whoever has it reads how to reach them, too."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.masking import for_channel
from handlers.situation import Decision, Situation


def read(now: Situation) -> Decision:
    case = now.case if now.is_owner else for_channel(now.case, now.team)
    return Reply(case.comment or "…")
