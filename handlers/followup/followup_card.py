"""The card of a follow-up: what the channel sees, and what only its owner sees. Pure; its sentences are here and in standing.py."""

from __future__ import annotations

from datetime import datetime

from handlers.cards import Card
from handlers.case import MOST_LOW, Case, State
from handlers.company import People
from handlers.feedback import Person
from handlers.followup.followup_buttons import buttons_and_menu
from handlers.followup.handed_card import passed_on
from handlers.followup.standing import is_late, standing, your_standing
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.masking import for_channel
from handlers.wording.outcomes import UNREACHABLE, outcomes, why_dismissed
from handlers.wording.words import (
    QUOTED,
    TITLE,
    begin,
    called,
    colleague,
    cut,
    opening_words,
    score,
    short_score,
    times,
    took,
    waited,
    when,
    whole,
)

QUOTED_PRIVATELY = 2500


def channel_card(case: Case, team: Team, people: People, now: datetime) -> Card:
    """Returns what everybody in the team's channel sees. Contains no surname, e-mail, phone or order number of the customer."""
    case = for_channel(case, team)
    buttons, menu = buttons_and_menu(case)
    told = case.state is State.NEW  # the headline of a new card has the score and the place already
    return Card(
        plain=_plain(case, team, people, now),
        headline=_headline(case, team, people, now),
        quote=cut(case.comment, QUOTED),
        context=(
            _context(case, team, now, told=told),
            *_whose(case, people),
            *_what_we_did(case),
            *_tried(case, team, now),
            *_how_it_stands(case, team, people, now),
        ),
        buttons=buttons,
        menu=menu,
        footer=f"#{case.id} · {case.route}",
        follow_up=case.id,
    )


def private_card(case: Case, team: Team, people: People, reader: Person, now: datetime) -> Card:
    """Returns what one person sees about a follow-up they claimed: the customer's details while it is theirs, then where it
    went."""
    if not (case.open and case.is_with(reader)):
        return Card(plain=_no_longer_yours(case, people))
    state, until = your_standing(case, team, now)
    buttons, menu = buttons_and_menu(case, own=True)
    return Card(
        plain=_("{state}, {until}.").format(state=state, until=until),
        headline=_("{state} · {until}").format(state=state, until=until),
        quote=cut(case.comment, QUOTED_PRIVATELY),
        context=(_context(case, team, now), *_tried(case, team, now), *_how_it_stands_for_you(case, team, now), *_about(case)),
        buttons=buttons,
        menu=menu,
        footer=f"#{case.id} · {team.title} · {case.route}",
        reach=ways_to_reach(case),
        follow_up=case.id,
    )


def _headline(case: Case, team: Team, people: People, now: datetime) -> str:
    """Returns the state and its deadline; for a new card also score and place, since a desktop announces this headline."""
    match case.state:
        case State.CLOSED:
            span = took((case.contacted_at or case.closed_at or now) - case.waits_since)
            outcome = outcomes().get(case.outcome or "", "")
            if case.contacted_at is None or case.outcome == UNREACHABLE:
                return _("Closed · {outcome}").format(outcome=outcome)
            if case.replied_by is None:
                return _("Closed · heard from us after {span} · {outcome}").format(span=span, outcome=outcome)
            who = called(case.replied_by, people)
            return _("Closed · {who} replied after {span} · {outcome}").format(who=who, span=span, outcome=outcome)
        case State.DISMISSED:
            return _("Dismissed · {reason}").format(reason=why_dismissed(case.reason))
    state, until = standing(case, team, people, now)
    if case.state is State.NEW:
        place = cut(team.title, TITLE)
        return _("{state} · {score} · {place} · {until}").format(state=state, score=score(case), place=place, until=until)
    if case.state is State.CLAIMED and not is_late(case, now):
        return _("Claimed · {state} · {until}").format(state=state, until=until)
    return _("{state} · {until}").format(state=state, until=until)


def _plain(case: Case, team: Team, people: People, now: datetime) -> str:
    """Returns state, score, place, deadline and first words, in this order, so that a line cut off on a phone still makes sense."""
    said = {"score": short_score(case), "place": cut(team.title, TITLE)}
    words = f" {opening_words(case.comment)}".rstrip()
    if not case.open:
        return _("{state}: {score} at {place}.").format(state=_ended(case, people), **said) + words
    state, until = standing(case, team, people, now)
    if case.in_question:
        return _("{state}: {score} at {place}. Is this a problem?").format(state=state, **said) + words
    return _("{state}: {score} at {place}, {until}.").format(state=begin(state), until=until, **said) + words


def _ended(case: Case, people: People) -> str:
    if case.state is State.DISMISSED:
        return _("Dismissed")
    return _("Closed by {who}").format(who=called(case.closed_by, people)) if case.closed_by else _("Closed")


