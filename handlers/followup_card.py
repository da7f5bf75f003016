"""The card of a follow-up: what the channel sees, and what only its owner sees. Pure; every sentence of the card is here."""

from __future__ import annotations

from datetime import datetime

from handlers.cards import Card
from handlers.feedback import MOST_LOW, Case, Person, State
from handlers.followup_buttons import buttons, menu
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.masking import for_channel
from handlers.outcomes import outcomes, why_dismissed
from handlers.rules import People, Team
from handlers.words import QUOTED, TITLE, begin, called, colleague, cut, opening_time, score, short_score, took, when

QUOTED_PRIVATELY = 2500


def channel_card(case: Case, team: Team, people: People, now: datetime) -> Card:
    """What everybody in the team's channel sees. Holds no surname, e-mail, phone or order number of the customer."""
    case = for_channel(case, team)
    headline = _headline(case, team, people, now)
    return Card(
        plain=_plain(case, team, people, now),
        headline=headline,
        quote=cut(case.comment, QUOTED),
        context=(
            _context(case, team, now),
            *_whose(case, people),
            *_what_we_did(case),
            *_how_it_stands(case, team, people, now),
        ),
        buttons=buttons(case),
        menu=menu(case),
        footer=f"#{case.id} · {case.route}",
    )


def private_card(case: Case, team: Team, people: People, reader: Person, now: datetime) -> Card:
    """What one person sees about a follow-up they claimed: the customer's details while it is theirs, and where it went after."""
    if not (case.open and case.owner is not None and case.owner.id == reader.id):
        return Card(plain=_no_longer_yours(case, people))
    by = when(case.close_by, team.hours.zone, now)
    name = case.customer.name or _("this customer")
    return Card(
        plain=_("You are replying to {name}, by {by}.").format(name=name, by=by),
        headline=_("You are replying to {name} · by {by}").format(name=name, by=by),
        quote=cut(case.comment, QUOTED_PRIVATELY),
        context=(_context(case, team, now), *details(case)),
        buttons=buttons(case),
        menu=menu(case),
        footer=f"#{case.id} · {team.title} · {case.route}",
    )


def _headline(case: Case, team: Team, people: People, now: datetime) -> str:
    zone = team.hours.zone
    who = called(case.owner, people)
    match case.state:
        case State.CLOSED:
            span = took((case.contacted_at or case.closed_at or now) - case.created_at)
            outcome = outcomes().get(case.outcome or "", "")
            if case.contacted_at is None:
                return _("Closed · {outcome}").format(outcome=outcome)
            return _("Closed · {who} replied after {span} · {outcome}").format(who=who, span=span, outcome=outcome)
        case State.DISMISSED:
            return _("Dismissed · {reason}").format(reason=why_dismissed(case.reason))
        case State.NEW if case.in_question:
            return _("New · a customer wrote, without a score. Is this a problem?")
        case State.NEW if now > case.claim_by:
            return _("Late · this customer still waits for us, promised by {by}").format(by=when(case.claim_by, zone, now))
        case State.NEW:
            return _("New · a customer needs a reply by {by}").format(by=when(case.claim_by, zone, now))
        case _ if now > case.close_by:
            return _("Late · promised by {by} · {who} is on it").format(by=when(case.close_by, zone, now), who=who)
        case State.WAITING if case.quiet_until is not None:
            return _("Waiting for the customer · {who} looks again {at}").format(who=who, at=when(case.quiet_until, zone, now))
        case _ if case.contacted_at is not None:
            return _("Claimed · {who} has been in touch · by {by}").format(who=who, by=when(case.close_by, zone, now))
        case _:
            return _("Claimed · {who} is replying · by {by}").format(who=who, by=when(case.close_by, zone, now))


def _plain(case: Case, team: Team, people: People, now: datetime) -> str:
    """State, score, place, deadline, first words: in this order, so that a line cut off on a phone still makes sense."""
    zone = team.hours.zone
    state, deadline = _state_word(case, people, now), ""
    if case.open:
        by = when(case.claim_by if case.state is State.NEW else case.close_by, zone, now)
        deadline = _(", reply by {by}").format(by=by)
    words = f" “{cut(' '.join(case.comment.split()), 80)}”" if case.comment else ""
    return (
        _("{state}: {score} at {place}{deadline}.").format(
            state=state, score=short_score(case), place=cut(team.title, TITLE), deadline=deadline
        )
        + words
    )


