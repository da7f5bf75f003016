"""What every request passes but feedback, which has a door of its own: a body of a bounded size in a bounded time, and headers that
tell browsers to be careful."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.doors.bounded import MOST_BYTES, SLOWEST_BODY

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
"""Set where the answer does not say otherwise."""
CLOSE = {"connection": "close"}
ENCRYPTED = (b"strict-transport-security", b"max-age=31536000")


class Doorway:
    """Stands before the application. `https`: the public address is encrypted, and browsers should never come otherwise. `slowest`:
    seconds in which a body must have come."""

    def __init__(self, app: ASGIApp, *, https: bool, slowest: float = SLOWEST_BODY) -> None:
        self._app, self._slowest = app, slowest
        self._headers = [*ALWAYS.items(), *([ENCRYPTED] if https else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/feedback/"):
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in self._headers if each[0] not in there)]
            await send(message)

        await self._app(scope, _bounded(receive, self._slowest), careful)


def _bounded(receive: Receive, slowest: float) -> Receive:
    """Reads no more, and for no longer, than allowed; the application answers what is raised.

    After the body it only waits for the hanging up, however long that takes.
    """
    size, whole, end = 0, False, asyncio.get_running_loop().time() + slowest

    async def bounded() -> Message:
        nonlocal size, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time.", CLOSE) from None
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise HTTPException(413, "The body is larger than 1 MiB.", CLOSE)
        whole = not message.get("more_body", False)
        return message

    return bounded
