"""close: the customer was looked after; asks how it ended, what we did, and what caused it."""

from __future__ import annotations

from handlers.cards import Ask, Field, Form, Reply
from handlers.case import State
from handlers.feedback import Moment
from handlers.situation import AFRESH, Change, Decision, Situation
from handlers.verbs.confirm import to_be_confirmed
from handlers.wording import outcomes, replies
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import LOST, REACHED, outcomes_of
from handlers.wording.words import begin


def close(situation: Situation) -> Decision:
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    outcome, done, cause, stays = (situation.tap.answer(name) for name in ("outcome", "done", "cause", "stays"))
    wrong = {
        "outcome": outcome not in outcomes_of(situation.case),
        "done": not done,
        "cause": cause not in situation.team.causes and _has_a_cause(situation),
    }
    if any(wrong.values()):
        return _form(situation).again(*(name for name, is_wrong in wrong.items() if is_wrong))
    columns = {
        "state": State.CLOSED,
        "outcome": outcome,
        "done": done,
        "cause": cause if _has_a_cause(situation) else None,
        "closed_at": situation.tap.at,
        **AFRESH,
    }
    if outcome in LOST:
        columns["lost_at"] = situation.tap.at
    if situation.case.contacted_at is None and outcome in REACHED:
        columns["contacted_at"] = situation.tap.at
    detail = {"outcome": outcome, "done": done} | ({"stays": stays} if stays in outcomes.stays() else {})
    return to_be_confirmed(situation, Change(columns, _("Closed. Thank you for looking after this customer."), detail, aloud=True))


def _has_a_cause(situation: Situation) -> bool:
    """Praise and thanks have no cause that could be fixed."""
    return situation.case.moment is not Moment.RELATIONSHIP


def _form(situation: Situation) -> Form:
    """What is asked depends on the moment; it is never more than can be answered behind a till."""
    fields = [
        Field(
            "outcome", _("Outcome"), Ask.CHOICE, tuple(outcomes_of(situation.case).items()), error=_("Please choose how it ended.")
        ),
        Field(
            "done", _question(situation), Ask.TEXT, max_length=300,
            hint=_("The team reads this in the thread."), error=_("Please say in one sentence what we did."),
        ),
    ]  # fmt: skip
    if _has_a_cause(situation):
        causes = tuple((cause, begin(cause)) for cause in situation.team.causes)
        about = _("What was it about?") if situation.case.moment is Moment.RESPONSE else _("What caused it?")
        fields.append(Field("cause", about, Ask.CHOICE, causes, error=_("Please choose what caused it.")))
    if situation.case.moment is Moment.REVENUE:
        fields.append(Field("stays", _("Do they stay with us?"), Ask.CHOICE, tuple(outcomes.stays().items()), required=False))
    intro = (
        _("Three answers, and this customer is looked after.")
        if _has_a_cause(situation)
        else _("Two answers, and they are thanked.")
    )
    return Form("close", situation.case.id, _("How did it end?"), intro, _("Close it"), tuple(fields))


def _question(situation: Situation) -> str:
    if situation.case.only_in_public:
        return _("What did we reply?")
    match situation.case.moment:
        case Moment.RESPONSE:
            return _("What did we answer, in one sentence?")
        case Moment.RELATIONSHIP:
            return _("What did we say, in one sentence?")
        case _:
            return _("What did we do, in one sentence?")
