"""Reads a request body within the limits of what anybody may send, and defines the error with which a request is refused."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope

MOST_BYTES = 1024 * 1024

Headers = tuple[tuple[bytes, bytes], ...]

_CLOSE: Headers = ((b"connection", b"close"),)


class NotTaken(Exception):
    """The request is answered with an error. `word` names it in the metric; `why` may quote the sender, so it is never logged."""

    def __init__(self, status: int, word: str, why: str, field: str | None = None, headers: Headers = ()) -> None:
        super().__init__(word)
        self.status, self.word, self.why, self.field, self.headers = status, word, why, field, headers


class HungUp(Exception):
    """The sender disconnected in the middle of the body; there is nobody to answer."""


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Returns the headers of a request by name, in lower case."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """Read the whole body, never more than MOST_BYTES, whatever Content-Length says. Raises HungUp and NotTaken."""
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
