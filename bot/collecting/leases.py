"""Gives back what was leased if the bot is stopped meanwhile, so that nobody waits until the lease runs out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from storage.database import Store, Unavailable

LONGEST_S = 2.0
"""Seconds for which a bot that stops waits for the database. After that the lease runs out by itself."""


@asynccontextmanager
async def given_back(store: Store, end: Callable[..., Any], *lease: Any) -> AsyncIterator[None]:
    """If this is cancelled, have `end(tx, *lease)` end the lease."""
    try:
        yield
    except asyncio.CancelledError:
        await asyncio.wait({asyncio.create_task(_ended(store, end, lease))}, timeout=LONGEST_S)
        raise


async def _ended(store: Store, end: Callable[..., Any], lease: tuple[Any, ...]) -> None:
    with suppress(Unavailable):
        await store.write(end, *lease)
