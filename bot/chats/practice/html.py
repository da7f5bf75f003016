"""Turns Card and Form into what the templates show. Pure: the templates escape, and no sentence of the bot stands here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from pydantic import TypeAdapter

from bot.chats.practice.bars import Bars, bars
from bot.chats.practice.people import PEOPLE
from handlers.cards import Ask, Card, Form
from handlers.wording import asides
from handlers.wording.reach import link
from storage.practice import PracticeMessage

TONES = {"claim": "open", "close": "busy", "contacted": "busy", "reopen": "done"}
"""The accent colour of a card by the first verb it offers. It only repeats the state, which is given as a word."""

TALK = frozenset({"promise"})
"""Verbs of cards in whose thread people talk."""

_CARD = TypeAdapter(Card)


def pack(card: Card) -> dict[str, Any]:
    """Returns the card as JSON."""
    return asdict(card)


def unpack(packed: Mapping[str, Any]) -> Card:
    """Returns the card that `pack` packed."""
    return _CARD.validate_python(packed)


@dataclass(frozen=True, slots=True)
class Message:
    """One post as the page shows it. `talk`: people may write in its thread.

    `state` is the first part of the headline and `rest` what follows; if the headline is a sentence, `state` is all of it and
    `rest` empty. `reach` holds each line with its link; `there` is the label of the link to the card in a channel, with its URL.
    """

    id: int
    card: Card
    state: str
    rest: str
    tone: str
    context: tuple[tuple[str, ...], ...]
    clock: str
    stamp: str
    day: str
    edited: bool
    thread: tuple[Message, ...] = ()
    items: tuple[Message, ...] = ()
    reach: tuple[tuple[str, str | None], ...] = ()
    below: tuple[tuple[str, ...], ...] = ()
    bars: Bars | None = None
    talk: bool = False
    there: tuple[str, str] | None = None


def messages(posts: Sequence[PracticeMessage], answers: Iterable[PracticeMessage], zone: tzinfo) -> tuple[Message, ...]:
    """Returns the posts with their threads; `day` is set only on the first post of each day."""
    threads: dict[int, list[Message]] = {}
    for answer in answers:
        threads.setdefault(answer.thread_id or 0, []).append(message(answer, zone))
    shown, day = [], ""
    for post in posts:
        today = told_day(post.posted_at.astimezone(zone))
        shown.append(message(post, zone, today if today != day else "", tuple(threads.get(post.id, ()))))
        day = today
    return tuple(shown)


def message(said: PracticeMessage, zone: tzinfo, day: str = "", thread: tuple[Message, ...] = ()) -> Message:
    """Returns one post, with times in `zone`."""
    card = unpack(said.card)
    local = said.posted_at.astimezone(zone)
    return Message(
        id=said.id,
        clock=f"{local:%H:%M}",
        stamp=local.isoformat(timespec="minutes"),
        day=day,
        edited=said.edited_at is not None,
        thread=thread,
        **_shown(card),
    )


def loose(card: Card) -> Message:
    """Returns a card that was never posted: one in a private answer to a word."""
    return Message(id=0, clock="", stamp="", day="", edited=False, **_shown(card))


def sheet(form: Form, answers: Mapping[str, str]) -> Form:
    """Returns the form with the previous answers in it, and all people to choose from, as other chats offer them."""
    colleagues = tuple((each.id, f"{each.name} · {each.role}") for each in PEOPLE)
    fields = (
        replace(one, value=answers.get(one.name, one.value), options=colleagues if one.ask is Ask.PERSON else one.options)
        for one in form.fields
    )
    return replace(form, fields=tuple(fields))


def missing(form: Form, answers: Mapping[str, str]) -> dict[str, str]:
    """Returns the errors for blank required answers, by field."""
    blank = (one for one in form.fields if one.required and not answers.get(one.name, "").strip())
    return {one.name: one.error or one.label for one in blank}


def told_day(local: datetime) -> str:
    """Returns a day as `Mon 16 Nov`."""
    return f"{local:%a} {local.day} {local:%b}"


def _shown(card: Card) -> dict[str, Any]:
    state, _, rest = card.headline.partition(" · ")
    if " " in state:  # a sentence, perhaps with a customer's long name in it, has no word to separate
        state, rest = card.headline, ""
    return {
        "card": card,
        "state": state,
        "rest": rest,
        "tone": TONES.get(card.buttons[0].verb, "plain") if card.buttons else "plain",
        "context": _parted(card.context),
        "reach": tuple((line, link(line)) for line in card.reach),
        "below": _parted(card.below),
        "items": tuple(loose(item) for item in card.items),
        "talk": any(button.verb in TALK for button in card.buttons),
        "bars": bars(card.chart) if card.chart is not None else None,
        "there": (asides.in_the_channel(), card.there.url) if card.there is not None and card.there.url else None,
    }


def _parted(lines: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split(" · ")) for line in lines)
