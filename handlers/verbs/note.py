"""note: a sentence for the team, in the card's thread."""

from __future__ import annotations

from handlers.cards import Ask, Field, Form, Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording.language import gettext as _
from handlers.wording.words import when


def note(situation: Situation) -> Decision:
    """Anybody may add one, in any state."""
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    text = situation.tap.answer("note")
    if not text:
        return _form(situation).again("note")
    return Change({}, _noted(situation), {"note": text}, aloud=True)


def _noted(situation: Situation) -> str:
    case = situation.case
    if case.held_until is None:
        return _("Noted in the thread.")
    if not case.open:
        return _("Noted.")
    at = when(case.held_until, situation.team.hours.zone, situation.tap.at)
    return _("Noted. The team reads it when the card is posted, {at}.").format(at=at)


def _form(situation: Situation) -> Form:
    text = Field(
        "note",
        _("Your note"),
        Ask.TEXT,
        max_length=600,
        hint=_("Everybody in the channel can read it."),
        error=_("Please write a note, or cancel."),
    )
    return Form(
        "note", situation.case.id, _("Add a note"), _("Leave the customer's e-mail and phone out of it."), _("Add it"), (text,)
    )
