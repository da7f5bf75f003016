"""On PostgreSQL somebody is erased while other units run: whichever commits first, nothing of them is left, and the log tells why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection, text

from bot.chats import Pace
from handlers.erase import Erasure, erase
from storage import sending
from tests.conftest import Shop, said
from tests.delivery.desk import LATER, Desk, Watched
from tests.running import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["postgresql"], indirect=True)]
"""SQLite has one writer: there one unit begins when the other is done."""

DANA = {"key": "c-canary", "name": "Dana Canary", "email": "canary@mail.example"}


def waiting(shop: Shop, units: int) -> bool:
    """Whether so many units wait for what another has locked."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return shop.store.read_sync(lambda tx: tx.execute(text(asked)).scalar_one()) == units


@asynccontextmanager
async def erasing(shop: Shop) -> AsyncIterator[asyncio.Task[Erasure]]:
    """Erase her at the same time; continue once that is done or waits for another unit."""
    task = asyncio.create_task(shop.store.write(erase, "c-canary", shop.now))
    await eventually(lambda: task.done() or waiting(shop, 1))
    yield task
    await task


async def test_a_card_that_delivery_moves_to_the_lane_for_edits_at_that_moment_is_drawn_anew(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    desk = Desk(shop, Watched(pace=Pace(0, 0, edits_together=True)))
    attempt, noted, let_go = desk.leased(), threading.Event(), threading.Event()

    def shown(tx: Connection) -> None:
        assert sending.shown(tx, attempt, 1, ("C1", "1"), "edits", 0.0)
        noted.set()
        assert let_go.wait(10)

    showing = asyncio.create_task(shop.store.write(shown))
    await asyncio.to_thread(noted.wait, 10)
    async with erasing(shop):
        let_go.set()
    await showing
    await desk.sends(desk.leased(LATER))
    assert desk.chat.edits == ["Dismissed · Erased, as the customer wished"]
