"""Opens and closes Socket Mode, the connection through which Slack reaches a bot that has no address."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.chats import Throttled, Trouble
from bot.chats.slack.outcome import answer_of

log = structlog.get_logger()

AGAIN_S = 10.0


async def dial(socket: SocketModeClient) -> None:
    """Connect, retrying for as long as Slack is unavailable. Afterwards the client reconnects by itself."""
    while True:
        try:
            opened = await answer_of(socket.web_client.apps_connections_open(app_token=socket.app_token))
            socket.wss_uri = opened["url"]
            await socket.connect()  # type: ignore[no-untyped-call]
        except Trouble as error:
            log.warning("slack.socket_away", why=str(error))
            await asyncio.sleep(max(AGAIN_S, error.seconds if isinstance(error, Throttled) else 0))
        else:
            return


async def hang_up(socket: SocketModeClient) -> None:
    """Close, and wait for the client's own tasks, which `close` only asks to end."""
    with suppress(ConnectionError):
        await socket.close()  # type: ignore[no-untyped-call]
    running = [
        task for task in (socket.message_processor, socket.current_session_monitor, socket.message_receiver) if task is not None
    ]
    await asyncio.gather(*running, return_exceptions=True)
