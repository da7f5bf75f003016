"""Hears what is typed to the bot in its direct messages, and answers there, once each; and what is written in its threads."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.chats import ChatServices, Throttled
from bot.chats.slack import blocks, taps
from bot.chats.slack.outcome import answer_of
from bot.chats.slack.wire import Wire
from bot.chats.slack.wires import Wires
from handlers import asides
from handlers.cards import Reply
from handlers.feedback import Person
from handlers.situation import Written
from storage.database import Unavailable

Later = Callable[[], Coroutine[Any, Any, None]]

REMEMBERED = 1000
"""Event ids kept to recognise a retried delivery; more than a retry's six minutes bring in any workspace that will use this."""

APART_S = 1.0
LONGEST_WAIT_S = 20.0
"""Seconds for which somebody's answer may be put off when Slack asks us to wait."""
TRIES = 5


class Once:
    """Tells events that are delivered again."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event_id: object) -> bool:
        """Whether this is the first time; from now on it is not. What has no id is new each time."""
        if not isinstance(event_id, str):
            return True
        if event_id in self._heard:
            return False
        self._heard[event_id] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        return True


class Turns:
    """One message a second in each conversation, as Slack wants it, in the order in which they were waited for."""

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
    """Listen to messages of people; not to our own, and other apps'. Of what stands in a channel only threads are passed on: the
    house keeps what is written under a huddle's card, and forgets the rest."""
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
        try:
            reply = await services.command(word or "help", who, who.place)
        except Unavailable:
            reply = Reply(asides.not_read())
        if reply.form is not None:  # a message brings nothing with which Slack would let us open one: a button does
            reply = Reply(reply.text, cards=(*reply.cards, asides.opens(reply.form)))
        context["later"].append(partial(_answered, wires, turns, who, blocks.messages(reply)))


async def _answered(wires: Wires, turns: Turns, who: Person, said: list[blocks.Message]) -> None:
    """In the direct messages, to stay there: what somebody asked for may be read again."""
    wire = await wires.of_person(who)
    for message in said:
        await turns.wait(who)
        await _say(wire, who, message)


async def _say(wire: Wire, who: Person, message: blocks.Message) -> None:
    """What was throttled was certainly not accepted, and is said again; after an unknown outcome, twice is worse than never."""
    for left in reversed(range(TRIES)):
        try:
            await answer_of(wire.client.chat_postMessage(channel=who.user_id, unfurl_links=False, unfurl_media=False, **message))
        except Throttled as error:
            if not left or error.seconds > LONGEST_WAIT_S:
                raise
            await asyncio.sleep(error.seconds)
        else:
            return
