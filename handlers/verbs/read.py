"""read: all the customer said, for the one who asked. Only whoever has it reads how to reach them, too."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.masking import for_channel
from handlers.situation import Decision, Situation


def read(situation: Situation) -> Decision:
    case = situation.case if situation.is_owner else for_channel(situation.case, situation.team)
    return Reply(case.comment or "…")
