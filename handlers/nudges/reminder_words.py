"""The words in which a private bundle asks about one of its cases, or says what became of it. Pure."""

from __future__ import annotations

from datetime import datetime

from handlers.case import Case, State
from handlers.company import People
from handlers.feedback import Band, Person
from handlers.ladder import Phase, Role
from handlers.nudges import steps
from handlers.nudges.reminder import Reminder
from handlers.nudges.steps import Kind
from handlers.wording.language import gettext as _
from handlers.wording.words import TITLE, begin, called, cut, day, deadline, when


def settled(each: Reminder, reader: Person, people: People) -> str:
    """Returns what became of the case, if there is nothing left to answer; else an empty string."""
    case = each.case
    replying = _("#{id}: {who} is replying now.").format(id=case.id, who=called(case.owner, people))
    if each.score:
        return ""
    if case.state is State.DISMISSED:
        return _("#{id} was dismissed. Thank you.").format(id=case.id)
    if not case.open:
        return _("#{id} is closed. Thank you.").format(id=case.id)
    if each.went_back and case.owner is None:
        return ""
    if (each.went_back or each.role is not Role.OWNER) and case.is_with(reader):
        return _("#{id} is yours. Thank you.").format(id=case.id)
    if each.went_back or (each.for_a_hand and case.owner is not None and case.help_at is None):
        return replying
    if each.for_a_hand and case.owner is not None:
        return ""
    if case.owner is None and (each.role is Role.OWNER or each.for_a_hand):
        return _("#{id} waits for somebody in the channel again.").format(id=case.id)
    if each.role is Role.OWNER and not case.is_with(reader) and case.help_at is None:
        return replying
    if each.role is not Role.OWNER and case.owner is not None and case.contacted_at is not None:
        return _("#{id}: this customer has heard from us.").format(id=case.id)
    if each.role is Role.COLLEAGUE and case.owner is not None and steps.phase_of(each.step) is Phase.UNCLAIMED:
        return replying
    return ""


def question(each: Reminder, reader: Person, people: People, now: datetime) -> str:
    """Returns in which words this reader is asked about it, as in “Still yours?”."""
    case, zone = each.case, each.team.hours.zone
    since = when(case.waits_since, zone, each.said_at)  # relative to when it was sent, so that a redrawn message keeps its wording
    by = deadline(case.close_by if case.owner else case.claim_by, zone, now)
    who = begin(called(case.owner, people))
    if each.score:
        return _("They answered again: {score}. Thank you for looking after them.").format(score=each.score)
    if each.kind is Kind.REOPENED:
        return _(
            "This customer changed their answer since, and the score is low, so it is open again. Would you like to have it back?"
        )
    if each.went_back:
        return _("This customer went back to the channel, so that somebody with time can reply. Would you like to have it back?")
    if each.for_a_hand:
        return _for_a_hand(each, who)
    held = _("{who} has it.").format(who=who) + _snoozed(case, each, now) if case.owner else _("Nobody has it yet.")
    if case.happy and case.contacted_at is None and (said := _thanks(each, reader, who, held, by)):
        return _whose(each, said)
    if each.is_of_yours and case.contacted_at is None:
        return _for_the_colleague(each, since, held)
    if each.role is not Role.OWNER:
        return _whose(each, _for_others(each, since, held))
    if case.owner is not None and not case.is_with(reader):
        return _for_the_owner(each, who, since)
    return _for_its_reason(each.kind) or _heard_in_time(each, by, now) or _to_owner(each, since, by)


def in_short(each: Reminder, reader: Person, people: People) -> str:
    """Returns what the line that a phone shows says of it beside its deadline; empty where the deadline is all there is to say."""
    case, who = each.case, begin(called(each.case.owner, people))
    if each.went_back:
        return _("Would you like to have it back?")
    if each.for_a_hand:
        return _("{who} could use a hand.").format(who=who)
    if case.owner is None:
        return _("Nobody has it yet.")
    if each.role is not Role.OWNER:
        return _("{who} has it.").format(who=who)
    reason = _for_its_reason(each.kind)
    if not case.is_with(reader):
        return f"{_('{who} is away.').format(who=who)} {reason}".rstrip()
    return _("Still yours?") if each.is_open_question else reason


