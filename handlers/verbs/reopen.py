"""reopen: the customer needs us after all. A new promise begins."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.feedback import State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation


def reopen(now: Situation) -> Decision:
    """Whoever had it has it again when they reopen it themselves; otherwise it waits for somebody."""
    case = now.case
    if case.open:
        return Reply(_("This one is open already."))
    ended = {"closed_at": None, "lost_at": None, "contacted_at": None, "outcome": None, "cause": None, "done": "", "reason": ""}
    begun = now.new_promise()
    if now.is_owner:
        columns = {"state": State.CLAIMED, "claimed_at": now.tap.at}
        return Change(ended | begun | columns, _("Open again, and yours."), aloud=True, tell=now.actor)
    columns = {"state": State.NEW, "owner_id": None, "claimed_at": None}
    return Change(ended | begun | columns, _("Open again. It waits for somebody to take it."), aloud=True)
