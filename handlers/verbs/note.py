"""note: a sentence for the team, in the card's thread."""

from __future__ import annotations

from handlers.cards import Ask, Field, Form, Reply
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation


def note(situation: Situation) -> Decision:
    """Anybody may add one, in any state."""
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    text = situation.answer("note")
    if not text:
        return Reply(errors={"note": _("Please write a note, or cancel.")}, form=_form(situation))
    return Change({}, _("Noted in the thread."), {"note": text}, aloud=True)


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