def _state_word(case: Case, people: People, now: datetime) -> str:
    who = called(case.owner, people)
    match case.state:
        case State.CLOSED:
            return _("Closed by {who}").format(who=who) if case.owner else _("Closed")
        case State.DISMISSED:
            return _("Dismissed")
        case State.WAITING:
            return _("{who} waits for the customer").format(who=begin(who))
        case State.NEW if case.in_question:
            return _("Undecided")
        case State.NEW:
            return _("Late") if now > case.claim_by else _("New")
        case _:
            return (
                _("Late, {who} is on it").format(who=who) if now > case.close_by else _("{who} is replying").format(who=begin(who))
            )


def _context(case: Case, team: Team, now: datetime) -> str:
    parts = [score(case), team.title]
    if case.touchpoint:
        parts.append(cut(case.touchpoint, 60))
    parts.append(when(case.occurred_at, team.hours.zone, now))
    if case.wants_contact:
        parts.append(_("asks to be contacted"))
    if case.earlier_low:
        earlier = ngettext("{n} earlier low score", "{n} earlier low scores", case.earlier_low).format(n=case.earlier_low)
        parts.append(earlier if case.earlier_low < MOST_LOW else _("{n} or more earlier low scores").format(n=MOST_LOW))
    return " · ".join(parts)


def _whose(case: Case, people: People) -> tuple[str, ...]:
    """Whoever knows the customer best, as the directory says: the others may want to ask them before they reply."""
    who = colleague(case.customer.owner, people)
    return (_("Usually looked after by {who}").format(who=who),) if who and case.open else ()


def _what_we_did(case: Case) -> tuple[str, ...]:
    if case.state is not State.CLOSED or not case.done:
        return ()
    cause = _(" Cause: {cause}.").format(cause=case.cause) if case.cause else ""
    return (_("What we did: {done}").format(done=case.done) + cause,)


def _how_it_stands(case: Case, team: Team, people: People, now: datetime) -> tuple[str, ...]:
    """Both clocks once the promise is over, and when they were read, for a card stands for days. What others should know of a
    claim: snoozed until when, in want of a hand."""
    lines = []
    by = case.claim_by if case.state is State.NEW else case.close_by
    if case.open and now > by:
        hours = team.hours.between(case.promised_at, now)
        lines.append(
            _("As of {now}: {hours} of opening hours used, {waited} for the customer").format(
                now=when(now, team.hours.zone, now), hours=opening_time(hours), waited=took(now - case.promised_at)
            )
        )
    if case.state is State.CLAIMED and case.quiet_until is not None and case.quiet_until > now:
        lines.append(_("Snoozed until {at}").format(at=when(case.quiet_until, team.hours.zone, now)))
    if case.open and case.help_at is not None:
        lines.append(_("{who} could use a hand").format(who=begin(called(case.owner, people))))
    return tuple(lines)


def details(case: Case) -> tuple[str, ...]:
    """How to reach the customer: for the owner's eyes only, and written to the log when they are shown."""
    who = case.customer
    reach = " · ".join(text for text in (who.name, who.company, who.email, who.phone) if text)
    money = (
        _("worth {value:,.0f} {currency}").format(value=who.value, currency=who.currency or "").replace("  ", " ")
        if who.value
        else ""
    )
    about = " · ".join(text for text in (who.segment, who.location, money, case.link) if text)
    nobody = (
        _("They left no way to reach them: reply in public.")
        if case.only_in_public
        else _("The customer left no way to reach them.")
    )
    way = reach if not case.only_in_public else f"{reach} · {nobody}" if reach else nobody
    given = _("As given in this answer: {contact}").format(contact=" · ".join(who.given)) if who.given else ""
    return tuple(text for text in (way or nobody, given, about) if text)


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
