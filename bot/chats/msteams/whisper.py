"""Sends one person something in their private chat: a list, a welcome, an answer that missed the platform's time limit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.background import patiently
from bot.chats import ChatServices, Posted
from bot.chats.msteams import adaptive, plain
from bot.chats.msteams.adaptive import Activity
from bot.chats.msteams.outcome import RefusedByCode
from bot.chats.msteams.places import Places, Spot
from bot.chats.msteams.wire import Wire, path
from bot.untrusted import clean
from handlers.cards import About, Reply, Target
from handlers.feedback import Person

Whispered = tuple[Activity, About]
"""A message, and what it is about."""


async def whisper(
    wire: Wire, places: Places, services: ChatServices, who: Person, said: Sequence[Whispered], spot: Spot | None = None
) -> None:
    """Send all of it in order, at `spot` if the private chat is known. Raises what a call raises; then the rest is not sent."""
    spot = spot or await places.spot(who.place)
    where = path("v3", "conversations", spot.conversation, "activities")
    for activity, about in said:
        try:
            answer = await patiently(partial(wire.post, spot.service_url, where, activity, spot.conversation))
        except RefusedByCode as error:
            await places.mark(spot, error)
            raise
        await services.note_answer(who, about, Posted(spot.conversation, str(answer.get("id") or "")))


def activities(reply: Reply, target: Target | None = None) -> list[Whispered]:
    """Returns a private answer about `target` as messages: its text in pieces, then each card by itself."""
    texts = [adaptive.line(each) for each in plain.parts(clean(reply.text), adaptive.LINE)]
    cards = [(adaptive.message(card, listed=True), Reply(cards=(card,)).about()) for card in reply.cards]
    return [*((text, Reply().about(target)) for text in texts), *cards]
