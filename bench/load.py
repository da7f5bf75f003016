"""Sends requests over raw keep-alive sockets, each connection as soon as it was answered, and times every answer.

Kept cheap, because it shares the machine with what it measures. `Loader` runs it in a process of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Self, cast

import uvloop

from bench.processes import LOAD, pin

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

ACCEPTED_S = 0.2
"""A server accepts one new connection per turn of its event loop; without this pause some answers would include that wait."""

Streams = Callable[[], Sequence[Iterator[bytes]]]
"""Makes the requests of each connection; must be picklable. Connections may share one iterator."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: seconds per answer in order of arrival, the number of each status, and the total seconds."""

    latencies: Sequence[float]
    statuses: Counter[int]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Returns the milliseconds within which this share of the answers came."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


class Loader:
    """The load-generating process. `with Loader() as load: load(port, streams)`."""

    def __enter__(self) -> Self:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), pin, (LOAD,))
        self._pool.submit(time.monotonic).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def __call__(self, port: int, streams: Streams, *, seconds: float = 60, gap: float = 0) -> Answers:
        """Send until the streams end or `seconds` are over. Each connection pauses `gap` seconds after an answer."""
        return self._pool.submit(_run, port, streams, seconds, gap).result()


def _run(port: int, streams: Streams, seconds: float, gap: float) -> Answers:
    return uvloop.run(_send(port, streams(), seconds, gap))


def _itself(client: _Client) -> _Client:
    return client


async def _send(port: int, streams: Sequence[Iterator[bytes]], seconds: float, gap: float) -> Answers:
    loop, latencies, statuses = asyncio.get_running_loop(), list[float](), Counter[int]()
    clients = [_Client(stream, latencies, statuses, gap) for stream in streams]
    for client in clients:
        await loop.create_connection(partial(_itself, client), "127.0.0.1", port)
    await asyncio.sleep(ACCEPTED_S)
    begun = time.perf_counter()
    for client in clients:
        client.start(begun + seconds)
    try:
        await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), seconds + 60)
    finally:
        for client in clients:
            client.leave()
    return Answers(latencies, statuses, time.perf_counter() - begun)


class _Client(asyncio.Protocol):
    """One connection. Only answers within the time are counted."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], statuses: Counter[int], gap: float) -> None:
        self._requests, self._latencies, self._statuses, self._gap = requests, latencies, statuses, gap
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._sent = self._until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transport does not inherit from it

    def start(self, until: float) -> None:
        """Send the first request. No new one is sent after `until`, by time.perf_counter."""
        self._until = until
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not _is_whole(buffer):
            self._buffer = buffer
            return
        self._buffer = b""
        now = time.perf_counter()
        if now < self._until:
            self._latencies.append(now - self._sent)
            self._statuses[int(buffer[9:12])] += 1
            if self._gap:
                self._loop.call_later(self._gap, self._next)
                return
        self._next()

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        if self.done.done():
            return
        if request is None or self._transport is None:
            self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _is_whole(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    length = LENGTH.search(answer, 0, head + 2)
    return len(answer) >= head + 4 + int(length[1]) if length else answer.endswith(b"0\r\n\r\n")
