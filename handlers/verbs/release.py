"""release: the owner, or a leader, gives the follow-up back to the team."""

from __future__ import annotations

from handlers.situation import AFRESH, UNCLAIMED, Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _


def release(situation: Situation) -> Decision:
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    heard = {"heard": True} if situation.case.contacted_at is not None else {}
    return Change({**UNCLAIMED, **AFRESH}, _("Given back. The channel is asked who can take it."), heard, aloud=True)
