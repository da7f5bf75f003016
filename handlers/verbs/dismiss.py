"""dismiss: this needs no reply, and why. Counted separately, so that it cannot pass for looking after a customer."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Ask, Field, Form, Reply
from handlers.case import State
from handlers.followup.followup_buttons import undo
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.verbs.confirm import to_be_confirmed
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import reasons


def dismiss(situation: Situation) -> Decision:
    """Anybody may while nobody has claimed it; after that its owner or a leader."""
    case = situation.case
    if not case.open:
        return replies.finished(case, situation.tap.at)
    if case.state is not State.NEW and not situation.may_steer:
        return replies.not_yours(situation)
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    reason = situation.tap.answer("reason")
    if reason not in reasons():
        return _form(situation).again("reason")
    before = {name: getattr(case, name) for name in ("state", "state_since", *AFRESH)}  # for whoever undoes it
    columns = {"state": State.DISMISSED, "reason": reason, "closed_at": situation.tap.at, **AFRESH}
    said = _("Marked as not a problem. Press Undo on the card if that changes.")
    if case.happy:
        said = _("No thanks needed, then. Press Undo on the card if that changes.")
    end = Change(columns, said, {"reason": reason, "before": before}, aloud=True)
    if case.held_until is not None:  # without a posted card, its Undo is in the reply
        end = replace(end, reply=_("Marked as not a problem, so no card is posted about it."), undo=undo(case))
    return to_be_confirmed(situation, end)


def _form(situation: Situation) -> Form:
    why = Field(
        "reason",
        _("Why is no reply needed?"),
        Ask.CHOICE,
        tuple(reasons().items()),
        error=_("Please choose why no reply is needed."),
    )
    title, intro = _("Not a problem?"), _("A real complaint stays open, however small.")
    if situation.case.happy:
        title, intro = _("No thanks needed?"), _("A word of thanks takes a minute, and goes a long way.")
    return Form("dismiss", situation.case.id, title, intro, _("Dismiss it"), (why,))
