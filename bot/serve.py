"""Runs the house behind a socket, and shuts down in order on Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from bot.app import opened, web
from bot.clock import HouseClock
from bot.config import Settings
from bot.doors.protocol import PatientProtocol
from bot.house import House

log = structlog.get_logger()

STOPS = (signal.SIGINT, signal.SIGTERM)
DRAIN_S = 8
"""Seconds that requests under way have to finish after we were asked to stop."""

GARBAGE = 5_000
"""New objects after which garbage is collected. At Python's default of 700 a crowd's taps cost a fifth more: each collection looks
through everything that waits for an answer or a result, and some wait a tenth of a second for it."""


def reached_at(settings: Settings, address: str) -> Settings:
    """Returns the settings for a house that listens at `address` instead of where app.yaml says; a public URL stays unchanged."""
    if settings.server.public_url is not None:
        return settings
    return settings.model_copy(update={"company": settings.company.model_copy(update={"address": address})})


async def until_stopped(main: Coroutine[Any, Any, None]) -> None:
    """Run `main`; from the start, Ctrl-C and SIGTERM cancel it. Once it serves HTTP, `answer` handles these signals."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(main)
    for wanted in STOPS:
        loop.add_signal_handler(wanted, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def serve(settings: Settings, clock: HouseClock, listening: socket.socket, ready: Callable[[House], Awaitable[None]]) -> None:
    """Serve until asked to stop. `ready` runs when the house is open, just before requests are answered."""
    async with opened(settings, clock) as house:
        await answer(web(house), listening, partial(ready, house))


async def answer(app: ASGIApp, listening: socket.socket, ready: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serve HTTP until a signal asks to stop, then let requests under way finish. `ready` runs once signals are handled."""
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    gc.freeze()  # what is loaded by now stays: collecting garbage in all of it costs an eighth of what intake does
    gc.set_threshold(GARBAGE)
    gc.enable()
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for wanted in STOPS:
        loop.add_signal_handler(wanted, server.leave)
    if ready is not None:
        await ready()
    await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's server, but after a signal `serve` returns, instead of raising the signal again after the shutdown."""

    def leave(self) -> None:
        log.info("serve.stopping")
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
