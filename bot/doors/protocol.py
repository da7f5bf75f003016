"""Limits on how long a connection may take to send a request, on the size of everything but the body, and on pipelined requests.
uvicorn itself waits for ever for the end of a head or a body."""

from __future__ import annotations

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""Seconds from the first byte, or from the connection, to the end of the head."""
BODY_S = 30.0
"""Seconds from the end of the head to the end of the body."""
HEAD_BYTES = 64 * 1024
"""The most bytes of a head, and of what comes between or after the chunks of a body."""
MOST_AHEAD = 256
"""Pipelined requests that may wait on one connection: ten thousand of the smallest fit into one piece of data."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, but it closes connections that dawdle or whose head never ends. A request in one piece needs no timer."""

    head_s, body_s = HEAD_S, BODY_S
    _in_head, _in_body = True, False
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        resting = self.timeout_keep_alive_task
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head or self._in_body:
            if self._head_bytes > HEAD_BYTES:
                self._refuse("431 Request Header Fields Too Large", "The head of the request is larger than 64 KiB.")
            elif self._timer is None:
                self._watch()
        elif self.timeout_keep_alive_task is None and self.cycle.response_complete:
            self._rest(resting)

    def on_message_begin(self) -> None:
        if len(self.pipeline) > MOST_AHEAD:
            raise OverflowError  # to the parser, for which the data is then not a valid request
        self._in_head, self._head_bytes = True, 0  # counted from the next piece on: this one may hold a large body before it
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._unwatch()
        super().on_headers_complete()
        self.headers = []  # what comes after a body is not part of the head
        self._in_head, self._in_body = False, True

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._unwatch()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._timer is not None:  # what is still coming has its own time limit
            self._unset_keepalive_if_required()

    def send_400_response(self, _: str) -> None:
        self._refuse("400 Bad Request", "What came cannot be read as an HTTP request.")

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

    def _rest(self, since: asyncio.TimerHandle | None) -> None:
        """Restore the keep-alive timeout: uvicorn drops it at any byte, such as line ends between requests or the end of a body
        that was answered early."""
        until = since.when() if since is not None else self.loop.time() + self.timeout_keep_alive
        self.timeout_keep_alive_task = self.loop.call_at(until, self.timeout_keep_alive_handler)

    def _refuse(self, status: str, why: str) -> None:
        self._unwatch()
        if self.transport.is_closing():
            return
        if not self._in_body and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # earlier requests are still answered, then we close
            self.flow.pause_reading()
            return
        if not self._in_body or not (self.pipeline or self.cycle.response_started):  # else it would answer another request
            body = json.dumps({"error": why, "field": None})
            head = (
                f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            self.transport.write((head + body).encode())
        self.transport.close()
