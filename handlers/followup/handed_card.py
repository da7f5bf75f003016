"""A follow-up that a colleague gave to somebody: its new owner first reads who did, and with what words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers.cards import Card
from handlers.feedback import Person
from handlers.rules import People
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called

WORDS = 200
NOBODY_HAD_IT = "nobody_had_it"
"""In the log of a hand-over by which somebody was chosen for a case that nobody had: they did not offer to take it."""


def handed_card(card: Card, giver: Person, detail: Mapping[str, Any], people: People) -> Card:
    """Returns the owner's private card, preceded by what the giver said. The channel sees none of it. `detail` is what the log says
    about the hand-over."""
    who, words, asked = begin(called(giver, people)), detail.get("words", ""), detail.get(NOBODY_HAD_IT)
    given = _("{who} asked you to take this on.") if asked else _("{who} handed this to you.")
    with_words = _("{who} asked you to take this on: “{words}”") if asked else _("{who} handed this to you: “{words}”")
    told = [_("{who} says: “{words}”").format(who=who, words=words)] if words else []
    told += [_("If you cannot, press “Give it back”.")] if asked else []
    return replace(
        card,
        plain=f"{(with_words if words else given).format(who=who, words=words)} {card.plain}",
        headline=f"{given.format(who=who)} {card.headline}",
        context=(*told, *card.context),
    )
