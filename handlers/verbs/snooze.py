"""snooze: remind me later, at times that fit a shift. It never moves the promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice

from handlers.calendar.hours import OpeningHours
from handlers.calendar.later_day import opening_from
from handlers.cards import Ask, Field, Form, Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording import replies
from handlers.wording.language import gettext as _
from handlers.wording.words import when

AFTER_LUNCH = time(13, 30)
BEFORE_CLOSING = timedelta(minutes=30)
"""The “end of a shift” is this long before the closing, which leaves time to reply to somebody."""
DAYS = 6
"""Working days that can be chosen after the next opening: with it a week of a team that is there every day."""


def snooze(situation: Situation) -> Decision:
    """Only the owner may; others see until when."""
    if (refused := replies.refused(situation, may=situation.is_owner)) is not None:
        return refused
    choices = _choices(situation)
    if situation.tap.answers is None:
        return Reply(form=_form(situation, choices))
    until = choices.get(situation.tap.answer("until"))
    if until is None:
        return _form(situation, choices).again("until")
    said = when(until, situation.team.hours.zone, situation.tap.at)
    columns = {"quiet_until": until}
    if situation.tap.answer("until") == "answer":
        text = _("We tell you when they add to their survey answer, at the latest {at}. The promise stays as it is.").format(
            at=said
        )
    else:
        text = _("We remind you {at}. The promise stays as it is.").format(at=said)
    return Change(columns, text, {"until": until.isoformat()}, remind_at=until)


def _choices(situation: Situation) -> dict[str, datetime]:
    """Returns the moments that can be chosen now, by the value of the answer."""
    hours, at = situation.team.hours, situation.tap.at
    opening = _next_opening(hours, at)
    choices = {"lunch": _after_lunch(hours, at), "shift": _end_of_shift(hours, at), "opening": opening}
    choices |= _later_days(hours, hours.day_of(opening))
    choices["answer"] = hours.next_opening(max(situation.case.close_by, at + timedelta(hours=1)))
    return {value: moment for value, moment in choices.items() if moment is not None}


def _later_days(hours: OpeningHours, after: date) -> Mapping[str, datetime]:
    """Returns when the team is there on each of the working days after that day, by the date: a customer may have named one."""
    days = islice(hours.working_days(after + timedelta(days=1)), DAYS)
    return {day.isoformat(): opening_from(hours, day) for day in days}


def _after_lunch(hours: OpeningHours, at: datetime) -> datetime | None:
    lunch = datetime.combine(at.astimezone(hours.zone).date(), AFTER_LUNCH, hours.zone)
    return lunch.astimezone(at.tzinfo) if lunch > at and hours.is_open(lunch) else None


def _end_of_shift(hours: OpeningHours, at: datetime) -> datetime | None:
    closing = hours.closing(at) if hours.is_open(at) else None
    return closing - BEFORE_CLOSING if closing and at < closing - BEFORE_CLOSING < hours.next_day(at) else None


def _next_opening(hours: OpeningHours, at: datetime) -> datetime:
    """Returns when the team opens again, also after a break, or with the next working day if it does not close before."""
    if not hours.is_open(at):
        return hours.next_opening(at)
    closing, next_day = hours.closing(at), hours.next_day(at)
    return next_day if closing is None else min(next_day, hours.next_opening(closing))


def _form(situation: Situation, choices: Mapping[str, datetime]) -> Form:
    options = tuple((value, _label(situation, value, moment)) for value, moment in choices.items())
    until = Field(
        "until",
        _("When shall we remind you?"),
        Ask.CHOICE,
        options,
        hint=_("If the customer said when, choose that day."),
        error=_("Please choose when."),
    )
    return Form("snooze", situation.case.id, _("Snooze"), _("The promise to the customer stays as it is."), _("Snooze"), (until,))


def _label(situation: Situation, value: str, moment: datetime) -> str:
    """Returns what a moment is called; a day on which our promise will be over says so."""
    named = {
        "lunch": _("After lunch, {at}"),
        "shift": _("End of my shift, {at}"),
        "opening": _("Next opening, {at}"),
        "answer": _("When they add to their survey answer"),
    }
    case, at = situation.case, situation.tap.at
    said = named.get(value, "{at}").format(at=when(moment, situation.team.hours.zone, at))
    passes = value != "answer" and case.contacted_at is None and at <= case.close_by < moment
    return _("{at}, after our promise").format(at=said) if passes else said
