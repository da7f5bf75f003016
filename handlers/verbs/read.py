"""read: everything the customer said, for the person who asked; masked as in the channel unless they own the follow-up."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.situation import Decision, Situation
from handlers.wording.masking import for_channel


def read(situation: Situation) -> Decision:
    case = situation.case if situation.is_owner else for_channel(situation.case, situation.team)
    return Reply(case.comment or "…")
