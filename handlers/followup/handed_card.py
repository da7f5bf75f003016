"""A follow-up that changes hands: its new owner first reads who gave it to them, and with what words; later it is said how often
it was passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers.cards import Card
from handlers.case import Case
from handlers.company import People
from handlers.feedback import Person
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called, times

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


def is_passed_on(verb: str, detail: Mapping[str, Any]) -> bool:
    """Returns whether by this act a case left the hands of whoever had it, for a colleague's or the team's. Taking over from
    somebody who asked for a hand is help, and does not count."""
    return verb in ("release", "let_go") or (verb == "hand_over" and not detail.get(NOBODY_HAD_IT))


def passed_on(case: Case) -> str:
    """Returns how often an open case was passed on, from twice on; of whom, it does not say: it is the customer who waited."""
    return _("passed on {times}").format(times=times(case.passed)) if case.open and case.passed > 1 else ""
