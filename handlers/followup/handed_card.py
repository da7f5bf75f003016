"""The private card of a follow-up that was handed over: first who handed it over, and what they wrote. Pure."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Card
from handlers.feedback import Person
from handlers.rules import People
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called

WORDS = 200


def handed_card(card: Card, giver: Person, words: str, people: People) -> Card:
    """Returns the owner's private card, preceded by what the giver said. The channel sees none of it."""
    who = begin(called(giver, people))
    given = _("{who} handed this to you.").format(who=who)
    said = _("{who} handed this to you: “{words}”").format(who=who, words=words) if words else given
    told = (_("{who} says: “{words}”").format(who=who, words=words),) if words else ()
    return replace(card, plain=f"{said} {card.plain}", headline=f"{given} {card.headline}", context=(*told, *card.context))
