"""claim: somebody says "I'll reply"."""

from __future__ import annotations

from gettext import gettext as _

from handlers import replies
from handlers.cards import Reply
from handlers.feedback import State
from handlers.situation import Change, Decision, Situation


def claim(now: Situation) -> Decision:
    """The first to tap has it; everybody else reads who that was."""
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if now.is_owner:
        return Reply(_("You already have this one. The customer's details are in your private messages."))
    if case.state is not State.NEW:
        return replies.taken(now)
    columns = {"state": State.CLAIMED, "owner_id": now.actor.id, "claimed_at": now.tap.at, "next_look_at": case.close_by}
    return Change(columns, _("It is yours, thank you! How to reach the customer is in your private messages."), tell=now.actor)
