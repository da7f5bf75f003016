"""hand_over: somebody else takes over the follow-up. Doing so in time is a good act."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Ask, Field, Form, Reply
from handlers.feedback import State
from handlers.handed import WORDS
from handlers.language import gettext as _
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.words import called


def hand_over(situation: Situation) -> Decision:
    case = situation.case
    if not case.open:
        return replies.finished(case, situation.tap.at)
    if case.state is State.NEW and not situation.is_leader and not situation.may_step_in:
        return replies.nobody_has_it()
    if case.state is not State.NEW and not situation.may_steer and not situation.may_step_in:
        return replies.not_yours(situation)
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    to = situation.chosen.get("to")
    if to is None:
        return Reply(errors={"to": _("Please choose a colleague.")}, form=_form(situation))
    if case.owner is not None and to.id == case.owner.id:
        return Reply(errors={"to": _("They have it already. Please choose somebody else.")}, form=_form(situation))
    columns = {"state": State.CLAIMED, "owner_id": to.id, "claimed_at": situation.tap.at, **AFRESH}
    reply = _("Handed over to {name}, who has the customer's details now.").format(name=called(to, situation.company.people))
    words = " ".join(situation.answer("words").split())[:WORDS]
    return Change(columns, reply, {"to": to.id} | ({"words": words} if words else {}), aloud=True, tell=to)


def _form(situation: Situation) -> Form:
    whom = Field(
        "to", _("Who takes it on?"), Ask.PERSON, hint=_("They get the details privately."), error=_("Please choose a colleague.")
    )
    words = Field(
        "words", _("What should they know?"), Ask.TEXT, required=False, max_length=WORDS, short=True, hint=_("Only they read it.")
    )
    intro = _("Handing over in time is a good act.")
    return Form("hand_over", situation.case.id, _("Hand over"), intro, _("Hand over"), (whom, words))
