"""`hero send-test`: posts a marked test card to the real channels of a route and removes it after a minute. Stores nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.chats import Chat, Posted, Trouble
from bot.chats.only_speaking import only_speaking
from bot.config import Settings
from bot.doctor.conversations import some
from bot.doctor.database import opened
from bot.refusals import Mistaken
from handlers.arranged.trial_card import trial_card
from handlers.cards import Card
from handlers.feedback import Place
from handlers.rules import Route

MOST_NAMED = 10
"""Teams to choose from that are named; the rest is counted."""


async def send_test(
    settings: Settings, name: str, say: Callable[[str], None], until: Callable[[], Awaitable[None]], team: str | None = None
) -> None:
    """Post the card to every channel of the route's team, one after another; remove it when `until` returns or is cancelled. `team`
    chooses one of those to which the route leads. Raises Mistaken when the route is unknown or its team is not clear, or the card
    cannot be posted or removed."""
    route = _to_one(settings, _route(settings, name), team)
    now = datetime.now(UTC)
    card = trial_card(settings.company, route, now)
    with opened(settings.database) as (there, _), some(there) as store:  # looking makes no database
        for place in settings.company.teams[route.team].channels:
            async with only_speaking(place.chat, settings, store, now) as chat:
                await _shown(chat, place, card, now, say, until)


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


def _to_one(settings: Settings, route: Route, team: str | None) -> Route:
    """Returns the route as it leads to that team, or to the only one."""
    teams = [each.name for each in settings.company.teams.values() if route.may_lead_to(each)]
    if team in teams or (team is None and len(teams) == 1):
        return route.to(team or teams[0])
    where = f"the route {route.name!r} leads to {f'the team of the {route.team_of}' if route.team_of else 'one team'}"
    which = f"{', '.join(teams[:MOST_NAMED])}{f' and {len(teams) - MOST_NAMED} more' if teams[MOST_NAMED:] else ''}"
    if not teams:
        raise Mistaken(f"{where}, and no team is called as it asks for.")
    raise Mistaken(f"{where}. {f'It does not lead to {team!r}: choose' if team else 'Choose'} one with --team: {which}.")
