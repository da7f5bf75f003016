"""claim: somebody says "I'll reply"."""

from __future__ import annotations

from handlers.cards import Reply
from handlers.case import Case, State
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _


def claim(situation: Situation) -> Decision:
    """The first to tap owns it; everybody else reads who that was. A colleague may take it over if help was asked for, as may a
    leader or whoever was asked to step in, unless they only pressed a moment too late."""
    case = situation.case
    if not case.open:
        return replies.finished(case, situation.tap.at)
    if situation.is_owner:
        return _has_it(situation)
    if case.state is State.NEW or case.help_at is not None:
        return taken_on(situation)
    if replies.lost_a_race(case, situation.tap.at) or not (situation.is_leader or situation.may_step_in):
        return replies.taken(situation)
    return taken_on(situation)


def taken_on(situation: Situation) -> Change:
    """Returns the change by which the case becomes that of whoever tapped."""
    case = situation.case
    columns = {"state": State.CLAIMED, "owner_id": situation.actor.id, "claimed_at": situation.tap.at, **AFRESH}
    detail = {"from": case.owner.id} if case.owner is not None else {}
    return Change(columns, replies.yours(situation, _yours(case)), detail, aloud=case.owner is not None, tell=situation.actor)


def _yours(case: Case) -> str:
    if case.customer.phone or case.customer.email or case.customer.given:
        return _("It is yours, thank you! How to reach the customer is in your private messages.")
    if case.only_in_public:
        return _("It is yours, thank you! Please reply in public: all they said is in your private messages.")
    return _("It is yours, thank you! They left no way to reach them: all they said is in your private messages.")


def _has_it(situation: Situation) -> Decision:
    owner = situation.case.owner
    if owner is not None and not situation.team.reaches(owner):  # the team has moved to another chat since, and so does their case
        text = _("You have this one already, from now on in this chat. How to reach the customer is in your private messages.")
        until = situation.case.quiet_until if situation.case.state is State.CLAIMED else None
        again = until if until is not None and until > situation.tap.at else None  # what they snoozed waits in the chat they left
        return Change({"owner_id": situation.actor.id}, text, tell=situation.actor, remind_at=again)
    if owner is not None and owner.id != situation.actor.id:
        return Reply(_("You already have this one, in your other chat. The customer's details are in your private messages there."))
    return Reply(_("You already have this one. The customer's details are in your private messages."))
