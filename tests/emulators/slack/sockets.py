"""Socket Mode: links the bot opens, envelopes it must acknowledge within three seconds, and requests to reconnect."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.emulators.slack.bot import Answer, Kind
from tests.emulators.slack.methods import Method, method
from tests.emulators.slack.world import Json

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack
    from tests.emulators.slack.workspace import Workspace

MOST_LINKS = 10


class Link:
    """One open WebSocket of the bot."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    async def send(self, kind: Kind, payload: Json, patience: float, retry: tuple[int, str] | None) -> Answer:
        """Send one envelope and wait for its acknowledgement, whose payload is the bot's answer."""
        id, begun = secrets.token_hex(16), time.monotonic()
        acknowledged = self._waiting[id] = asyncio.get_running_loop().create_future()
        envelope: Json = {"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
        try:
            await self._socket.send_json(envelope)
            answer = await asyncio.wait_for(acknowledged, patience)
        except TimeoutError:
            return Answer(None, error="http_timeout", took=time.monotonic() - begun)
        except ConnectionError as error:
            return Answer(None, body=str(error), error="connection_failed", took=time.monotonic() - begun)
        finally:
            self._waiting.pop(id, None)
        body = json.dumps(answer["payload"]) if answer.get("payload") else ""
        return Answer(200, body, took=time.monotonic() - begun)

    def acknowledge(self, message: Json) -> None:
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting and not waiting.done():
            waiting.set_result(message)

    async def disconnect(self, reason: str) -> None:
        """Ask the bot to reconnect, then close the link."""
        await self._socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-emulated"}})
        await self._socket.close()


@method("apps.connections.open", scopes="", app=True)
def open_connection(slack: Workspace, _args: Json) -> Json:
    return {"url": slack.new_ticket()}


async def listen(slack: Slack, request: web.Request) -> web.StreamResponse:
    """The WebSocket endpoint. A ticket can be used once."""
    if request.query.get("ticket") not in slack.tickets:
        return web.Response(status=403)
    slack.tickets.discard(request.query["ticket"])
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    link = Link(socket)
    if len(slack.links) >= MOST_LINKS:
        await link.disconnect("too_many_websockets")
        return socket
    slack.links.insert(0, link)  # newest first, as if older ones were about to be refreshed
    hello: dict[str, Any] = {"type": "hello", "num_connections": len(slack.links), "connection_info": {"app_id": slack.app_id}}
    await socket.send_json({**hello, "debug_info": {"host": "applink-emulated", "approximate_connection_time": 18060}})
    try:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                link.acknowledge(_read(slack, frame.data))
    finally:
        slack.links.remove(link)
    return socket


def _read(slack: Slack, text: str) -> Json:
    try:
        message = json.loads(text)
        return message if isinstance(message, dict) else {}
    except ValueError:
        slack.reject("socket", "unreadable", [text[:200]], text)
        return {}


METHODS: list[Method] = [open_connection]
