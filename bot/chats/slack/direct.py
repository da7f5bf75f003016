"""Answers what is typed to the bot in its direct messages, once each, and passes on what is written in its threads."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.background import patiently
from bot.chats import EDITS, ChatServices
from bot.chats.slack import blocks, taps
from bot.chats.slack.opening import opening
from bot.chats.slack.whisper import write
from bot.chats.slack.wires import Wires
from bot.latest import Latest
from handlers.cards import About
from handlers.feedback import Person
from handlers.situation import Written

REMEMBERED = 1000
"""Number of event ids kept to recognise a redelivered event; no workspace of realistic size sends more within the six minutes of
Slack's retries."""

APART_S = 1.0


class Once:
    """Recognises events that are delivered again."""

    def __init__(self) -> None:
        self._heard = Latest[str, None](REMEMBERED)

    def is_new(self, event_id: object) -> bool:
        """Returns whether this event id is new, and records it. An event without an id is always new."""
        if not isinstance(event_id, str):
            return True
        if event_id in self._heard:
            return False
        self._heard[event_id] = None
        return True


class Turns:
    """Spaces messages to each person one second apart, as Slack requires, in the order in which `wait` was called."""

    def __init__(self) -> None:
        self._next: dict[Person, float] = {}

    async def wait(self, who: Person) -> None:
        now = time.monotonic()
        self._next = {person: at for person, at in self._next.items() if at > now}
        turn = self._next.get(who, now)
        self._next[who] = turn + APART_S
        if turn > now:
            await asyncio.sleep(turn - now)


def hear_direct(app: AsyncApp, wires: Wires, services: ChatServices, once: Once) -> None:
    """Listen to messages from people, not from this or other apps. Of channel messages only those in threads are passed on: the
    application keeps what is written under a huddle's card and discards the rest."""
    turns = Turns()

    @app.event("message")
    async def on_direct_message(body: dict[str, Any], event: dict[str, Any], context: AsyncBoltContext) -> None:
        if (said := taps.said_in_thread(event)) is not None:
            by, posted, ts, words = said
            who = await wires.person({**body, **by})
            changed = event.get("subtype") in ("message_changed", "message_deleted")
            await services.overhear(Written(who, posted, ts, words, services.now(), changed))
            return
        word = taps.said_to_us(event)
        if word is None or not once.is_new(body.get("event_id")):
            return
        who = await wires.person({**body, **event})
        reply = await services.answer(word or "help", who, who.place)
        answer = blocks.messages(reply)
        if reply.form is not None:  # a message carries no trigger_id, so the form is opened by a button
            answer.append(opening(reply.form))
        context["answer"].later.append(partial(_answered, wires, services, turns, who, answer, reply.about()))


async def _answered(
    wires: Wires, services: ChatServices, turns: Turns, who: Person, said: list[blocks.Message], about: About
) -> None:
    """Post the answer permanently in the direct messages, so that it can be read again."""
    wire = await wires.of_person(who)
    for message in said:
        await turns.wait(who)
        await services.note_answer(who, about, await patiently(partial(write, wire, who, message)), EDITS)
