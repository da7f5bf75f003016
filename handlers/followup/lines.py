"""The lines in the thread of a card: one sentence for each act that others must see. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from handlers.cards import Card
from handlers.feedback import Person
from handlers.followup.handed_card import NOBODY_HAD_IT
from handlers.ladder import Phase
from handlers.rules import People
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import outcomes, reasons, stays
from handlers.wording.words import asked, begin, called, took, when, whole


@dataclass(frozen=True, slots=True)
class WallClock:
    """When something was done, and in which time zone. A line stands for ever: it gives times, and a duration only beside a
    time."""

    at: datetime
    zone: ZoneInfo


def line(
    verb: str,
    who: Person | None,
    detail: Mapping[str, Any],
    to: Person | None,
    people: People,
    clock: WallClock,
    *,
    happy: bool = False,
) -> Card:
    """Returns the sentence for one act, as a card that is only a line. `to` is the person it was handed to; `happy`: the customer
    is to be thanked. Raises ValueError for an act that has no sentence."""
    name = begin(called(who, people))
    match verb:
        case "claim":
            text = _("{name} took this over. Thank you both.").format(name=name)
        case "help":
            text = _("{name} asks for a hand with this one. Who can take it over or help?").format(name=name)
        case "let_go":
            text = _("Nobody could get to this one so far, so it waits for somebody again. Who can reply to this customer?")
        case "became_late" | "nudged":
            text = _thanks(detail, clock) if happy and not detail.get("heard") else _nudge(detail, clock)
        case "release":
            text = _given_back(detail).format(name=name)
        case "hand_over" if detail.get(NOBODY_HAD_IT):
            text = _("{name} asked {to} to take this on.").format(name=name, to=called(to, people))
        case "hand_over":
            text = _("{name} handed this over to {to}.").format(name=name, to=called(to, people))
        case "close":
            text = _closed(name, detail)
        case "dismiss":
            text = _("{name} says this needs no reply: {reason}.").format(
                name=name, reason=reasons().get(detail.get("reason", ""), "").lower()
            )
        case "reopen" if who is None:
            text = _("The customer changed their answer since, and the score is low, so this is open again. Who can have a look?")
        case "reopen" | "undone":
            text = _("{name} opened this again.").format(name=name)
        case "note":
            text = _("{name} notes: {note}").format(name=name, note=detail.get("note", ""))
        case "raise":
            text = _("{name} says that this keeps happening: {words}").format(name=name, words=detail.get("words", ""))
        case "answered_again":
            worst, best = detail.get("scale", (0, 10))
            text = _("They answered again: {score}.").format(score=asked(detail["metric"], detail.get("score"), (worst, best)))
        case "updated":
            text = _("The customer added to their answer: the card above shows it.")
        case _:
            raise ValueError(f"nobody wrote a sentence for the act {verb!r}")
    return Card(plain=text.strip())


def _closed(name: str, detail: Mapping[str, Any]) -> str:
    ended, done = outcomes().get(detail.get("outcome", ""), "").lower(), whole(detail.get("done", ""))
    text = _("{name} closed this: {outcome}. {done}").format(name=name, outcome=ended, done=done).strip()
    return f"{text} {stays().get(detail.get('stays', ''), '')}"


def _given_back(detail: Mapping[str, Any]) -> str:
    if detail.get("heard"):
        return _("{name} gave this back; the customer has heard from us. Who can see it through?")
    return _("{name} gave this back. Who can reply to this customer?")


def _nudge(detail: Mapping[str, Any], clock: WallClock) -> str:
    """Returns a step of the ladder as everybody reads it: how long the customer has waited, or what is open after a contact; never
    who is to blame. No text occurs twice for one case."""
    if detail.get("heard"):
        return _after_contact(detail).format(at=when(clock.at, clock.zone, clock.at))
    waited = timedelta(seconds=detail.get("waited", 0))
    since = _("{since} ({span} by {at})").format(
        since=when(clock.at - waited, clock.zone, clock.at), span=took(waited), at=when(clock.at, clock.zone, clock.at)
    )
    if detail.get("phase") != Phase.UNCLAIMED:
        return _("This customer has been waiting since {since}, longer than we promised. Can somebody lend a hand?").format(
            since=since
        )
    if detail.get("after", 1) < 1:
        return _("This customer has been waiting since {since} and nobody has it yet. Who can reply?").format(since=since)
    return _("Our promise has passed: this customer has been waiting since {since}. Who can reply now?").format(since=since)


def _thanks(detail: Mapping[str, Any], clock: WallClock) -> str:
    """Like `_nudge`, of a happy customer, who waits for nothing."""
    if detail.get("phase") != Phase.UNCLAIMED:
        text = _("This happy customer has not been thanked yet (as of {at}). Can somebody lend a hand?")
    elif detail.get("after", 1) < 1:
        text = _("Nobody has thanked this customer yet (as of {at}). Who would like to?")
    else:
        text = _("This customer is still to be thanked (as of {at}). Who has a minute for it?")
    return text.format(at=when(clock.at, clock.zone, clock.at))


def _after_contact(detail: Mapping[str, Any]) -> str:
    if detail.get("phase") != Phase.UNCLAIMED:
        return _("This customer has heard from us, and the case is still open (as of {at}). Can somebody lend a hand?")
    if detail.get("after", 1) < 1:
        return _("We have been in touch with this customer, and nobody has the case now (as of {at}). Who can see it through?")
    return _("Still nobody has this case (as of {at}); the customer has heard from us. Who can see it through?")
