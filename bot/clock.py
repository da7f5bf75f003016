"""The house clock, and the scheduler that wakes it: a few ticks, no logic, no state. The rows say what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.logs import broken
from storage.database import Unavailable

log = structlog.get_logger()


class HouseClock:
    """The time that counts for promises: aware, UTC. Real time, except in the practice chat, whose clock can be pushed forward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = start - datetime.now(UTC) if start else timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def push_to(self, at: datetime) -> None:
        """Move the clock forward to `at`; never back."""
        self._ahead += max(timedelta(), at - self.now())

    def begin_again(self, at: datetime) -> None:
        """Set the clock to `at`, even if that is in the past: only when everything stored about the time between is deleted."""
        self._ahead = at - datetime.now(UTC)


TICK = "tick"


def ticking(tick: Callable[[], Awaitable[None]], seconds: float) -> AsyncIOScheduler:
    """Returns a scheduler that calls `tick` this often: one call at a time, one for all missed. The caller starts and stops it."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler.add_job(_guarded, "interval", args=[tick], seconds=seconds, id=TICK, **once)
    return scheduler


async def keep_awake(scheduler: AsyncIOScheduler, seconds: float) -> None:
    """Run for ever, and wake the scheduler if this machine's time was set back: it would sleep until the time has caught up."""
    while True:
        await asyncio.sleep(seconds)
        job = scheduler.get_job(TICK)
        if job is not None and job.next_run_time > datetime.now(UTC) + timedelta(seconds=2 * seconds):
            log.warning("clock.set_back", waited_until=job.next_run_time.isoformat())
            job.reschedule("interval", seconds=seconds)


async def _guarded(tick: Callable[[], Awaitable[None]]) -> None:
    try:
        await tick()
    except Unavailable:
        return  # logged already; the rows wait, and the next tick sees them
    except asyncio.CancelledError:
        return  # the bot stops: the scheduler would log that as an error
    except Exception as error:  # noqa: BLE001 - the scheduler would log it without its lines
        log.error("tick.failed", **broken(error))
