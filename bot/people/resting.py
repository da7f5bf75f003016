"""Asks the chats who must not be disturbed now, before reminders go out. Where a chat cannot tell, reminders go out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

import structlog

from bot.chats import Chat, Trouble
from handlers.feedback import Person
from storage import nudges
from storage.database import Store
from storage.pieces import pieces

log = structlog.get_logger()

MOST = 500
"""People asked about per tick; reminders to any more go out as if nobody were resting."""
AT_ONCE = 50
PATIENCE_S = 3.0
"""Seconds to wait for a chat's answer, because reminders wait for it."""


async def who_rests(store: Store, chats: Mapping[str, Chat], now: datetime) -> Mapping[int, datetime]:
    """Returns until when those who are due for a reminder rest, by person id. Raises Unavailable."""
    due = [Person(row.chat, row.workspace, row.user_id, row.name, row.id) for row in await store.read(nudges.who_is_due, now, MOST)]
    found: dict[int, datetime] = {}
    for (chat, _workspace), theirs in groupby(sorted(due, key=_home), key=_home):
        for these in pieces(list(theirs), AT_ONCE) if chat in chats else ():
            found |= await _told(chats[chat], these)
    return found


def _home(who: Person) -> tuple[str, str]:
    return who.chat, who.workspace


async def _told(chat: Chat, who: Sequence[Person]) -> dict[int, datetime]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            resting = await chat.resting(who)
    except (Trouble, TimeoutError) as error:
        log.info("resting.unknown", chat=chat.name, why=str(error))
        return {}
    return {person.id: until for person, until in resting.items() if person.id is not None}
