"""close: the customer is looked after; how it ended, what we did, and what caused it."""

from __future__ import annotations

from handlers import replies
from handlers.cards import Ask, Field, Form, Reply
from handlers.feedback import State
from handlers.followup_card import outcomes_of
from handlers.language import gettext as _
from handlers.situation import AFRESH, Change, Decision, Situation

REACHED = frozenset({"fixed", "partly", "could-not", "replied"})
"""Outcomes that cannot come about without having been in touch with the customer."""


def close(now: Situation) -> Decision:
    case = now.case
    if not case.open:
        return replies.finished(case, now.tap.at)
    if case.state is State.NEW:
        return replies.nobody_has_it()
    if not now.may_steer:
        return replies.not_yours(now)
    if now.tap.answers is None:
        return Reply(form=_form(now))
    return _close(now)


def _close(now: Situation) -> Decision:
    outcome, done, cause = now.answer("outcome"), now.answer("done"), now.answer("cause")
    errors = {}
    if outcome not in outcomes_of(now.case):
        errors["outcome"] = _("Please choose how it ended.")
    if not done:
        errors["done"] = _("Please say in one sentence what we did.")
    if cause not in now.team.causes:
        errors["cause"] = _("Please choose what caused it.")
    if errors:
        return Reply(errors=errors, form=_form(now))
    columns = {
        "state": State.CLOSED,
        "outcome": outcome,
        "done": done,
        "cause": cause,
        "closed_at": now.tap.at,
        **AFRESH,
    }
    if outcome == "lost":
        columns["lost_at"] = now.tap.at
    if now.case.contacted_at is None and outcome in REACHED:
        columns["contacted_at"] = now.tap.at
    return Change(columns, _("Closed. Thank you for looking after this customer."), {"outcome": outcome, "done": done}, aloud=True)


def _form(now: Situation) -> Form:
    causes = tuple((cause, cause[:1].upper() + cause[1:]) for cause in now.team.causes)
    outcomes = tuple(outcomes_of(now.case).items())
    done = _("What did we reply?") if now.case.only_in_public else _("What did we do, in one sentence?")
    return Form(
        verb="close",
        target=now.case.id,
        title=_("How did it end?"),
        intro=_("Three answers, and this customer is looked after."),
        submit=_("Close it"),
        fields=(
            Field("outcome", _("Outcome"), Ask.CHOICE, outcomes, error=_("Please choose how it ended.")),
            Field(
                "done", done, Ask.TEXT, max_length=300,
                hint=_("The team reads this in the thread."), error=_("Please say in one sentence what we did."),
            ),
            Field("cause", _("What caused it?"), Ask.CHOICE, causes, error=_("Please choose what caused it.")),
        ),
    )  # fmt: skip
