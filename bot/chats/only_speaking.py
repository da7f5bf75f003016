"""Connects a chat for a command that only speaks: whatever arrives meanwhile is left to the running bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NoReturn

from bot.chats import Chat, ChatServices, Refused, connect
from bot.config import Settings
from storage.database import Store


@asynccontextmanager
async def only_speaking(name: str, settings: Settings, store: Store, now: datetime) -> AsyncIterator[Chat]:
    """Yields the chat of that name in app.yaml, connected to send, and closes it at the end."""

    async def deaf(*_: Any) -> NoReturn:
        raise Refused("this command only speaks; the running bot listens")

    server = settings.server
    services = ChatServices(deaf, deaf, lambda: now, store, settings.delivery.deadline, server.secret, server.public_url)
    chat = connect(name, settings.chats[name], services)
    await chat.start(listening=False)
    try:
        yield chat
    finally:
        await chat.stop()
