"""wait: we have answered, and the next word is the customer's. The case is looked at again on the day that is chosen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers.calendar.later_day import opening_from
from handlers.cards import Ask, Field, Form, Reply
from handlers.case import State
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import called, when

DAYS = {"1": 1, "2": 2, "4": 4, "7": 7, "14": 14}
"""The days until it is looked at again, by the value of the answer."""


def wait(situation: Situation) -> Decision:
    case = situation.case
    if (refused := replies.refused(situation, may=situation.may_steer)) is not None:
        return refused
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    days = DAYS.get(situation.tap.answer("days"))
    if days is None:
        return _form(situation).again("days")
    until = _opening_in(situation, days)
    said = when(until, situation.team.hours.zone, situation.tap.at)
    columns: dict[str, Any] = {"state": State.WAITING, "quiet_until": until}
    if case.contacted_at is None:
        columns["contacted_at"] = situation.tap.at
    return Change({**columns, "help_at": None}, _waits(situation, said), {"until": until.isoformat()})


def _waits(situation: Situation, at: str) -> str:
    if situation.is_owner:
        return _("It waits for the customer until {at}; then it is yours to look at again.").format(at=at)
    who = called(situation.case.owner, situation.company.people)
    return _("It waits for the customer until {at}; then {who} looks at it again.").format(at=at, who=who)


def _opening_in(situation: Situation, days: int) -> datetime:
    hours = situation.team.hours
    return opening_from(hours, situation.tap.at.astimezone(hours.zone).date() + timedelta(days=days))


def _form(situation: Situation) -> Form:
    zone, at = situation.team.hours.zone, situation.tap.at
    days = {when(_opening_in(situation, days), zone, at): value for value, days in reversed(DAYS.items())}
    options = tuple((value, label) for label, value in reversed(days.items()))  # of two days with one opening, the first
    day = Field(
        "days",
        _("When do we look at it again?"),
        Ask.CHOICE,
        options,
        hint=_("If they add to their survey answer before, we tell you at once."),
        error=_("Please choose a day."),
    )
    intro = _("You have been in touch and wait for the customer. Nobody is reminded until then.")
    if situation.case.contacted_at is None:
        intro = _("This notes that you have been in touch, and nobody is reminded until then. If nobody answered: “No answer”.")
    return Form("wait", situation.case.id, _("Wait for the customer"), intro, _("Wait"), (day,))
