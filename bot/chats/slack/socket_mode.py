"""Socket Mode: the connection through which Slack reaches a bot that has no address."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.chats import Throttled, Trouble
from bot.chats.slack.guard import shaped
from bot.chats.slack.in_time import Answer
from bot.chats.slack.listen import hear
from bot.chats.slack.outcome import answer_of
from bot.chats.slack.wire import LOGGER, Wire

log = structlog.get_logger()

AGAIN_S = 10.0


class SocketMode:
    """Connects as soon as it is made, inside the event loop, retrying for as long as Slack is unavailable. Afterwards slack-sdk's
    client reconnects by itself."""

    def __init__(self, app: AsyncApp, app_token: str, wire: Wire) -> None:
        self._app, self._wire = app, wire
        self._client = SocketModeClient(app_token, logger=LOGGER, web_client=wire.client)
        self._client.proxy = wire.client.proxy
        self._client.socket_mode_request_listeners.append(self._handle)
        self._dialling = asyncio.create_task(self._dial())

    async def stop(self) -> None:
        """Close, and wait for the client's own tasks, which its `close` only asks to end."""
        self._dialling.cancel()
        await asyncio.gather(self._dialling, return_exceptions=True)
        client = self._client
        with suppress(ConnectionError):
            await client.close()  # type: ignore[no-untyped-call]
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    async def _dial(self) -> None:
        client = self._client
        while True:
            try:
                opened = await answer_of(client.web_client.apps_connections_open(app_token=client.app_token))
                client.wss_uri = opened["url"]
                await client.connect()  # type: ignore[no-untyped-call]
            except Trouble as error:
                log.warning("slack.socket_away", why=str(error))
                await asyncio.sleep(max(AGAIN_S, error.seconds if isinstance(error, Throttled) else 0))
            else:
                return

    async def _handle(self, _: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._wire.keep(task)  # awaited on shutdown, as over HTTP
        payload, began = shaped(request.payload), time.time()

        async def say(response: BoltResponse) -> None:
            await send_async_response(self._client, request, response, began)

        await hear(self._app, payload, build_headers(request) or {}, Answer(payload, self._wire, say))
