"""How long a connection may take to say what it wants: uvicorn itself waits for ever for the end of a head, and of a body."""

from __future__ import annotations

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""Seconds from the first byte, or from the connection, to the end of the head."""
BODY_S = 30.0
"""Seconds from the end of the head to that of the body."""
HEAD_BYTES = 64 * 1024


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own, but it hangs up on whoever dawdles, or whose head never ends. What comes in one piece costs no timer."""

    head_s, body_s = HEAD_S, BODY_S
    _in_head, _in_body = True, False
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse("431 Request Header Fields Too Large", "The head of the request is larger than 64 KiB.")
        elif (self._in_head or self._in_body) and self._timer is None and not self.transport.is_closing():
            self._watch()

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0  # counted from the next piece on: this one may hold a large body before it
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._unwatch()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._unwatch()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        part, seconds = ("head", self.head_s) if self._in_head else ("body", self.body_s)
        why = f"The {part} of the request did not arrive within {seconds:g} seconds; send it again. Nothing was stored."
        self._timer = self.loop.call_later(seconds, self._refuse, "408 Request Timeout", why)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: str, why: str) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if not (self._in_body and self.cycle.response_started):  # else it was answered before it was whole
            body = json.dumps({"error": why, "field": None})
            head = (
                f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            self.transport.write((head + body).encode())
        self.transport.close()