def _for_the_owner(each: Reminder, who: str, since: str) -> str:
    """The wording for whoever stands in for the owner."""
    if each.kind is Kind.ANSWERED:
        text = _("{who} is away, and the customer has answered. Can you take it over?")
    elif each.kind is Kind.ADDED:
        text = _("{who} is away, and the customer added to their answer. Can you take it over?")
    elif each.kind is Kind.WAITED:
        text = _("{who} is away, and it is time to look at this one again. Can you take it over?")
    elif each.case.contacted_at is not None:
        text = _("{who} is away, and this case is still open {at}: the customer has heard from us. Can you see it through?")
    elif each.kind is Kind.LISTED:
        text = _("This customer has been waiting since {since}, as of {at}, and {who} is away. Can you take it over?")
    elif each.again:
        text = _("{who} is still away, and this customer waits, since {since}. Could you take it over, or do you know who could?")
    else:
        text = _("{who} is away, and this customer has been waiting since {since}. Can you take it over?")
    return text.format(at=_said(each), who=who, since=since)


def _thanks(each: Reminder, reader: Person, who: str, held: str, by: str) -> str:
    """The wording of a happy customer whom nobody has thanked yet; empty where the usual one fits."""
    listed, again = each.kind is Kind.LISTED, each.again
    if each.role is not Role.OWNER:
        text = _("A happy customer has not been thanked yet. {held} {ask}")
        if listed or again:
            text = _("A happy customer is still to be thanked, {at}. {held} {ask}")
    elif each.case.owner is not None and not each.case.is_with(reader):
        text = _("{who} is away, and this happy customer has not been thanked yet. Can you take it over?")
        if listed or again:
            text = _("{who} is still away, and this happy customer is to be thanked, {at}. Can you take it over?")
    elif each.is_open_question:
        text = _("This happy customer has not been thanked yet. Still yours?")
        if again:
            text = _("As of {at}, nobody has thanked this customer. Are they yours, or should somebody else do it?")
    elif listed:
        text = _("Still yours on {at}: this happy customer has not been thanked yet.")
    elif each.kind is None and not (each.asks or again):
        text = _("We want to thank this customer by {by}. Is anything in the way?")
    else:
        return ""
    return text.format(who=who, held=held, by=by, at=_said(each), ask=_ask(each)).rstrip()


def _for_a_hand(each: Reminder, who: str) -> str:
    if each.again:
        return _("{who} asks for a hand with this customer once more. Could you take it over, or do you know who could?").format(
            who=who
        )
    return _("{who} could use a hand with this customer. Can you help, or take it over?").format(who=who)


def _for_its_reason(kind: Kind | None) -> str:
    """Returns the sentence for a reminder that has a reason of its own; empty for a step of the ladder, and for a snooze."""
    match kind:
        case Kind.ANSWERED:
            return _("The customer has answered. Have another look?")
        case Kind.ADDED:
            return _("The customer added to their answer. Have a look?")
        case Kind.HANDED:
            return _("This customer is yours again. Have a look?")
        case Kind.WAITED:
            return _("It is time to look at this one again.")
        case _:
            return ""


def _heard_in_time(each: Reminder, by: str, now: datetime) -> str:
    """The wording once the customer has heard from us, before the promise ends or while we wait for them; empty otherwise."""
    case = each.case
    if case.contacted_at is None or each.kind in (Kind.SNOOZED, Kind.LISTED):
        return ""
    if case.state is State.WAITING and case.quiet_until is not None:
        until = when(case.quiet_until, each.team.hours.zone, now)
        return _("You have been in touch, and wait for the customer until {at}.").format(at=until)
    return _("You have been in touch. It is to be closed by {by}.").format(by=by) if now <= case.close_by else ""


