"""contacted: the owner notes that the customer has heard from us."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Reply
from handlers.feedback import State
from handlers.language import gettext as _
from handlers.situation import Change, Decision, Situation
from handlers.words import took


def contacted(now: Situation) -> Decision:
    """Only the first contact is kept: it is what the customer waited for."""
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if case.state is State.NEW:
        return replies.nobody_has_it()
    if not now.may_steer:
        return replies.not_yours(now)
    if case.contacted_at is not None:
        span = took(now.tap.at - case.contacted_at)
        return Reply(_("Noted already, {span} ago. Press “Done…” when the customer is looked after.").format(span=span))
    return Change({"contacted_at": now.tap.at}, _("Noted. Press “Done…” when the customer is looked after."))