def _context(case: Case, team: Team, now: datetime, *, told: bool = False) -> str:
    parts = [] if told else [score(case), team.title]
    if case.touchpoint:
        parts.append(cut(case.touchpoint, 60))
    parts.append(when(case.occurred_at, team.hours.zone, now))
    if case.wants_contact:
        parts.append(_("asks to be contacted"))
    if case.changed_since:
        parts.append(_("open again: they changed their answer"))
    if told and not (_ways(case) or case.customer.given):  # nobody should take it on only to find that out
        parts.append(_("to be answered in public") if case.only_in_public else _("left no way to reach them"))
    if case.earlier_low:
        earlier = ngettext("{n} earlier low score", "{n} earlier low scores", case.earlier_low).format(n=case.earlier_low)
        parts.append(earlier if case.earlier_low < MOST_LOW else _("{n} or more earlier low scores").format(n=MOST_LOW))
    return " · ".join(part for part in (*parts, passed_on(case)) if part)


def _whose(case: Case, people: People) -> tuple[str, ...]:
    """Names the colleague who knows the customer best, by the directory: others may want to ask them before they reply."""
    who = colleague(case.customer.owner, people)
    return (_("Usually looked after by {who}").format(who=who),) if who and case.open else ()


def _what_we_did(case: Case) -> tuple[str, ...]:
    if case.state is not State.CLOSED or not case.done:
        return ()
    cause = _(" Cause: {cause}.").format(cause=case.cause) if case.cause else ""
    return (_("What we did: {done}").format(done=whole(case.done)) + cause,)


def _tried(case: Case, team: Team, now: datetime) -> tuple[str, ...]:
    """Returns how often somebody tried to reach a customer who has not heard from us."""
    if case.tried_at is None or case.contacted_at is not None or case.state is State.DISMISSED:
        return ()
    at = when(case.tried_at, team.hours.zone, now)
    said = _("Tried {times}, {at}") if case.tries == 1 else _("Tried {times}, last {at}")
    return (said.format(times=times(case.tries), at=at),)


def _how_it_stands(case: Case, team: Team, people: People, now: datetime) -> tuple[str, ...]:
    """Once the promise is over: how long the customer has waited, and how much of it in opening hours, with the time of that
    reading, since a card stands for days. Also what colleagues should know of a claim: until when it is snoozed, and whether a
    hand is wanted."""
    lines = []
    late = is_late(case, now)
    if late and case.owner is not None:
        lines.append(_("{who} is on it").format(who=begin(called(case.owner, people))))
    if late and not case.happy:
        said = waited(now - case.waits_since, team.hours.between(case.waits_since, now))
        lines.append(_("As of {now} the customer has waited {waited}").format(now=when(now, team.hours.zone, now), waited=said))
    lines += _snoozed(case, team, now)
    if case.open and case.help_at is not None:
        lines.append(_("{who} could use a hand").format(who=begin(called(case.owner, people))))
    return tuple(lines)


def _snoozed(case: Case, team: Team, now: datetime) -> list[str]:
    if case.state is not State.CLAIMED or case.quiet_until is None or case.quiet_until <= now:
        return []
    return [_("Snoozed until {at}").format(at=when(case.quiet_until, team.hours.zone, now))]


def _how_it_stands_for_you(case: Case, team: Team, now: datetime) -> list[str]:
    """Like the end of `_how_it_stands`, addressed to the owner."""
    asked = [_("The channel is asked for a hand")] if case.help_at is not None else []
    return [*_snoozed(case, team, now), *asked]


def details(case: Case) -> tuple[str, ...]:
    """Returns how to reach the customer and what is known about them: for the owner only, and logged when shown."""
    return (*ways_to_reach(case), *_about(case))


def ways_to_reach(case: Case) -> tuple[str, ...]:
    """Returns who the customer is and the ways to reach them, one per line, so that each can be tapped. Contact details from this
    answer only are shown but not tappable: somebody who answers in the customer's name must not divert the call to themselves by
    one careless tap."""
    who = case.customer
    name = " · ".join(text for text in (who.name, who.company) if text)
    ways = _ways(case)
    if not ways:
        in_public = _("They left no way to reach them: reply in public.")
        ways = [in_public if case.only_in_public else _("The customer left no way to reach them.")]
    given = _("As given in this answer: {contact}").format(contact=" · ".join(who.given)) if who.given else ""
    return tuple(text for text in (name, *ways, given) if text)


def _ways(case: Case) -> list[str]:
    return [text for text in (case.customer.phone, case.customer.email) if text]


def _about(case: Case) -> tuple[str, ...]:
    who = case.customer
    worth = _("worth {value:,.0f} {currency}")
    money = worth.format(value=who.value, currency=who.currency or "").replace("  ", " ") if who.value else ""
    about = " · ".join(text for text in (who.segment, who.location, money, case.link) if text)
    return (about,) if about else ()


def _no_longer_yours(case: Case, people: People) -> str:
    match case.state:
        case State.CLOSED:
            return _("#{id} is closed: {outcome}. Thank you.").format(
                id=case.id, outcome=outcomes().get(case.outcome or "", "").lower()
            )
        case State.DISMISSED:
            return _("#{id} was dismissed: {reason}.").format(id=case.id, reason=why_dismissed(case.reason).lower())
        case State.NEW:
            return _("#{id} is no longer yours: it waits for somebody in the channel again.").format(id=case.id)
        case _:
            return _("#{id} is no longer yours: {who} is replying now.").format(id=case.id, who=called(case.owner, people))
