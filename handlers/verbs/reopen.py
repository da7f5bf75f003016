"""reopen: the customer needs us after all. A new promise begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.cards import Reply
from handlers.feedback import Band, State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation

NOT_ENDED: Mapping[str, Any] = {
    **dict.fromkeys(("closed_at", "lost_at", "contacted_at", "named_closer_id", "outcome", "cause")),
    "done": "",
    "reason": "",
}
"""The columns to reset, because what they say no longer holds."""
UNCLAIMED: Mapping[str, Any] = {"state": State.NEW, "owner_id": None, "claimed_at": None}


def reopen(situation: Situation) -> Decision:
    """An owner who reopens it owns it again; otherwise it is unclaimed."""
    case = situation.case
    if case.open:
        return Reply(_("This one is open already."))
    begun = {**NOT_ENDED, **situation.new_promise()}
    asked = case.band is Band.UNSCORED and case.weighed_at is None and case.owner is None  # and is asked again
    if case.state is State.DISMISSED and not asked and case.contacted_at is None and case.waits_since == case.created_at:
        begun["weighed_at"] = situation.tap.at  # it is a problem after all, and the customer waits since they wrote
    if situation.is_owner:
        columns = {"state": State.CLAIMED, "claimed_at": situation.tap.at}
        return Change(begun | columns, _("Open again, and yours."), aloud=True, tell=case.owner)
    if asked:
        return Change({**begun, **UNCLAIMED}, _("Open again. The channel is asked whether it is a problem."), aloud=True)
    return Change({**begun, **UNCLAIMED}, _("Open again. It waits for somebody to take it."), aloud=True)
