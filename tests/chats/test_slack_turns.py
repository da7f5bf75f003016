"""Who is told something privately waits for a turn, so that a crowd's taps are answered first; but not many, and not for long."""

from __future__ import annotations

import asyncio

import pytest

from bot.chats.slack import Options
from bot.chats.slack.wire import MOST_UNTOLD, Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
def wire() -> Wire:
    return Wire(Options(bot_token="xoxb-1", signing_secret="s" * 32), deadline=1)  # type: ignore[arg-type]


async def test_whoever_comes_alone_is_told_at_once_and_the_others_in_the_order_in_which_they_tapped(wire: Wire) -> None:
    told: list[int] = []

    async def tell(who: int) -> None:
        await wire.turn()
        told.append(who)

    waiting = [asyncio.create_task(tell(who)) for who in range(30)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert told == [0]
    await asyncio.gather(*waiting)
    assert told == list(range(30))


async def test_no_more_than_so_many_wait_to_be_told(wire: Wire) -> None:
    waiting = [asyncio.create_task(wire.turn()) for _ in range(MOST_UNTOLD + 500)]
    for _ in range(4 * 500):  # turns of the loop, and no time to speak of
        await asyncio.sleep(0)
    assert sum(not task.done() for task in waiting) <= MOST_UNTOLD
    for task in waiting:
        task.cancel()


async def test_who_no_longer_waits_keeps_nobody_waiting(wire: Wire) -> None:
    waiting = [asyncio.create_task(wire.turn()) for _ in range(10)]
    await asyncio.sleep(0)
    for task in waiting[:-1]:
        task.cancel()
    await asyncio.wait_for(waiting[-1], 10)
    await asyncio.wait_for(wire.turn(), 10)