def _to_owner(each: Reminder, since: str, by: str) -> str:
    if each.asks and each.case.asked_at is None:
        return _kept(each, by)
    if each.asks and each.again:
        text = _("This customer has been waiting since {since}, as of {at}. Is it yours, or should somebody else reply?")
        return text.format(at=_said(each), since=since)
    if each.asks:
        return _("This customer has been waiting since {since}, longer than we promised. Still yours?").format(since=since)
    if each.kind is Kind.SNOOZED:
        if each.case.contacted_at is not None:
            return _("You asked to be reminded of this one: it is still to be closed.")
        return _("You asked to be reminded of this one: we promised a reply by {by}.").format(by=by)
    if each.kind is Kind.LISTED and each.case.contacted_at is not None:
        return _("Still open {at}: this customer has heard from us, and our promise ended {by}. Can it be closed?").format(
            at=_said(each), by=by
        )
    if each.kind is Kind.LISTED:
        return _("Still yours on {at}: this customer has been waiting since {since}.").format(at=_said(each), since=since)
    if each.case.contacted_at is not None and each.again:
        return _("This one is still open, and our promise ended {by}. Is anything left to do?").format(by=by)
    if each.case.contacted_at is not None:
        return _("You have been in touch, and our promise ended {by}. Can it be closed?").format(by=by)
    if each.again:
        return _("Our reply to this customer is due {by}. Would a hand help?").format(by=by)
    return _("We promised this customer a reply by {by}. Is anything in the way?").format(by=by)


def _kept(each: Reminder, by: str) -> str:
    """The wording once the owner has answered “still yours?”."""
    if each.again:
        return _("You kept this one, thank you. We promised a reply by {by}.").format(by=by)
    return _("It stays yours, thank you. We promised a reply by {by}.").format(by=by)


def _said(each: Reminder) -> str:
    """Returns the day of a line of the daily list, so that no text is repeated: after midnight that on which the shift began."""
    hours = each.team.hours
    return day(min(each.said_at.astimezone(hours.zone).date(), hours.day_of(each.said_at)))


def _snoozed(case: Case, each: Reminder, now: datetime) -> str:
    """Returns the sentence that explains the silence, as in `It is snoozed until Fri 13:30.`; empty if the case is not snoozed."""
    if case.quiet_until is None or case.quiet_until <= now:
        return ""
    return _(" It is snoozed until {at}.").format(at=when(case.quiet_until, each.team.hours.zone, now))


def _for_others(each: Reminder, since: str, held: str) -> str:
    """The wording for those who may help: a question about the team, never about a person."""
    if each.case.contacted_at is not None and each.again:
        text = _("Nobody has taken this one yet, {at}: the customer has heard from us, and the case is open. {ask}")
    elif each.case.contacted_at is not None:
        text = _("Still open {at}: this customer has heard from us, and nobody has the case now. {ask}")
    elif each.kind is Kind.LISTED:
        text = _("This customer has been waiting since {since} and, as of {at}, has not heard from us. {held}")
    elif each.again:
        text = _("A customer still waits for a word from us, since {since}. {held} {ask}")
    else:
        text = _("A customer has been waiting since {since} for a word from us. {held} {ask}")
    return text.format(at=_said(each), since=since, held=held, ask=_ask(each))


def _for_the_colleague(each: Reminder, since: str, held: str) -> str:
    """The wording for whoever usually looks after a customer who waits."""
    if each.again:
        text = _("Your customer still waits for a word from {team}, since {since}. {held} {ask}")
    elif each.case.band is Band.DETRACTOR:
        text = _("A customer of yours is unhappy, and has been waiting for a word from {team} since {since}. {held} {ask}")
    else:
        text = _("A customer of yours has been waiting for a word from {team} since {since}. {held} {ask}")
    return text.format(team=cut(each.team.title, TITLE), since=since, held=held, ask=_ask(each))


def _whose(each: Reminder, said: str) -> str:
    """Returns what is said, for a customer's usual colleague or their stand-in with the reason why they read it."""
    if each.is_of_yours:
        return _("You usually look after this customer. {said}").format(said=said)
    if each.role is Role.COLLEAGUE:
        return _("You stand in for whoever usually looks after this customer. {said}").format(said=said)
    return said


def _ask(each: Reminder) -> str:
    match each.role:
        case Role.COLLEAGUE if each.case.owner is not None:
            return _("Do you know something that helps?")
        case Role.COLLEAGUE:
            return _("Would you like to reply?")
        case Role.BACKUP:
            return _("Can you step in?")
        case Role.MANAGER:
            return _("Does the team need a hand?")
        case _:
            return _("Can you free someone?")
