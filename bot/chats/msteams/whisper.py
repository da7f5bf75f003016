"""Sends one person something in their private chat: a list, a welcome, an answer that missed the platform's time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.chats import ChatServices, Posted, Throttled
from bot.chats.msteams import adaptive, plain
from bot.chats.msteams.adaptive import Activity
from bot.chats.msteams.outcome import RefusedByCode
from bot.chats.msteams.places import Places, Spot
from bot.chats.msteams.wire import Wire, path
from bot.untrusted import clean
from handlers.cards import About, Reply, Target
from handlers.feedback import Person

LONGEST_WAIT_S = 20.0
"""Seconds. An answer is put off at most this long when Teams asks us to wait."""
TRIES = 5


Whispered = tuple[Activity, About]
"""A message, and what it is about."""


async def whisper(
    wire: Wire, places: Places, services: ChatServices, who: Person, said: Sequence[Whispered], spot: Spot | None = None
) -> None:
    """Send all of it in order, at `spot` if the private chat is known. Raises what a call raises; then the rest is not sent."""
    spot = spot or await places.spot(who.place)
    for activity, about in said:
        try:
            posted = await _say(wire, spot, activity)
        except RefusedByCode as error:
            await places.mark(spot, error)
            raise
        await services.note_answer(who, about, posted)


async def _say(wire: Wire, spot: Spot, activity: Activity) -> Posted:
    """Send one message. Retries after Throttled, which was certainly not accepted; not after Unknown, since a duplicate is worse
    than a missing answer."""
    where = path("v3", "conversations", spot.conversation, "activities")
    for left in reversed(range(TRIES)):
        try:
            answer = await wire.post(spot.service_url, where, activity, spot.conversation)
        except Throttled as error:
            if not left or error.seconds > LONGEST_WAIT_S:
                raise
            await asyncio.sleep(error.seconds)
        else:
            return Posted(spot.conversation, str(answer.get("id") or ""))
    raise AssertionError("the last attempt returns or raises")


def activities(reply: Reply, target: Target | None = None) -> list[Whispered]:
    """Returns a private answer about `target` as messages: its text in pieces, then each card by itself."""
    texts = [adaptive.line(each) for each in plain.parts(clean(reply.text), adaptive.LINE)]
    cards = [(adaptive.message(card, listed=True), Reply(cards=(card,)).about()) for card in reply.cards]
    return [*((text, Reply().about(target)) for text in texts), *cards]
