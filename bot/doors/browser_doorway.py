"""Middleware for browsers' requests: a size limit on bodies, and strict headers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.doors.bounded import MOST_BYTES

ALWAYS: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""Set unless the response sets them."""
CLOSE = {"connection": "close"}
ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")


class Doorway:
    """Wraps the application. `https`: the public address is encrypted, so browsers are told never to use plain HTTP.

    Machines pass by the application and its layers, which would add a tenth to what an answer costs, and a fifth to a tap: whatever
    is below /feedback goes to `feedback`, and a POST to one of the `doors`, by path. Both limit by themselves what they read.
    """

    def __init__(
        self, app: ASGIApp, *, https: bool, feedback: ASGIApp | None = None, doors: Mapping[str, ASGIApp] | None = None
    ) -> None:
        self._app, self._feedback, self._doors = app, feedback, doors or {}
        self._headers = [*ALWAYS.items(), *([ENCRYPTED] if https else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._feedback is not None and f"{scope['path']}/".startswith("/feedback/"):
            await self._feedback(scope, receive, send)
            return
        if scope["path"] in self._doors and scope["method"] == "POST":
            await self._doors[scope["path"]](scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self._headers if each[0] not in there)]
            await send(message)

        with suppress(ClientDisconnect):  # a client that disconnects in the middle of a body is no fault of ours
            await self._app(scope, _bounded(receive), careful)


def _bounded(receive: Receive) -> Receive:
    """Limit what can be read. Raises HTTPException, which the application turns into a response."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise HTTPException(413, "The body is larger than 1 MiB.", CLOSE)
        return message

    return bounded
