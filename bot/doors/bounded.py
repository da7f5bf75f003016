"""The bounds of what anybody may send; reads a piece of feedback within them, and says what one is refused with."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope

MOST_BYTES = 1024 * 1024

Headers = tuple[tuple[bytes, bytes], ...]

_CLOSE: Headers = ((b"connection", b"close"),)


class NotTaken(Exception):
    """The request is answered with an error. `word` names it in the metric; `why` may quote the sender and is never logged."""

    def __init__(self, status: int, word: str, why: str, field: str | None = None, headers: Headers = ()) -> None:
        super().__init__(word)
        self.status, self.word, self.why, self.field, self.headers = status, word, why, field, headers


class HungUp(Exception):
    """The sender went away in the middle of the body; nobody is there to be answered."""


def headers_of(scope: Scope) -> Mapping[str, str]:
    """The headers of a request by their names, which are in small letters."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The whole body, never more than MOST_BYTES of it, whatever Content-Length says. Raises HungUp and NotTaken."""
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise NotTaken(
            415, "encoded", "The body is compressed; send it without Content-Encoding. Nothing was stored.", headers=_CLOSE
        )
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 9 or int(length) > MOST_BYTES):
        raise _too_large()
    message = await receive()
    if message["type"] == "http.disconnect":
        raise HungUp
    read: bytes = message.get("body", b"")
    if message.get("more_body", False):
        read = await _rest(read, receive)
    if len(read) > MOST_BYTES:
        raise _too_large()
    return read


async def _rest(first: bytes, receive: Receive) -> bytes:
    chunks, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MOST_BYTES:
            raise _too_large()
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large() -> NotTaken:
    return NotTaken(
        413, "too-large", "The body is larger than 1 MiB; send fewer entries at once. Nothing was stored.", headers=_CLOSE
    )
