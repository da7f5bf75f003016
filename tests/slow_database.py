"""A database in which everything that writes waits: nothing fails, and nothing is done before it is over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, text

from storage.database import Store
from tests.running import eventually


@asynccontextmanager
async def taking_nothing_in(store: Store) -> AsyncIterator[None]:
    """SQLite has one writer, which is kept busy; on PostgreSQL others wait for the locks."""
    over, held = threading.Event(), threading.Event()

    def hold(tx: Connection) -> None:
        if not store.sqlite:
            tx.execute(text("LOCK TABLE follow_up, act IN EXCLUSIVE MODE"))
        held.set()
        over.wait(20)

    slow = asyncio.create_task(store.write(hold))
    await eventually(held.is_set)
    try:
        yield
    finally:
        over.set()
        await slow
