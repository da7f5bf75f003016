"""help: the owner asks the channel for a hand. It costs nothing, and lets a colleague take the follow-up over with one tap."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Reply
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation


def ask_for_help(situation: Situation) -> Decision:
    case = situation.case
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if case.help_at is not None:
        return Reply(_("The channel was asked already. Whoever takes it over, you are told."))
    return Change({"help_at": situation.tap.at}, _("The channel is asked for a hand. Asking in time is a good act."), aloud=True)
