"""How an open case stands, and until when: for its card, and for the reminders about it. Pure."""

from __future__ import annotations

from datetime import datetime

from handlers.case import Case, State
from handlers.company import People
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called, deadline, when


def standing(case: Case, team: Team, people: People, now: datetime) -> tuple[str, str]:
    """Returns how an open case stands, and until when, for both the headline and the line that a phone shows. Once the promise is
    over it says that the customer still waits, and names nobody; a customer who has heard from us is never late."""
    who, zone = called(case.owner, people), team.hours.zone
    if case.in_question:
        return _("New"), _("is this a problem?")
    if case.state is State.WAITING:
        looks = _("{who} looks again {at}").format(who=who, at=when(case.quiet_until, zone, now)) if case.quiet_until else ""
        return _("Waiting for the customer"), looks or _to_be_closed(case, team, now)
    if is_late(case, now):
        return _("Not thanked yet") if case.happy else _("Still waiting for us"), _promised(case, team, now)
    if case.state is State.NEW and case.contacted_at is not None:
        again = _("needs somebody again by {by}, we have been in touch").format(by=when(case.claim_by, zone, now))
        return _("New"), again if now <= case.claim_by else _("needs somebody again, we have been in touch")
    if case.state is State.NEW:
        return _("New"), _("needs somebody by {by}").format(by=when(case.claim_by, zone, now))
    if case.contacted_at is None:
        return _("{who} is replying").format(who=who), _("by {by}").format(by=when(case.close_by, zone, now))
    if _others_replied(case):
        return _("{who} has it, we have been in touch").format(who=who), _to_be_closed(case, team, now)
    return _("{who} has been in touch").format(who=who), _to_be_closed(case, team, now)


def _others_replied(case: Case) -> bool:
    """Returns whether somebody else than the owner was in touch with the customer: an earlier owner, or a leader."""
    earlier = case.claimed_at is not None and case.contacted_at is not None and case.contacted_at < case.claimed_at
    return earlier or (case.owner is not None and case.replied_by is not None and case.replied_by.id != case.owner.id)


def your_standing(case: Case, team: Team, now: datetime) -> tuple[str, str]:
    """Like `standing`, addressed to the owner."""
    name, zone = case.customer.name or _("this customer"), team.hours.zone
    if case.state is State.WAITING:
        looks = _("you look again {at}").format(at=when(case.quiet_until, zone, now)) if case.quiet_until else ""
        return _("Waiting for {name}").format(name=name), looks or _to_be_closed(case, team, now)
    if case.contacted_at is not None:
        return _("{name} has heard from us").format(name=begin(name)), _to_be_closed(case, team, now)
    if is_late(case, now):
        late = _("{name} has not been thanked yet") if case.happy else _("{name} is still waiting for us")
        return late.format(name=begin(name)), _promised(case, team, now)
    return _("You are replying to {name}").format(name=name), _("by {by}").format(by=when(case.close_by, zone, now))


def _by(case: Case) -> datetime:
    """Returns the deadline of the promise that applies now."""
    return case.claim_by if case.state is State.NEW else case.close_by


def is_late(case: Case, now: datetime) -> bool:
    """Returns whether the promise is over and the customer has not heard from us."""
    promised = case.state in (State.NEW, State.CLAIMED) and not case.in_question
    return promised and case.contacted_at is None and now > _by(case)


def _promised(case: Case, team: Team, now: datetime) -> str:
    """Gives a time, not a duration: a card stands for days, and a duration would be wrong an hour later."""
    said = _("due {by}") if case.happy else _("promised by {by}")
    return said.format(by=deadline(_by(case), team.hours.zone, now))


def _to_be_closed(case: Case, team: Team, now: datetime) -> str:
    if now > case.close_by:
        return _("still to be closed")
    return _("to be closed by {by}").format(by=when(case.close_by, team.hours.zone, now))
