"""The lines in the thread of a card: one sentence for each act that others must see. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.cards import Card
from handlers.company import People
from handlers.feedback import Person
from handlers.followup.handed_card import NOBODY_HAD_IT
from handlers.ladder import Phase
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import outcomes, reasons, stays
from handlers.wording.words import asked, begin, called, took, when, whole


def line(
    verb: str,
    who: Person | None,
    detail: Mapping[str, Any],
    to: Person | None,
    people: People,
    done_at: datetime,
    zone: ZoneInfo,
    *,
    happy: bool = False,
) -> Card:
    """Returns the sentence for one act, as a card that is only a line. `to` is the person it was handed to; `happy`: the customer
    is to be thanked. A line stands for ever: it gives times, and a duration only beside a time. Raises ValueError for an act that
    has no sentence."""
    at, waited = when(done_at, zone, done_at), timedelta(seconds=detail.get("waited", 0))
    since = when(done_at - waited, zone, done_at)
    said = _said(verb, who, detail, happy=happy).format(
        at=at,
        since=_("{since} ({span} by {at})").format(since=since, span=took(waited), at=at),
        name=begin(called(who, people)),
        to=called(to, people),
        reason=reasons().get(detail.get("reason", ""), "").lower(),
        outcome=outcomes().get(detail.get("outcome", ""), "").lower(),
        done=f"{whole(detail.get('done', ''))} {stays().get(detail.get('stays', ''), '')}".strip(),
        note=detail.get("note", ""),
        words=detail.get("words", ""),
        score=asked(detail["metric"], detail.get("score"), detail.get("scale", (0, 10))) if "metric" in detail else "",
    )
    return Card(plain=said.strip())


def _said(verb: str, who: Person | None, detail: Mapping[str, Any], *, happy: bool) -> str:
    """Returns the sentence with names for what `line` fills in."""
    match verb:
        case "claim":
            return _("{name} took this over. Thank you both.")
        case "help":
            return _("{name} asks for a hand with this one. Who can take it over or help?")
        case "let_go":
            return _("Nobody could get to this one so far, so it waits for somebody again. Who can reply to this customer?")
        case "became_late" | "nudged":
            return _nudge(detail, happy=happy)
        case "release" if detail.get("heard"):
            return _("{name} gave this back; the customer has heard from us. Who can see it through?")
        case "release":
            return _("{name} gave this back. Who can reply to this customer?")
        case "hand_over" if detail.get(NOBODY_HAD_IT):
            return _("{name} asked {to} to take this on.")
        case "hand_over":
            return _("{name} handed this over to {to}.")
        case "close":
            return _("{name} closed this: {outcome}. {done}")
        case "dismiss":
            return _("{name} says this needs no reply: {reason}.")
        case "reopen" if who is None:
            return _("The customer changed their answer since, and the score is low, so this is open again. Who can have a look?")
        case "reopen" | "undone":
            return _("{name} opened this again.")
        case "note":
            return _("{name} notes: {note}")
        case "raise":
            return _("{name} says that this keeps happening: {words}")
        case "answered_again":
            return _("They answered again: {score}.")
        case "updated":
            return _("The customer added to their answer: the card above shows it.")
        case _:
            raise ValueError(f"nobody wrote a sentence for the act {verb!r}")


def _nudge(detail: Mapping[str, Any], *, happy: bool) -> str:
    """Returns a step of the ladder as everybody reads it: how long the customer has waited, what is open after a contact, or that a
    happy one, who waits for nothing, is to be thanked; never who is to blame. No text occurs twice for one case."""
    if detail.get("heard"):
        early = _("We have been in touch with this customer, and nobody has the case now (as of {at}). Who can see it through?")
        late = _("Still nobody has this case (as of {at}); the customer has heard from us. Who can see it through?")
        claimed = _("This customer has heard from us, and the case is still open (as of {at}). Can somebody lend a hand?")
    elif happy:
        early = _("Nobody has thanked this customer yet (as of {at}). Who would like to?")
        late = _("This customer is still to be thanked (as of {at}). Who has a minute for it?")
        claimed = _("This happy customer has not been thanked yet (as of {at}). Can somebody lend a hand?")
    else:
        early = _("This customer has been waiting since {since} and nobody has it yet. Who can reply?")
        late = _("Our promise has passed: this customer has been waiting since {since}. Who can reply now?")
        claimed = _("This customer has been waiting since {since}, longer than we promised. Can somebody lend a hand?")
    if detail.get("phase") != Phase.UNCLAIMED:
        return claimed
    return early if detail.get("after", 1) < 1 else late
