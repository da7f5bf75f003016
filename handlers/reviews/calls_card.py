"""Whom a leader is to call after a month, and what to say: customers who were lost, or are not known to be happy again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.calendar.months import Month
from handlers.cards import Ask, Button, Card, Field, Form
from handlers.case import Case
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import cut, month, when

SHORT = 20
WORDS = 120
MOST_CALLS = 10
"""Maximum customers in one call list."""


@dataclass(frozen=True, slots=True)
class Called:
    """One customer to be called. `group` says what became of them, empty in older reviews. `outcome` is `called`, `no_answer` or
    `do_not_call` once somebody recorded it, `at` when."""

    case: Case
    team: Team
    group: str
    worth: str = ""
    outcome: str = ""
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls assigned to one reader of a review, whose id is `review`. `made` and `due` count the calls of all who lead these
    teams."""

    review: int
    month: Month
    each: tuple[Called, ...]
    made: int
    due: int


def calls_card(calls: Calls, now: datetime) -> Card:
    """Returns the list of calls as a post of its own: a chat has no room for it in the review."""
    number = len(calls.each)
    said = ngettext("Please call {n} customer · {month}", "Please call {n} customers · {month}", number)
    said = said.format(n=number, month=month(calls.month.first))
    made = _("Those who lead these teams have made {made} of {due} calls · only you read this")
    return Card(
        plain=said,
        headline=said,
        items=tuple(_item(called, calls.review, now) for called in calls.each[:MOST_CALLS]),
        footer=made.format(made=calls.made, due=calls.due),
    )


def script() -> str:
    """Returns what to say, in four lines; it is shown beside the telephone number."""
    return _(
        "1. Say who you are, and that you read what they wrote.\n"
        "2. Say sorry, without a “but”.\n"
        "3. Ask what would have kept them, and listen.\n"
        "4. Say what you will do, and by when."
    )


def note_form(target: str) -> Form:
    missing = _("Please write what they said.")
    said = Field("note", _("What did they say?"), Ask.TEXT, max_length=300, error=missing)
    intro = _("It stands in your review and in the log of their case, and nowhere else.")
    return Form("call_note", target, _("A note"), intro, _("Note it"), (said,))


def outcomes() -> dict[str, str]:
    """Returns what can come of a call, by the verb that records it."""
    return {"called": _("Called"), "no_answer": _("No answer"), "do_not_call": _("Do not call")}


def _item(called: Called, review_id: int, now: datetime) -> Card:
    """Returns one customer to call. The outcome is in the headline: with ten items, a message has no room for more."""
    case, team, target = called.case, called.team, f"call:{review_id}:{called.case.id}"
    why = {"lost": _("lost"), "unhappy": _("not happy yet"), "unknown": _("not known")}.get(called.group, "")
    came = f"{outcomes()[called.outcome]}, {when(called.at, team.hours.zone, now)}" if called.outcome and called.at else ""
    said = " · ".join(text for text in (came, cut(team.title, SHORT), why, called.worth) if text)
    return Card(
        plain=said,
        headline=said,
        quote=cut(" ".join(case.comment.split()), WORDS),
        context=(_("They said: {note}").format(note=called.note),) if called.note else (),
        buttons=_answers(called.outcome, target),
        menu=(Button("reach", _("How to reach them"), target, _("Show how to reach this customer, and what to say")),),
        footer=f"#{case.id}",
        follow_up=case.id,
    )


def _answers(outcome: str, target: str) -> tuple[Button, ...]:
    """Returns the buttons for what can still be recorded: somebody not reached may be called again."""
    spoken = {"called": _("I reached this customer"), "no_answer": _("Nobody answered"), "do_not_call": _("Do not call again")}
    each = {verb: Button(verb, label, target, spoken[verb]) for verb, label in outcomes().items()}
    note = Button("call_note", _("Add a note…"), target, _("Note what they said"))
    match outcome:
        case "":
            return tuple(each.values())
        case "no_answer":
            return each["called"], each["do_not_call"], note
        case "do_not_call":
            return each["called"], note
        case _:
            return (note,)
