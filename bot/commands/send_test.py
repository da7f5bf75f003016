"""`hero send-test`: posts a marked test card to the real channels of a route and removes it after a minute. Stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot import chats
from bot.chats import Chat, Posted, Trouble
from bot.config import Settings
from bot.doctor.conversations import only_speaking, some
from bot.doctor.database import opened
from bot.refusals import Mistaken
from handlers.arranged.trial_card import trial_card
from handlers.cards import Card
from handlers.feedback import Place
from handlers.rules import Route


async def send_test(settings: Settings, name: str, say: Callable[[str], None], until: Callable[[], Awaitable[None]]) -> None:
    """Post the card to every channel of the route's team, one after another; remove it when `until` returns or is cancelled. Raises
    Mistaken when the route is unknown, or the card cannot be posted or removed."""
    route = _route(settings, name)
    now = datetime.now(UTC)
    card = trial_card(settings.company, route, now)
    with opened(settings.database) as (there, _), some(there) as store:  # looking makes no database
        for place in settings.company.teams[route.team].channels:
            chat = chats.connect(place.chat, settings.chats[place.chat], only_speaking(settings, store, now))
            await chat.start(listening=False)
            try:
                await _shown(chat, place, card, now, say, until)
            finally:
                await chat.stop()


async def _shown(
    chat: Chat, place: Place, card: Card, now: datetime, say: Callable[[str], None], until: Callable[[], Awaitable[None]]
) -> None:
    where = f"{place.chat}:{place.channel}"
    try:
        posted = await chat.post(place, card, f"test:{now:%Y%m%d%H%M%S}")
    except Trouble as trouble:
        raise Mistaken(f"the test card did not reach {where}: {trouble}") from trouble
    say(f"A test card stands in {where}. Press its button there: the bot answers, if it runs. It is taken away in a moment.")
    try:
        await until()
    finally:
        await asyncio.shield(_taken_away(chat, posted, place))
    say(f"The test card in {where} is gone again.")


async def _taken_away(chat: Chat, posted: Posted, place: Place) -> None:
    try:
        await chat.remove(posted, place)
    except Trouble as trouble:
        raise Mistaken(
            f"the test card in {place.chat}:{place.channel} could not be taken away ({trouble}): delete it there"
        ) from trouble


def _route(settings: Settings, name: str) -> Route:
    routes = {route.name: route for route in settings.company.routes}
    if name not in routes:
        raise Mistaken(f"there is no route {name!r}. There is: {', '.join(map(repr, routes)) or 'none'}.")
    return routes[name]
