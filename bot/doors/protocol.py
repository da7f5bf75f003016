"""How long a connection may take to say what it wants, and how much it may say around that, or ask ahead: uvicorn itself waits for
ever for the end of a head, and of a body."""

from __future__ import annotations

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""Seconds from the first byte, or from the connection, to the end of the head."""
BODY_S = 30.0
"""Seconds from the end of the head to that of the body."""
HEAD_BYTES = 64 * 1024
"""Of a head; and of what lies around the pieces of a body, or behind it."""
MOST_AHEAD = 256
"""Requests that may wait on one connection for the answers before theirs: the smallest fill one piece with ten thousand."""


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
            raise OverflowError  # to the parser; then it is no request for uvicorn
        self._in_head, self._head_bytes = True, 0  # counted from the next piece on: this one may hold a large body before it
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._unwatch()
        super().on_headers_complete()
        self.headers = []  # what comes behind a body is no part of the head
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
        if self._timer is not None:  # what is still coming has a time of its own
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
        """uvicorn forgets the time at any byte: line ends between requests, or the end of a body that was answered before."""
        until = since.when() if since is not None else self.loop.time() + self.timeout_keep_alive
        self.timeout_keep_alive_task = self.loop.call_at(until, self.timeout_keep_alive_handler)

    def _refuse(self, status: str, why: str) -> None:
        self._unwatch()
        if self.transport.is_closing():
            return
        if not self._in_body and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # what was asked before is still answered, and then we hang up
            self.flow.pause_reading()
            return
        if not self._in_body or not (self.pipeline or self.cycle.response_started):  # else the answer would be another's
            body = json.dumps({"error": why, "field": None})
            head = (
                f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            self.transport.write((head + body).encode())
        self.transport.close()
