"""The card of a follow-up: what the channel sees, and what only its owner sees. Pure; every sentence of the card is here."""

from __future__ import annotations

from datetime import datetime

from handlers.cards import Button, Card, Style
from handlers.feedback import MOST_LOW, Case, Moment, Person, State
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.masking import for_channel
from handlers.rules import People, Team
from handlers.words import begin, called, colleague, cut, opening_time, score, short_score, took, when

QUOTED = 280
"""Characters of the customer's words in the channel; the rest is behind a private button."""
QUOTED_PRIVATELY = 2500


def outcomes() -> dict[str, str]:
    """How a follow-up can end, by the value that is stored."""
    return {
        "fixed": _("Fixed"),
        "partly": _("Partly fixed"),
        "could-not": _("Could not fix it"),
        "unreachable": _("Could not reach them"),
        "not-ours": _("Not ours to fix"),
        "lost": _("The customer left us"),
        "replied": _("Replied in public"),
        "answered": _("Answered"),
        "taken-on": _("We will do it"),
        "declined": _("We will not, and said why"),
        "thanked": _("Thanked them"),
    }


_ENDS = {
    Moment.RESPONSE: ("answered", "taken-on", "declined", "fixed", "unreachable", "not-ours"),
    Moment.RELATIONSHIP: ("thanked", "unreachable", "not-ours"),
}
_USUAL_ENDS = ("fixed", "partly", "could-not", "unreachable", "not-ours", "lost")
_IN_PUBLIC = {
    Moment.RESPONSE: ("replied", "taken-on", "declined", "not-ours"),
    Moment.RELATIONSHIP: ("replied", "not-ours"),
}
_USUAL_IN_PUBLIC = ("replied", "fixed", "could-not", "not-ours")


def outcomes_of(case: Case) -> dict[str, str]:
    """Those that fit why it matters. Whoever left no way to reach them can only be answered in public."""
    wanted = _IN_PUBLIC.get(case.moment, _USUAL_IN_PUBLIC) if case.only_in_public else _ENDS.get(case.moment, _USUAL_ENDS)
    return {name: outcomes()[name] for name in wanted}


def stays() -> dict[str, str]:
    """Whether a customer who is worth much stays, by the value that is stored."""
    return {"yes": _("They stay with us."), "no": _("They are leaving."), "unsure": _("We do not know yet whether they stay.")}


def reasons() -> dict[str, str]:
    """Why feedback needs no reply, by the value that is stored."""
    return {
        "test": _("A test or spam"),
        "no-problem": _("Praise or a question, not a problem"),
        "duplicate": _("The same as another card"),
        "nobody": _("Nobody to reply to"),
    }


def why_dismissed(reason: str) -> str:
    """The reason in words, also the one that nobody can choose."""
    return _("Erased, as the customer wished") if reason == "erased" else reasons().get(reason, reason)


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
        buttons=_buttons(case),
        menu=_menu(case),
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
        buttons=_buttons(case),
        menu=_menu(case),
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
            state=state, score=short_score(case), place=cut(team.title, 40), deadline=deadline
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


def _buttons(case: Case) -> tuple[Button, ...]:
    """At most two, and only those that fit the state."""
    match case.state:
        case State.NEW if case.in_question:
            return (
                Button("problem", _("Yes, a problem"), case.id, _("Yes, this customer has a problem"), Style.PRIMARY),
                Button("no_problem", _("No"), case.id, _("No, this customer has no problem")),
            )
        case State.NEW:
            return (
                Button("claim", _("I'll reply"), case.id, _("I'll reply to this customer"), Style.PRIMARY),
                Button("dismiss", _("Not a problem…"), case.id, _("This is not a customer problem, say why")),
            )
        case State.CLAIMED | State.WAITING if case.help_at is not None:
            return (
                Button("claim", _("I'll take it"), case.id, _("I'll take this customer over"), Style.PRIMARY),
                Button("close", _("Done…"), case.id, _("Close this follow-up, say what we did")),
            )
        case State.CLAIMED | State.WAITING:
            return (
                Button("close", _("Done…"), case.id, _("Close this follow-up, say what we did"), Style.PRIMARY),
                Button("hand_over", _("Hand over…"), case.id, _("Hand this customer over to a colleague")),
            )
        case State.CLOSED:
            return (Button("reopen", _("Reopen"), case.id, _("Reopen this follow-up")),)
        case State.DISMISSED if case.reason == "erased":
            return ()
        case _:
            return (Button("reopen", _("Undo"), case.id, _("Undo: this customer needs a reply after all")),)


def _menu(case: Case) -> tuple[Button, ...]:
    note = Button("note", _("Add a note…"), case.id, _("Add a note for the team"))
    rest = Button("read", _("Read all of it"), case.id, _("Read all the customer said, privately"))
    read = (rest,) if len(case.comment) > QUOTED else ()
    if case.state not in (State.CLAIMED, State.WAITING):
        return (*read, note)
    return (
        *(
            ()
            if case.help_at is None
            else (Button("hand_over", _("Hand over…"), case.id, _("Hand this customer over to a colleague")),)
        ),
        Button("contacted", _("I've been in touch"), case.id, _("Note that I have been in touch with this customer")),
        Button("wait", _("Wait for the customer…"), case.id, _("We have answered and wait for the customer")),
        Button("snooze", _("Snooze…"), case.id, _("Remind me of this customer later")),
        *(
            (Button("help", _("Need help"), case.id, _("Ask the channel for a hand with this customer")),)
            if case.help_at is None
            else ()
        ),
        note,
        Button("release", _("Give it back"), case.id, _("Give this follow-up back to the team")),
        Button("dismiss", _("Not a problem…"), case.id, _("This is not a customer problem, say why")),
        *read,
    )
