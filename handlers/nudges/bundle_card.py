"""The text of a private bundle of reminders: one question per case, with the buttons that answer it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.cards import Button, Card, Style
from handlers.feedback import Case, Person, State
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.masking import for_channel
from handlers.nudges import ladder
from handlers.nudges.ladder import Role
from handlers.rules import People, Team
from handlers.words import begin, called, cut, day, score, when

SHOWN = 10
"""Maximum number of cases in one message; nobody reads a longer one on a phone."""
QUOTED = 140


@dataclass(frozen=True, slots=True)
class Reminder:
    """One case of a bundle, sent at `said_at`. `step` is the name of the ladder's step, `role` why this person is reminded. `asks`:
    whether it is the question “still yours?”. `again`: they were reminded like this before, so the wording differs. `score`: what
    the customer answered later."""

    case: Case
    team: Team
    role: Role
    step: str
    asks: bool
    said_at: datetime
    again: bool = False
    score: str = ""

    @property
    def let_go(self) -> bool:
        """Returns whether it reports that a case they had is in the channel again."""
        return self.step.startswith((ladder.LET_GO, ladder.REOPENED))

    @property
    def for_a_hand(self) -> bool:
        """Returns whether the owner asks for a hand."""
        return self.step.startswith(ladder.HELP)

    @property
    def for_a_look(self) -> bool:
        """Returns whether it asks to look once more at a customer who has heard from us, and said nothing since."""
        spoke = self.step.startswith(("asked-answered", "asked-added"))
        return self.case.contacted_at is not None and not (spoke or self.let_go or self.for_a_hand)


def bundle_card(reminders: Sequence[Reminder], reader: Person, people: People, now: datetime) -> Card:
    """Returns the whole message. Cases dealt with since say so and have no buttons."""
    shown = [_item(each, reader, people, now) for each in reminders[:SHOWN]]
    left = [item for item in shown if item.buttons]
    text = _headline(reminders, [each for each, item in zip(reminders, shown, strict=False) if item.buttons])
    more = len(reminders) - SHOWN
    context = (_("And {n} more: type “mine” to see them all.").format(n=more),) if more > 0 else ()
    first = f": {cut(shown[0].headline, 90)}" if left or any(each.score for each in reminders) else ""
    return Card(
        plain=f"{text}{first}",
        headline=text,
        context=context,
        items=tuple(shown),
        footer=_("Too many of these? Type “less”, “pause until Monday” or “stop”."),
    )


def _headline(reminders: Sequence[Reminder], left: Sequence[Reminder]) -> str:
    """Says how many are `left` to answer; of those whose customers need no word now, only if there are no others."""
    gone = [each for each in left if each.let_go]
    looks = [each for each in left if each.for_a_look]
    if n := len(left) - len(gone) - len(looks):
        return ngettext("One customer waits for a word from you", "{n} customers wait for a word from you", n).format(n=n)
    if n := len(looks):
        return ngettext("One follow-up needs one more look from you", "{n} follow-ups need one more look from you", n).format(n=n)
    if n := sum(bool(each.score) for each in reminders):
        text = ngettext("A customer you looked after answered again", "{n} customers you looked after answered again", n)
        return text.format(n=n)
    if n := len(gone):
        return ngettext("One customer went back to the channel", "{n} customers went back to the channel", n).format(n=n)
    if all(not each.case.open or each.case.contacted_at is not None for each in reminders):
        return _("All of these are dealt with. Thank you.")
    return _("Nothing here waits for you any more.")


def _item(each: Reminder, reader: Person, people: People, now: datetime) -> Card:
    mine = _is_owner(each, reader)
    case, zone = each.case if mine else for_channel(each.case, each.team), each.team.hours.zone
    over = _over(each, reader, people)
    text = over or _question(each, reader, people, now)
    context = " · ".join([score(case), each.team.title, when(case.occurred_at, zone, now)])
    return Card(
        plain=text,
        headline=text,
        quote="" if over else cut(case.comment, QUOTED),
        context=() if over else (context,),
        buttons=() if over else _buttons(each, reader),
        menu=() if over else _menu(each, reader),
        footer=f"#{case.id} · {each.team.title}",
        reach=_reach(case) if mine and not over and case.open else (),
        follow_up=case.id,
    )


def _is_owner(each: Reminder, reader: Person) -> bool:
    return each.case.owner is not None and each.case.owner.id == reader.id


def _reach(case: Case) -> tuple[str, ...]:
    """Returns whom to call: for the owner only, who was shown the contact details when they claimed."""
    return tuple(text for text in (case.customer.name, case.customer.phone or case.customer.email) if text)


def _over(each: Reminder, reader: Person, people: People) -> str:
    """Returns what became of the case, if there is nothing left to answer; else an empty string."""
    case = each.case
    if each.score:
        return ""
    if case.state is State.DISMISSED:
        return _("#{id} was dismissed. Thank you.").format(id=case.id)
    if not case.open:
        return _("#{id} is closed. Thank you.").format(id=case.id)
    if each.let_go and case.owner is None:
        return ""
    if (each.let_go or each.role is not Role.OWNER) and case.owner is not None and case.owner.id == reader.id:
        return _("#{id} is yours. Thank you.").format(id=case.id)
    if each.let_go or (each.for_a_hand and case.owner is not None and case.help_at is None):
        return _("#{id}: {who} is replying now.").format(id=case.id, who=called(case.owner, people))
    if each.for_a_hand and case.owner is not None:
        return ""
    if case.owner is None and (each.role is Role.OWNER or each.for_a_hand):
        return _("#{id} waits for somebody in the channel again.").format(id=case.id)
    if each.role is Role.OWNER and case.owner is not None and case.owner.id != reader.id and case.help_at is None:
        return _("#{id}: {who} is replying now.").format(id=case.id, who=called(case.owner, people))
    if each.role is not Role.OWNER and case.owner is not None and case.contacted_at is not None:
        return _("#{id}: this customer has heard from us.").format(id=case.id)
    return ""


def _question(each: Reminder, reader: Person, people: People, now: datetime) -> str:
    case, zone = each.case, each.team.hours.zone
    since = when(case.waits_since, zone, each.said_at)  # relative to when it was sent, so that a redrawn message keeps its wording
    by = when(case.close_by if case.owner else case.claim_by, zone, now)
    who = begin(called(case.owner, people))
    if each.score:
        return _("They answered again: {score}. Thank you for looking after them.").format(score=each.score)
    if each.step.startswith(ladder.REOPENED):
        return _(
            "This customer changed their answer since, and the score is low, so it is open again. Would you like to have it back?"
        )
    if each.let_go:
        return _("This customer went back to the channel, so that somebody with time can reply. Would you like to have it back?")
    if each.for_a_hand:
        return _for_a_hand(each, who)
    if each.role is not Role.OWNER:
        held = _("{who} has it.").format(who=who) + _snoozed(case, each, now) if case.owner else _("Nobody has it yet.")
        return _for_others(each, since, held)
    if case.owner is not None and case.owner.id != reader.id:
        return _for_the_owner(each, who, since)
    return _own_wish(each.step) or _to_owner(each, since, by)


def _for_the_owner(each: Reminder, who: str, since: str) -> str:
    """The wording for whoever stands in for the owner."""
    if each.case.contacted_at is not None:
        text = _("{who} is away, and this case is still open {at}: the customer has heard from us. Can you see it through?")
    elif each.again:
        text = _("{who} is still away, and this customer waits, since {since}. Who could take it over, you?")
    else:
        text = _("{who} is away, and this customer has been waiting since {since}. Can you take it over?")
    return text.format(at=_said(each), who=who, since=since)


def _for_a_hand(each: Reminder, who: str) -> str:
    if each.again:
        return _("{who} asks for a hand with this customer once more. Who could take it over, you?").format(who=who)
    return _("{who} could use a hand with this customer. Can you help, or take it over?").format(who=who)


def _own_wish(step: str) -> str:
    """Returns the sentence for a reminder that has a reason of its own; empty for a step of the ladder, and for a snooze."""
    if step.startswith("asked-answered"):
        return _("The customer has answered. Have another look?")
    if step.startswith("asked-added"):
        return _("The customer added to their answer. Have a look?")
    if step.startswith("asked-handed"):
        return _("This customer is yours again. Have a look?")
    if step.startswith("asked-wait"):
        return _("You wanted to look at this one again today.")
    return ""


def _to_owner(each: Reminder, since: str, by: str) -> str:
    if each.asks and each.case.asked_at is None:
        return _kept(each, by)
    if each.asks and each.again:
        return _("This customer still waits, since {since}. Is it yours, or shall somebody else take it?").format(since=since)
    if each.asks:
        return _("This customer has been waiting since {since}, longer than we promised. Still yours?").format(since=since)
    if each.step.startswith("asked"):
        return _snooze_is_over(each, by)
    if each.step.startswith("list") and each.case.contacted_at is not None:
        return _("Still open {at}: this customer has heard from us, and our promise ended {by}. Can it be closed?").format(
            at=_said(each), by=by
        )
    if each.step.startswith("list"):
        return _("Still with you {at}: this customer has been waiting since {since}.").format(at=_said(each), since=since)
    if each.case.contacted_at is not None and each.again:
        return _("This one is open since our promise ended {by}. Is anything left to do?").format(by=by)
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
    """Returns the day of a line of the daily list, so that no text is repeated."""
    return day(each.said_at.astimezone(each.team.hours.zone))


def _snooze_is_over(each: Reminder, by: str) -> str:
    if each.case.contacted_at is not None:
        return _("You asked to be reminded of this one: it is still to be closed.")
    return _("You asked to be reminded of this one: we promised a reply by {by}.").format(by=by)


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
    elif each.step.startswith("list"):
        text = _("Still waiting {at}, since {since}: this customer has not heard from us. {held}")
    elif each.again:
        text = _("A customer still waits for a word from us, since {since}. {held} {ask}")
    else:
        text = _("A customer has been waiting since {since} for a word from us. {held} {ask}")
    return text.format(at=_said(each), since=since, held=held, ask=_ask(each.role))


def _ask(role: Role) -> str:
    match role:
        case Role.BACKUP:
            return _("Can you step in?")
        case Role.MANAGER:
            return _("Does the team need a hand?")
        case _:
            return _("Can you free someone?")


def _buttons(each: Reminder, reader: Person) -> tuple[Button, ...]:
    id = each.case.id
    take = Button("claim", _("I'll take it"), id, _("I'll take this customer over"), Style.PRIMARY)
    hand_over = Button("hand_over", _("Hand over…"), id, _("Hand this customer over to a colleague"))
    if each.score:
        return ()
    if each.step.startswith(ladder.REOPENED):
        return (take,)
    if each.let_go:
        return (Button("claim", _("I'll reply after all"), id, _("Take this customer back, and reply to them"), Style.PRIMARY),)
    if each.role is not Role.OWNER:
        return take, Button("hand_over", _("Reassign…"), id, _("Choose who replies to this customer"))
    if each.case.owner is not None and each.case.owner.id != reader.id:
        return (take,)
    done = Button("close", _("Done…"), id, _("Close this follow-up, say what we did"), Style.PRIMARY)
    keep = Button("keep", _("Still mine"), id, _("Yes, this customer is still mine"), Style.PRIMARY)
    return (keep, hand_over) if each.asks and each.case.asked_at else (done, hand_over)


def _menu(each: Reminder, reader: Person) -> tuple[Button, ...]:
    id = each.case.id
    if each.score or each.role is not Role.OWNER or each.case.owner is None or each.case.owner.id != reader.id:
        return ()
    done = (
        (Button("close", _("Done…"), id, _("Close this follow-up, say what we did")),) if each.asks and each.case.asked_at else ()
    )
    contacted = Button("contacted", _("I've been in touch"), id, _("Note that I have been in touch with this customer"))
    asked = Button("help", _("Need help"), id, _("Ask the channel for a hand with this customer"))
    managed = Button("no_help", _("No hand needed"), id, _("Stop asking the channel for a hand with this customer"))
    tried = Button("tried", _("No answer"), id, _("Note that I tried to reach this customer and nobody answered"))
    return (
        *done,
        *((contacted, tried) if each.case.contacted_at is None else ()),
        asked if each.case.help_at is None else managed,
        Button("snooze", _("Snooze…"), id, _("Remind me of this customer later")),
        Button("wait", _("Wait for the customer…"), id, _("We have answered and wait for the customer")),
        Button("release", _("Give it back"), id, _("Give this follow-up back to the team")),
    )
