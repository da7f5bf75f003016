"""A door for machines: the body is read within limits, the answer is small, and nothing is added that only browsers need."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.doors import bounded
from bot.doors.bounded import Headers, HungUp, NotTaken

JSON: Headers = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Answered:
    """The response to a machine; `then` is called once it was sent."""

    status: int = 200
    body: bytes = b""
    headers: Headers = ()
    then: Callable[[], None] | None = None


Respond = Callable[[Answered], Awaitable[None]]
"""Sends the response. Whoever answers a request calls it once."""
Hear = Callable[[Mapping[str, str], bytes, Respond], Awaitable[None]]
"""Answers a request, given its headers by lower-case name, its body, and how to respond; may go on afterwards. May raise NotTaken
instead of responding."""


class Door(Route):
    """The route to such a door, for POST only. Its endpoint is an ASGI application, because a function of a Request makes each tap
    of a crowd cost more."""

    def __init__(self, path: str, hear: Hear) -> None:
        super().__init__(path, _Application(hear), methods=["POST"])


class _Application:
    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def respond(answered: Answered) -> None:
            await answer(answered, send)

        headers = bounded.headers_of(scope)
        try:
            await self._hear(headers, await bounded.body(headers, receive), respond)
        except HungUp:
            return
        except NotTaken as error:
            await respond(refused(error))


async def answer(answered: Answered, send: Send) -> None:
    """Send the response, then call its `then`."""
    length = (b"content-length", b"%d" % len(answered.body))
    await send({"type": "http.response.start", "status": answered.status, "headers": [*answered.headers, length]})
    await send({"type": "http.response.body", "body": answered.body})
    if answered.then is not None:
        answered.then()


def refused(error: NotTaken) -> Answered:
    """Returns the response to any refusal."""
    body = json.dumps({"error": error.why, "field": error.field}).encode()
    return Answered(error.status, body, (*JSON, *error.headers))
