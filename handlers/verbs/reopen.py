"""reopen: the customer needs us after all. A new promise begins."""

from __future__ import annotations

from typing import Any

from handlers.cards import Reply
from handlers.feedback import Band, State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation

ENDED = ("closed_at", "lost_at", "contacted_at", "named_closer_id", "outcome", "cause")
"""The columns to reset, because what they say no longer holds."""


def reopen(situation: Situation) -> Decision:
    """An owner who reopens it owns it again; otherwise it is unclaimed."""
    case = situation.case
    if case.open:
        return Reply(_("This one is open already."))
    ended: dict[str, Any] = {**dict.fromkeys(ENDED), "done": "", "reason": ""}
    begun = situation.new_promise()
    asked = case.band is Band.UNSCORED and case.weighed_at is None and case.owner is None  # and is asked again
    if case.state is State.DISMISSED and not asked and case.contacted_at is None and case.waits_since == case.created_at:
        begun["weighed_at"] = situation.tap.at  # it is a problem after all, and the customer waits since they wrote
    if situation.is_owner:
        columns = {"state": State.CLAIMED, "claimed_at": situation.tap.at}
        return Change(ended | begun | columns, _("Open again, and yours."), aloud=True, tell=case.owner)
    columns = {"state": State.NEW, "owner_id": None, "claimed_at": None}
    if asked:
        return Change(ended | begun | columns, _("Open again. The channel is asked whether it is a problem."), aloud=True)
    return Change(ended | begun | columns, _("Open again. It waits for somebody to take it."), aloud=True)
