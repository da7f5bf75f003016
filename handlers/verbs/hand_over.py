"""hand_over: somebody else takes the follow-up on. Doing so in time is a good act."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Ask, Field, Form, Reply
from handlers.feedback import State
from handlers.language import gettext as _
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.words import called


def hand_over(now: Situation) -> Decision:
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if case.state is State.NEW and not now.is_leader and not now.may_step_in:
        return replies.nobody_has_it()
    if case.state is not State.NEW and not now.may_steer and not now.may_step_in:
        return replies.not_yours(now)
    if now.tap.answers is None:
        return Reply(form=_form(now))
    to = now.chosen.get("to")
    if to is None:
        return Reply(errors={"to": _("Please choose a colleague.")}, form=_form(now))
    if case.owner is not None and to.id == case.owner.id:
        return Reply(errors={"to": _("They have it already. Please choose somebody else.")}, form=_form(now))
    columns = {"state": State.CLAIMED, "owner_id": to.id, "claimed_at": now.tap.at, **AFRESH}
    reply = _("Handed over to {name}, who has the customer's details now.").format(name=called(to, now.company.people))
    return Change(columns, reply, {"to": to.id}, aloud=True, tell=to)


def _form(now: Situation) -> Form:
    whom = Field(
        "to", _("Who takes it on?"), Ask.PERSON, hint=_("They get the details privately."), error=_("Please choose a colleague.")
    )
    return Form("hand_over", now.case.id, _("Hand over"), _("Handing over in time is a good act."), _("Hand over"), (whom,))
