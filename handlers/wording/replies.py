"""What only the person who tapped reads: kind, and always with what to do next. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.cards import Card, Reply
from handlers.case import Case, State
from handlers.company import People
from handlers.situation import Away, Change, Situation
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called, day, took

RACE = timedelta(seconds=10)
"""A claim this recent was a race, and the loser deserves thanks rather than an explanation; a tap so soon after the same one was a
double tap."""


def done(change: Change) -> Reply:
    """Returns what is shown after a change; a card with a button where the change can be undone."""
    if change.undo is None:
        return Reply(change.reply)
    return Reply(cards=(Card(plain=change.reply, headline=change.reply, buttons=(change.undo,)),))


def unknown_card(whom: str) -> Reply:
    """For a card that belongs to no team here: an old test, another company's channel, a made-up id. `whom` can be asked."""
    text = _("This card does not belong to a team here, so nothing was changed. Please ask {whom}.")
    return Reply(text.format(whom=whom), unknown=True)


def unknown_verb() -> Reply:
    return Reply(
        _("This button is from an older version of Action Hero, so nothing was changed. Type /hero mine to see your follow-ups.")
    )


def team_is_gone(case: Case, whom: str) -> Reply:
    text = _("The team “{team}” is not set up any more, so nothing was changed.").format(team=case.team)
    if not case.open:
        return Reply(text, unknown=True)
    return Reply(text + " " + _("This customer still waits: please tell {whom}.").format(whom=whom), unknown=True)


def team_has_moved(team: Team) -> Reply:
    """For the owner of a case, in a chat in which its team had a channel before."""
    return Reply(
        _("{team} is in another chat now, so nothing was changed. Please go on there.").format(team=team.title), unknown=True
    )


def done_already() -> Reply:
    """For the second of two quick taps: the first one did it."""
    return Reply(_("That is done already, thank you. Your tap came twice and was saved once."))


def somebody_was_faster() -> Reply:
    return Reply(_("Somebody changed this card at the same moment, so nothing was saved. Please look at it and tap again."))


def lost_a_race(case: Case, at: datetime) -> bool:
    """Returns whether somebody took the case so shortly before `at` that whoever pressed then cannot have seen it."""
    return case.claimed_at is not None and at - case.claimed_at < RACE


def taken(situation: Situation) -> Reply:
    """For somebody who lost a race, or came late."""
    case, at = situation.case, situation.tap.at
    who = begin(called(case.owner, situation.company.people))
    since = at - (case.claimed_at or at)
    if lost_a_race(case, at):
        return Reply(_("{who} was a moment faster, thank you! They are replying to this customer.").format(who=who))
    if case.owner is not None and (away := situation.away(case.owner)) is not None:
        text = _("{who} took this {span} ago and is away until {day}. Ask the team's leader to move it.")
        return Reply(text.format(who=who, span=took(since), day=until(situation, away)))
    return Reply(_("{who} took this {span} ago and is replying to the customer.").format(who=who, span=took(since)))


def finished(case: Case, at: datetime) -> Reply:
    """For somebody who tapped an old card of a follow-up that has ended."""
    if case.erased:
        return Reply(_("This customer was erased, as they wished. There is nothing left to do."))
    if case.state is State.DISMISSED:
        return Reply(_("This was marked as not a problem. Press Undo on the card if the customer needs a reply after all."))
    span = took(at - (case.closed_at or at))
    return Reply(_("This was closed {span} ago. Press Reopen on the card if the customer needs us again.").format(span=span))


def refused(situation: Situation, *, may: bool) -> Reply | None:
    """Returns why a claim cannot be changed: it has ended, nobody has claimed it, or this person may not (`may`). Else None."""
    if not situation.case.open:
        return finished(situation.case, situation.tap.at)
    if situation.case.state is State.NEW:
        return nobody_has_it()
    return None if may else not_yours(situation)


def nobody_has_it() -> Reply:
    return Reply(_("Nobody has this one yet. Press “I'll reply” first, then it is yours."))


def not_yours(situation: Situation) -> Reply:
    """For somebody who tries to decide about a colleague's follow-up."""
    owner, people = situation.case.owner, situation.company.people
    away = situation.away(owner) if owner is not None else None
    text = _("{who} is replying to this customer, so nothing was changed.").format(who=begin(called(owner, people)))
    if away is not None:
        text = _("{who} has this customer and is away until {day}, so nothing was changed.")
        text = text.format(who=begin(called(owner, people)), day=until(situation, away))
    if situation.is_leader:
        return Reply(text + " " + _("Only they can do this. Use “Hand over…” to choose who replies."))
    if away is not None or owner is None or not owner.name or people is People.OFF:  # they cannot be asked
        return Reply(text + " " + _("Ask the team's leader to move it."))
    ask = _("Ask {who} to hand it over, or the team's leader to move it.")
    return Reply(text + " " + ask.format(who=called(owner, people)))


def yours(situation: Situation, text: str) -> str:
    """Returns `text`, said to somebody who has a case from now on; if they are away, also who is reminded of it in their place."""
    away = situation.away(situation.actor)
    if away is None or not away.stand_ins:
        return text
    who = called(away.stand_ins[0], situation.company.people)
    said = _("You are away until {day}, so {who} hears of this customer: type “more” if you are back.")
    return f"{text} {said.format(day=until(situation, away), who=who)}"


def until(situation: Situation, away: Away) -> str:
    """Returns the day on which somebody is back, such as `Tue 24 Nov`."""
    return day(away.until.astimezone(situation.team.hours.zone))
