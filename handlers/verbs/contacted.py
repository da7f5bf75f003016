"""contacted: the owner, or a leader, notes that the customer has heard from us."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import took


def contacted(situation: Situation) -> Decision:
    """Only the first contact is stored: it is the one that the customer waited for."""
    case = situation.case
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if case.contacted_at is not None:
        span = took(situation.tap.at - case.contacted_at)
        return Reply(_("Noted already, {span} ago. Press “Done…” when the customer is looked after.").format(span=span))
    return Change({"contacted_at": situation.tap.at}, _("Noted. Press “Done…” when the customer is looked after."))
