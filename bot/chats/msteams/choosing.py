"""Finds who can be chosen in a form, and who was: the people of our company on the roster of the channel that has the card."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.chats import Trouble
from bot.chats.msteams.forms import Colleague
from bot.chats.msteams.places import Places
from bot.chats.msteams.roster import Rosters
from bot.chats.msteams.taps import Pressed, Where
from handlers.cards import Ask, Form, Target
from handlers.feedback import MAIN_WORKSPACE, Person, Place
from storage import msteams
from storage.database import Store

log = structlog.get_logger()

IN_TIME = 1.5
"""Seconds a form may wait for the roster."""


class Choosing:
    """Offers and looks up colleagues by the rosters."""

    def __init__(self, store: Store, places: Places, rosters: Rosters) -> None:
        self._store, self._places, self._rosters = store, places, rosters

    async def offered(self, form: Form, at: Where) -> Sequence[Colleague] | None:
        """Returns who can be chosen in a form, empty if it asks for nobody; None when it asks for somebody and the roster is not
        available."""
        if all(field.ask is not Ask.PERSON for field in form.fields):
            return ()
        return _ours(await self._rosters.within(IN_TIME, *await self._where(form.target, at))) or None

    async def chosen(self, button: Pressed, at: Where) -> dict[str, Person]:
        """Returns who was chosen, by field name. Only those on the roster count, and nobody while it is not available: in doubt
        nobody gets a customer's details."""
        until = asyncio.get_running_loop().time() + IN_TIME
        where = await self._where(button.target, at)
        roster = await self._rosters.within(IN_TIME, *where)
        users = {name: user for name, user in button.chosen.items() if user.startswith("29:")}
        if roster is not None and not {each.id for each in roster}.issuperset(users.values()):
            # Another replica may have offered somebody who joined since: only one of us hears of it.
            roster = await self._rosters.within(until - asyncio.get_running_loop().time(), *where, fresh=0)
        names = {each.id: each.name for each in _ours(roster)}
        return {name: Person("msteams", MAIN_WORKSPACE, user, names[user]) for name, user in users.items() if user in names}

    async def _where(self, target: Target, at: Where) -> tuple[str, str]:
        """Returns the channel that has the follow-up's card, or the conversation itself if it has none; and its service URL."""
        conversation, service_url = at.channel or at.conversation, at.service_url
        if at.personal and isinstance(target, int):
            name = await self._store.read(msteams.channel_of, target)
            try:
                spot = await self._places.spot(Place("msteams", MAIN_WORKSPACE, name)) if name else None
            except Trouble as error:
                log.info("msteams.no_roster", why=str(error))
                spot = None
            if spot is not None:
                conversation, service_url = spot.conversation, spot.service_url
        return conversation, service_url


def _ours(roster: Sequence[Colleague] | None) -> list[Colleague]:
    return [each for each in roster or () if not each.elsewhere]
