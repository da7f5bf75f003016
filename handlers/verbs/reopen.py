"""reopen: the customer needs us after all, and a new promise begins. Undoing a dismissal that was a slip restores the case as it
was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from handlers.cards import Reply
from handlers.case import State
from handlers.feedback import Band
from handlers.situation import UNCLAIMED, Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import called

UNDONE = "undone"
"""What it is logged as where a dismissal was a slip: whoever reads the log for a new life of the case passes it over."""
NOT_ENDED: Mapping[str, Any] = {
    **dict.fromkeys(("closed_at", "lost_at", "contacted_at", "named_closer_id", "outcome", "cause")),
    "done": "",
    "reason": "",
}
"""The columns to reset, because what they say no longer holds."""
SLIP = timedelta(minutes=15)
"""For how long undoing a dismissal brings back what was before it; what was dismissed longer needs us anew."""


def reopen(situation: Situation) -> Decision:
    """An owner who reopens it owns it again; otherwise it is unclaimed, unless a dismissal is undone right away."""
    case = situation.case
    if case.open:
        return Reply(_("This one is open already."))
    if case.erased:
        return replies.finished(case, situation.tap.at)
    if (before := _before_a_slip(situation)) is not None:
        return _undone(situation, before)
    begun = {**NOT_ENDED, **situation.new_promise()}
    asked = case.band is Band.UNSCORED and case.weighed_at is None and case.owner is None  # and is asked again
    if case.state is State.DISMISSED and not asked and case.contacted_at is None and case.waits_since == case.created_at:
        begun["weighed_at"] = situation.tap.at  # it is a problem after all, and the customer waits since they wrote
    if situation.is_owner:
        columns = {"state": State.CLAIMED, "claimed_at": situation.tap.at}
        return Change(begun | columns, _yours(situation), aloud=True, tell=case.owner)
    return Change({**begun, **UNCLAIMED}, _to_anybody(asked=asked), aloud=True)


def _yours(situation: Situation) -> str:
    return replies.yours(situation, _("Open again, and yours."))


def _to_anybody(*, asked: bool) -> str:
    if asked:
        return _("Open again. The channel is asked whether it is a problem.")
    return _("Open again. It waits for somebody to take it.")


def _before_a_slip(situation: Situation) -> Mapping[str, Any] | None:
    """Returns how the case stood before it was dismissed, if that was just now, and whoever opens it again did it, has the case, or
    nobody had it; else None."""
    case, ending = situation.case, situation.ending() if situation.case.state is State.DISMISSED else None
    if ending is None or situation.tap.at - ending.at > SLIP or "before" not in ending.detail:
        return None
    theirs = case.owner is None or situation.is_owner or situation.is_one_of([ending.person_id])
    return dict(ending.detail["before"]) if theirs else None


def _undone(situation: Situation, before: Mapping[str, Any]) -> Change:
    """Returns the change that puts everything back: who has it, that the customer has heard from us, the promise, a snooze."""
    case = situation.case
    columns: dict[str, Any] = {"closed_at": None, "named_closer_id": None, "reason": "", "state": State(before["state"])}
    columns |= {name: datetime.fromisoformat(at) for name, at in before.items() if at is not None and name != "state"}
    if case.owner is None:
        text = _to_anybody(asked=case.band is Band.UNSCORED and case.weighed_at is None)
    elif situation.is_owner:
        columns, text = columns | {"asked_at": None}, _yours(situation)
    else:
        text = _("Undone: {who} has this customer, as before.").format(who=called(case.owner, situation.company.people))
    return Change(columns, text, aloud=True, verb=UNDONE)
