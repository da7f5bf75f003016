"""contacted: the owner notes that the customer has heard from us."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Reply
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation
from handlers.words import took


def contacted(now: Situation) -> Decision:
    """Only the first contact is kept: it is what the customer waited for."""
    case = now.case
    if (refused := replies.refused(now, may=now.may_steer)) is not None:
        return refused
    if case.contacted_at is not None:
        span = took(now.tap.at - case.contacted_at)
        return Reply(_("Noted already, {span} ago. Press “Done…” when the customer is looked after.").format(span=span))
    return Change({"contacted_at": now.tap.at}, _("Noted. Press “Done…” when the customer is looked after."))
