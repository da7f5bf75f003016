"""What happened the last times with the same customer, told to whoever replies now, so that nobody has to tell it again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.cards import Card
from handlers.case import Case
from handlers.company import People
from handlers.feedback import Person
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import outcomes
from handlers.wording.words import begin, called, cut, day, score, when, whole

WORDS = 200
"""Characters of the customer's words, and of what was done, that are told again."""


def with_earlier(card: Card, earlier: Sequence[Case], reader: Person, people: People, zone: ZoneInfo, now: datetime) -> Card:
    """Returns the owner's private card with what became of these cases of the same customer, newest first."""
    told = (line for case in earlier for line in (_said(case, zone), _became(case, reader, people, zone, now)))
    return replace(card, context=(*card.context[:1], *told, *card.context[1:]))


def _said(case: Case, zone: ZoneInfo) -> str:
    words = cut(" ".join(case.comment.split()), WORDS)
    said = _("Earlier, {day}: {score}. “{words}”") if words else _("Earlier, {day}: {score}.")
    return said.format(day=day(case.created_at.astimezone(zone)), score=score(case), words=words)


def _became(case: Case, reader: Person, people: People, zone: ZoneInfo, now: datetime) -> str:
    """Returns how it was closed, or who has it. The card stands for days, and is not drawn anew for this: so it gives the time."""
    if not case.open:
        closed = _("{who} closed that: {outcome}. {done}") if case.closed_by else _("That was closed: {outcome}. {done}")
        outcome, done = outcomes().get(case.outcome or "", "").lower(), whole(cut(" ".join(case.done.split()), WORDS))
        return closed.format(who=begin(called(case.closed_by, people)), outcome=outcome, done=done).strip()
    if case.owner is None:
        said = _("#{id} is open, too, and nobody has it (as of {at}).")
    elif case.owner.id == reader.id:
        said = _("#{id} is open, too, and yours (as of {at}).")
    else:
        said = _("#{id} is open, too: {who} has it (as of {at}).")
    return said.format(id=case.id, who=called(case.owner, people), at=when(now, zone, now))
