"""problem, no_problem: a human says whether text without a score is about a problem. Nothing guesses it from the words."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Reply
from handlers.case import State
from handlers.followup.followup_buttons import undo
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.verbs.confirm import to_be_confirmed
from handlers.wording import replies
from handlers.wording.language import gettext as _


def problem(situation: Situation) -> Decision:
    """It becomes a follow-up like any other, and its promise begins now; unless somebody had taken it before, and perhaps been in
    touch: that promise holds."""
    case = situation.case
    if not case.in_question:
        return _decided(situation)
    begun = situation.new_promise() if case.taken_at is None and case.contacted_at is None else {}
    return Change(
        begun | {"weighed_at": situation.tap.at},
        _("Thank you. Press “I'll reply” on the card if you can take it."),
    )


def no_problem(situation: Situation) -> Decision:
    if not situation.case.in_question:
        return _decided(situation)
    columns = {
        "state": State.DISMISSED,
        "reason": "no-problem",
        "weighed_at": situation.tap.at,
        "closed_at": situation.tap.at,
        **AFRESH,
    }
    end = Change(columns, _("Thank you. Press Undo on the card if it is one after all."), {"reason": "no-problem"})
    if situation.case.held_until is not None:
        end = replace(end, reply=_("Thank you. No card is posted about it."), undo=undo(situation.case))
    return to_be_confirmed(situation, end)


def _decided(situation: Situation) -> Decision:
    """For somebody who tapped an outdated card."""
    case = situation.case
    if not case.open:
        return replies.finished(case, situation.tap.at)
    if case.owner is not None:
        return replies.taken(situation)
    return Reply(_("Somebody has said already that this is a problem. Press “I'll reply” on the card if you can take it."))
