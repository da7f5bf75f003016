"""The house clock, and the wake-up calls: a few ticks, no logic, no state. What is due is asked of the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from storage.database import Unavailable

log = structlog.get_logger()


class HouseClock:
    """What time it is for promises: aware, UTC. Real time, but for the practice chat, whose clock can be pushed forward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = start - datetime.now(UTC) if start else timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def push_to(self, at: datetime) -> None:
        """Move on to `at`; never back."""
        self._ahead += max(timedelta(), at - self.now())

    def begin_again(self, at: datetime) -> None:
        """Stand at `at` once more, also if that lies behind: only where nothing is remembered of the time between."""
        self._ahead = at - datetime.now(UTC)


Tick = Callable[[], Awaitable[None]]


def ticking(tick: Tick, seconds: float) -> AsyncIOScheduler:
    """A scheduler that calls `tick` every so often: one at a time, once for all that was missed. The caller starts and stops it."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(_guarded, "interval", args=[tick], seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None)
    return scheduler


async def _guarded(tick: Tick) -> None:
    try:
        await tick()
    except Unavailable:
        return  # said in the log already; the rows wait, and the next tick sees them
