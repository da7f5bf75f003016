"""The text of a private bundle of reminders: one question per case, with the buttons that answer it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handlers.cards import Button, Card, Style
from handlers.case import Case
from handlers.company import People
from handlers.feedback import Person
from handlers.followup.followup_buttons import choose, of_owner, take_over
from handlers.followup.standing import standing, your_standing
from handlers.ladder import Role
from handlers.nudges.reminder import Reminder
from handlers.nudges.reminder_words import in_short, question, settled
from handlers.nudges.steps import Kind
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.masking import for_channel
from handlers.wording.words import TITLE, cut, opening_words, score, short_score, when

SHOWN = 10
"""Maximum number of cases in one message; nobody reads a longer one on a phone. What is dealt with makes room for the others."""
QUOTED = 140
UNANSWERED = 2


def bundle_card(reminders: Sequence[Reminder], reader: Person, people: People, now: datetime) -> Card:
    """Returns the whole message. Cases dealt with since say so and have no buttons."""
    items = [_item(each, reader, people, now) for each in reminders]
    asking = [each for each, item in zip(reminders, items, strict=True) if item.buttons]
    text, about = _headline(reminders, asking, reader)
    needs = [_need(each, item, now) for each, item in zip(reminders, items, strict=True)]
    shown = _first(needs)
    more = needs.count(UNANSWERED) - sum(needs[place] == UNANSWERED for place in shown)
    context = (_("And {n} more, which come up here as these are dealt with.").format(n=more),) if more else ()
    return Card(
        plain=_plain(text, about, reader, people, now),
        headline=text,
        context=context,
        items=tuple(items[place] for place in shown),
        footer=_("Too many of these? Type “less”, “pause until Monday” or “stop”."),
    )


def _need(each: Reminder, item: Card, now: datetime) -> int:
    """Returns how much a case needs its place in the message: most while nothing was done about it, none once nothing can be."""
    if not item.buttons:
        return 0
    return 1 if each.is_answered(now) else UNANSWERED


def _first(needs: Sequence[int]) -> list[int]:
    """Returns the places of those to show, in their order: if there are too many, those that need most."""
    return sorted(sorted(range(len(needs)), key=lambda place: -needs[place])[:SHOWN])


def _headline(reminders: Sequence[Reminder], left: Sequence[Reminder], reader: Person) -> tuple[str, Sequence[Reminder]]:
    """Says how many are `left` to answer; of those whose customers need no word now, only if there are no others. Returns also
    which these are."""
    gone = [each for each in left if each.went_back]
    looks = [each for each in left if each.for_a_look]
    if about := [each for each in left if not (each.went_back or each.for_a_look)]:
        return _who_waits(about, reader), about
    if n := len(looks):
        text = ngettext("One follow-up needs one more look from you", "{n} follow-ups need one more look from you", n)
        return text.format(n=n), looks
    if about := [each for each in reminders if each.score]:
        text = ngettext("A customer you looked after answered again", "{n} customers you looked after answered again", len(about))
        return text.format(n=len(about)), about
    if n := len(gone):
        text = ngettext("One customer went back to the channel", "{n} customers went back to the channel", n)
        return text.format(n=n), gone
    return _nothing_left(reminders, reader), ()


def _who_waits(about: Sequence[Reminder], reader: Person) -> str:
    """Says for whom customers wait: for the reader, or for a team they may help."""
    if all(each.case.happy and each.case.contacted_at is None for each in about):
        text = ngettext("One customer is still to be thanked", "{n} customers are still to be thanked", len(about))
    elif all(each.is_of_yours for each in about):
        text = ngettext(
            "A customer of yours waits for a word from us", "{n} customers of yours wait for a word from us", len(about)
        )
    elif all(each.case.is_with(reader) for each in about):
        text = ngettext("One customer waits for a word from you", "{n} customers wait for a word from you", len(about))
    else:
        text = ngettext("One customer waits for a word from us", "{n} customers wait for a word from us", len(about))
    return text.format(n=len(about))


def _nothing_left(reminders: Sequence[Reminder], reader: Person) -> str:
    if n := sum(each.case.open and each.case.is_with(reader) for each in reminders):
        several = ngettext("One of these is yours now. Thank you.", "{n} of these are yours now. Thank you.", n)
        return several.format(n=n) if len(reminders) > 1 else _("It is yours now. Thank you.")
    if all(not each.case.open or (each.case.contacted_at is not None and each.case.owner is not None) for each in reminders):
        return _("All of these are dealt with. Thank you.")
    return _("Nothing here waits for you any more.")


def _plain(text: str, about: Sequence[Reminder], reader: Person, people: People, now: datetime) -> str:
    """Returns the line that a phone shows: how many there are, and the first of them as the line of a card has it."""
    if not about:
        return text
    first = _line(about[0], reader, people, now)
    if len(about) > 1:
        return _("{headline}. First: {first}").format(headline=text, first=first)
    return _("{headline}: {first}").format(headline=text, first=first)


def _line(each: Reminder, reader: Person, people: People, now: datetime) -> str:
    """Returns score, place, deadline, what is asked and first words, in this order, so that a line cut off still makes sense."""
    mine, case = each.case.is_with(reader), _seen(each, reader)
    place = cut(each.team.title, TITLE)
    if each.score:
        return _("{score} at {place}. Thank you for looking after them.").format(score=each.score, place=place)
    _state, until = your_standing(case, each.team, now) if mine else standing(case, each.team, people, now)
    said = _("{score} at {place}. Is this a problem?") if case.in_question else _("{score} at {place}, {until}.")
    said = said.format(score=short_score(case), place=place, until=until)
    return " ".join(text for text in (said, in_short(each, reader, people), opening_words(case.comment)) if text)


def _item(each: Reminder, reader: Person, people: People, now: datetime) -> Card:
    mine = each.case.is_with(reader)
    case, zone = _seen(each, reader), each.team.hours.zone
    over = settled(each, reader, people)
    text = over or question(each, reader, people, now)
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


def _seen(each: Reminder, reader: Person) -> Case:
    """Returns the case as this reader may see it."""
    return each.case if each.case.is_with(reader) else for_channel(each.case, each.team)


def _reach(case: Case) -> tuple[str, ...]:
    """Returns whom to call: for the owner only, who was shown the contact details when they claimed."""
    return tuple(text for text in (case.customer.name, case.customer.phone or case.customer.email) if text)


def _buttons(each: Reminder, reader: Person) -> tuple[Button, ...]:
    case = each.case
    if each.score:
        return ()
    if each.kind is Kind.REOPENED:
        return (take_over(case),)
    if each.went_back:
        spoken = _("Take this customer back, and reply to them")
        return (Button("claim", _("I'll reply after all"), case.id, spoken, Style.PRIMARY),)
    if each.role is not Role.OWNER:
        return take_over(case), choose(case)
    if case.owner is not None and not case.is_with(reader):
        return (take_over(case),)
    theirs = of_owner(case)
    keep = Button("keep", _("Still mine"), case.id, _("Yes, this customer is still mine"), Style.PRIMARY)
    return keep if each.is_open_question else replace(theirs["close"], style=Style.PRIMARY), theirs["hand_over"]


def _menu(each: Reminder, reader: Person) -> tuple[Button, ...]:
    if each.score or each.role is not Role.OWNER or not each.case.is_with(reader):
        return ()
    theirs, close = of_owner(each.case), ("close",) if each.is_open_question else ()
    verbs = (*close, "contacted", "tried", "help", "no_help", "snooze", "wait", "release")
    return tuple(theirs[verb] for verb in verbs if verb in theirs)
