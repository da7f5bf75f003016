"""A follow-up that a colleague handed over: whoever has it now reads first from whom it came, and with which words. Pure."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Card
from handlers.feedback import Person
from handlers.language import gettext as _
from handlers.rules import People
from handlers.words import begin, called

WORDS = 200


def handed_card(card: Card, giver: Person, words: str, people: People) -> Card:
    """The private card of whoever has it, with what the giver said before all else. The channel reads none of it."""
    who = begin(called(giver, people))
    given = _("{who} handed this to you.").format(who=who)
    said = _("{who} handed this to you: “{words}”").format(who=who, words=words) if words else given
    told = (_("{who} says: “{words}”").format(who=who, words=words),) if words else ()
    return replace(card, plain=f"{said} {card.plain}", headline=f"{given} {card.headline}", context=(*told, *card.context))
