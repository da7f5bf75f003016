"""Checks each chat: its token, its permissions, its channels, and the leaders that app.yaml names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory

from bot.chats import Chat, Trouble
from bot.chats.only_speaking import only_speaking
from bot.config import Settings
from bot.diagnosis import Diagnosis, error, warning, well
from handlers.team import Team
from storage import schema
from storage.database import Store, Unavailable

TROUBLE = (Trouble, Unavailable)


async def look_at_chats(settings: Settings, store: Store | None, now: datetime) -> Sequence[Diagnosis]:
    """Examine all chats concurrently."""
    with some(store) as known:
        found = await asyncio.gather(*(_examined(name, settings, known, now) for name in settings.chats))
    return [line for lines in found for line in lines]


@contextmanager
def some(store: Store | None) -> Iterator[Store]:
    """Yields the given database, or an empty temporary one if there is none yet."""
    if store is not None:
        yield store
        return
    with TemporaryDirectory() as folder, closing(Store(f"sqlite:///{folder}/nothing.db")) as nothing:
        schema.migrate(nothing)
        yield nothing


async def _examined(name: str, settings: Settings, store: Store, now: datetime) -> Sequence[Diagnosis]:
    async with only_speaking(name, settings, store, now) as chat:
        try:
            places = list(dict.fromkeys(p for team in settings.company.teams.values() for p in team.channels if p.chat == name))
            return [*(await chat.examine(places)), *(await _leaders(chat, settings.company.teams))]
        except TROUBLE as trouble:
            means = "What is waiting for this chat waits on."
            return [error(name, f"could not be asked ({trouble})", means, "Try again in a minute; then see the log of the bot.")]


async def _leaders(chat: Chat, teams: Mapping[str, Team]) -> list[Diagnosis]:
    lines = []
    for team in teams.values():
        for role, who in _named(team, chat.name):
            lines.append(await _known(chat, f"{chat.name} {role} of {team.name}", who))
    return lines


def _named(team: Team, chat: str) -> Iterator[tuple[str, str]]:
    """Yields (role, name) of everybody this chat should know: `slack:U…` in that chat only, an e-mail in all chats of the team."""
    for role, names in team.duties.items():
        for name in names:
            its_chat, colon, rest = name.partition(":")
            if its_chat == chat if colon else any(place.chat == chat for place in team.channels):
                yield role, rest if colon else name


async def _known(chat: Chat, part: str, who: str) -> Diagnosis:
    try:
        known = await _is_known(chat, who)
    except TROUBLE as trouble:
        return warning(
            part, f"{who} could not be looked up ({trouble})", "Reminders to them may reach nobody.", "Try again in a minute."
        )
    if not known:
        means = "Reminders that climb to them reach nobody."
        return error(
            part, f"{chat.name} knows nobody as {who}", means, "Correct the address in app.yaml, or invite them to the chat."
        )
    return well(part, f"{who} is known")


async def _is_known(chat: Chat, who: str) -> bool:
    """Whether the chat knows anybody by this name. An id is taken as it is written, so the chat is asked about the person, too."""
    found = await chat.people(who)
    if "@" in who:
        return bool(found)
    for person in found:
        if await chat.profile(person) is not None:
            return True
    return False
