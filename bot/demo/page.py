"""`hero demo`: serves the practice chat on a Friday morning, after playing the week that led to it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sysconfig
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.app import web
from bot.demo import begin_again, practice_house
from bot.demo.play import play
from bot.house import House
from bot.pages.practice_page import furnish_practice_page
from bot.port import address_of, listen
from bot.serve import answer


async def run(*, port: int, browser: bool) -> None:
    """Serve until Ctrl-C. If the port is taken, uses a free one. The address is printed once the page answers."""
    with listen("127.0.0.1", port, move=True) as listening:
        await _serve(listening, browser=browser)


async def _serve(listening: socket.socket, *, browser: bool) -> None:
    address = address_of(listening)
    async with practice_house(address=address) as house, starting_again(house) as start_again:
        furnish_practice_page(house, start_again=start_again)
        await _play_through(house)
        print(f"Open {address}/", flush=True)
        print("Everybody in it is made up, and nothing leaves this computer. Ctrl-C stops it.", flush=True)
        print(f"Next, for your own team: mkdir team && {_command()} init --config team/app.yaml", flush=True)
        if browser:
            asyncio.get_running_loop().call_later(0.3, _open, f"{address}/")
        await answer(web(house), listening)


@asynccontextmanager
async def starting_again(house: House) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Yields what *Start again* calls. Whoever presses while it runs, or presses twice, waits for what runs already; at the end it
    is broken off."""
    running: asyncio.Task[None] | None = None

    async def start_again() -> str:
        nonlocal running
        if running is None or running.done():
            running = asyncio.create_task(_again(house))
        await asyncio.shield(running)
        return "Everything starts again, on Friday morning."

    try:
        yield start_again
    finally:
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _again(house: House) -> None:
    await begin_again(house)
    await _play_through(house)


async def _play_through(house: House) -> None:
    async for _ in play(house):
        pass


def _command() -> str:
    """Returns how to call this command here: after `make install` the shell does not find plain `hero`."""
    return "hero" if shutil.which("hero") else os.path.relpath(Path(sysconfig.get_path("scripts")) / "hero")


def _open(address: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(address)
