"""What is said in the thread of a card: one sentence for each act that others must see. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import gettext as _
from typing import Any

from handlers.cards import Card
from handlers.feedback import Person
from handlers.followup_card import outcomes, reasons
from handlers.rules import People
from handlers.words import begin, called


def line(verb: str, who: Person | None, detail: Mapping[str, Any], to: Person | None, people: People) -> Card:
    """The sentence for one act, as a card that is nothing but a line. `to` is whom it was handed to."""
    name = begin(called(who, people))
    match verb:
        case "release":
            text = _("{name} gave this back. Who can reply to this customer?").format(name=name)
        case "hand_over":
            text = _("{name} handed this over to {to}.").format(name=name, to=called(to, people))
        case "close":
            text = _("{name} closed this: {outcome}. {done}").format(
                name=name, outcome=outcomes().get(detail.get("outcome", ""), "").lower(), done=detail.get("done", "")
            )
        case "dismiss":
            text = _("{name} says this needs no reply: {reason}.").format(
                name=name, reason=reasons().get(detail.get("reason", ""), "").lower()
            )
        case "reopen":
            text = _("{name} opened this again.").format(name=name)
        case "note":
            text = _("{name} notes: {note}").format(name=name, note=detail.get("note", ""))
        case "updated":
            text = _("The customer added to their answer: the card above shows it.")
        case _:
            raise ValueError(f"nobody wrote a sentence for the act {verb!r}")
    return Card(plain=text.strip())
