"""Tells one person something in their private chat: a list, a welcome, an answer that came too late for the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.chats.msteams import adaptive, plain
from bot.chats.msteams.adaptive import Activity
from bot.chats.msteams.outcome import Said
from bot.chats.msteams.places import Places, Spot
from bot.chats.msteams.wire import Wire, path
from handlers.cards import Reply
from handlers.feedback import Person

BETWEEN = 0.4
"""Seconds between two messages of one answer: seven a second are the limit, sixty in half a minute."""


async def whisper(wire: Wire, places: Places, who: Person, said: Sequence[Activity], spot: Spot | None = None) -> None:
    """Say all of it, in order, at `spot` where the private chat is known. Raises what a call raises; then the rest is not said."""
    spot = spot or await places.spot(who.place)
    for n, each in enumerate(said):
        if n:
            await asyncio.sleep(BETWEEN)
        try:
            await wire.post(spot.service_url, path("v3", "conversations", spot.conversation, "activities"), each)
        except Said as error:
            await places.mark(spot, error)
            raise


def activities(reply: Reply) -> list[Activity]:
    """A private answer as messages: its text in pieces, then each card by itself."""
    texts = [adaptive.line(each) for each in plain.parts(plain.clean(reply.text), adaptive.LINE)]
    return [*texts, *(adaptive.message(card, listed=True) for card in reply.cards)]
