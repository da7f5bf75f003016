"""help: whoever has it asks the channel for a hand. It costs nothing, and lets a colleague take it over with one tap."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Reply
from handlers.feedback import State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation


def ask_for_help(now: Situation) -> Decision:
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if case.state is State.NEW:
        return replies.nobody_has_it()
    if not now.may_steer:
        return replies.not_yours(now)
    if case.help_at is not None:
        return Reply(_("The channel was asked already. Whoever takes it over, you are told."))
    return Change({"help_at": now.tap.at}, _("The channel is asked for a hand. Asking in time is a good act."), aloud=True)
