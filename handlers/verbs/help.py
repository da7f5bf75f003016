"""help: the owner asks the channel for a hand. It costs nothing, and lets a colleague take the follow-up over with one tap.
no_help takes it back, also where the bot asked because the owner was away."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _


def ask_for_help(situation: Situation) -> Decision:
    case = situation.case
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if case.help_at is not None:
        return Reply(_("The channel was asked already. You will be told who takes it over."))
    return Change({"help_at": situation.tap.at}, _("The channel is asked for a hand. Asking in time is a good act."), aloud=True)


def no_help(situation: Situation) -> Decision:
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if situation.case.help_at is None:
        return Reply(_("The channel is not asked for a hand, so nothing was changed."))
    return Change({"help_at": None}, _("Noted. The channel is no longer asked for a hand."))
