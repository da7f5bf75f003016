"""Sends one person something in their private chat: a list, a welcome, an answer that missed the platform's time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.chats import Throttled
from bot.chats.msteams import adaptive, plain
from bot.chats.msteams.adaptive import Activity
from bot.chats.msteams.outcome import Said
from bot.chats.msteams.places import Places, Spot
from bot.chats.msteams.wire import Wire, path
from bot.untrusted import clean
from handlers.cards import Reply
from handlers.feedback import Person

LONGEST_WAIT_S = 20.0
"""Seconds. An answer is put off at most this long when Teams asks us to wait."""
TRIES = 5


async def whisper(wire: Wire, places: Places, who: Person, said: Sequence[Activity], spot: Spot | None = None) -> None:
    """Send all of it in order, at `spot` if the private chat is known. Raises what a call raises; then the rest is not sent."""
    spot = spot or await places.spot(who.place)
    for each in said:
        try:
            await _say(wire, spot, each)
        except Said as error:
            await places.mark(spot, error)
            raise


async def _say(wire: Wire, spot: Spot, activity: Activity) -> None:
    """Send one message. Retries after Throttled, which was certainly not accepted; not after Unknown, since a duplicate is worse
    than a missing answer."""
    where = path("v3", "conversations", spot.conversation, "activities")
    for left in reversed(range(TRIES)):
        try:
            await wire.post(spot.service_url, where, activity, spot.conversation)
        except Throttled as error:
            if not left or error.seconds > LONGEST_WAIT_S:
                raise
            await asyncio.sleep(error.seconds)
        else:
            return


def activities(reply: Reply) -> list[Activity]:
    """Returns a private answer as messages: its text in pieces, then each card by itself."""
    texts = [adaptive.line(each) for each in plain.parts(clean(reply.text), adaptive.LINE)]
    return [*texts, *(adaptive.message(card, listed=True) for card in reply.cards)]
