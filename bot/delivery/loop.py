"""The loop of delivery: leases what may be sent now, and sends each message in a task of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import structlog
from sqlalchemy import Connection

from bot import metrics
from bot.delivery.clock import SendingClock
from bot.delivery.send import LONGEST_WAIT_S, Sender
from bot.delivery.services import DeliveryServices
from bot.logs import broken
from handlers.pictures import Picture, picture_of
from storage import sending
from storage.database import Unavailable
from storage.sending import Attempt
from storage.units import afterwards, is_woken, need_not_wake, savepoint

log = structlog.get_logger()

AT_ONCE = 64
"""Lanes served at the same time; more wait a moment until one is done."""
HANDS_OFF_S = 0.02
"""Seconds until the next look at lanes that another replica holds at this moment."""
LEFT_S = 0.2
"""The same where some of them may be lanes that we stand back from, so as not to be in the way of those who go first."""
DRAWN_AT_ONCE = 4
"""Messages drawn in the unit that leases them, the quickest way for each; more would make those who tap wait for the writer."""


class Delivery:
    """The one task that sends to the chats. `wake` may be called from any thread."""

    def __init__(self, services: DeliveryServices) -> None:
        self._services = services
        self._clock = SendingClock()
        self._sender = Sender(services, self._clock)
        self._woken = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._stopping = self._ended = False
        self._end_s = 0.0
        self._begun = 0
        self._soonest: float | None = None

    def wake(self) -> None:
        """Look now: something is wanted."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Serve until `stop`."""
        next_safety, woken = 0.0, True
        while not self._stopping:
            self._woken.clear()
            failed = False
            try:
                if time.monotonic() >= next_safety:
                    await self._clock.set(self._services.store)
                    forgotten = await self._services.store.write(sending.wake_forgotten, self._clock.seconds(), LONGEST_WAIT_S)
                    self._caught("forgotten", forgotten)
                    next_safety = time.monotonic() + self._services.timing.safety
                due, begun = self._soonest, self._begun
                wait = await self._round()
                if not (woken or self._woken.is_set()) and (due is None or due > self._clock.seconds()):
                    self._caught("unwoken", self._begun - begun)
            except Exception as error:  # noqa: BLE001 - whatever it is: a bot that has fallen silent helps nobody
                wait, failed = 1.0, True
                if not isinstance(error, Unavailable):
                    log.error("delivery.round_failed", **broken(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):  # not wait_for: it creates a task, which would run before those that send
                    await self._woken.wait()
            woken = failed or self._woken.is_set()
        self._ended = True
        await self._drain()  # including what was leased at the very moment of `stop`

    async def stop(self) -> None:
        """Start nothing new, and finish what is being sent. Await `run` afterwards: it may have begun one last round."""
        self._stopping, self._end_s = True, time.monotonic() + self._services.timing.deadline + 1
        self._woken.set()
        await self._drain()

    async def _drain(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending, timeout=max(0.0, self._end_s - time.monotonic()))

    async def until_idle(self) -> None:
        """Wait until nothing is being sent and nothing that could be sent now waits. For the demo and for tests."""
        safety = self._services.timing.safety
        while True:
            sending = bool(self._sending)  # what ends during the round still held its lane when the round looked
            if await self._round() >= safety and not (sending or self._sending):
                return
            await asyncio.sleep(0.005)

    async def _round(self) -> float:
        """Lease what may be sent now and start sending it. Returns how many seconds until there may be more."""
        timing, free = self._services.timing, AT_ONCE - len(self._sending)
        if free <= 0:
            return timing.safety
        now = self._clock.seconds()
        attempts, soonest = await self._services.store.write(self._lease, now, free)
        self._soonest, self._begun = soonest, self._begun + len(attempts)
        self._begin(attempts, now + timing.lease)
        if soonest is None:
            return timing.safety
        if soonest <= now and not attempts:  # another replica holds it now, or somebody is about to commit it
            return LEFT_S if self._sender.left() else HANDS_OFF_S
        return min(timing.safety, max(0.0, soonest - self._clock.seconds()))

    def lease_along(self, tx: Connection) -> None:
        """Lease what a unit wants at its end, and send it once the unit is committed. A lone message is posted a commit sooner."""
        free = min(AT_ONCE - len(self._sending), DRAWN_AT_ONCE)
        if self._stopping or free <= 0 or not is_woken(tx):
            return
        now = self._clock.seconds()
        try:
            with savepoint(tx):
                attempts, soonest = self._lease(tx, now, free)
        except Exception as error:  # noqa: BLE001 - what is wanted must be stored, whatever goes wrong here; we are woken as usual
            log.error("delivery.cannot_lease_along", **broken(error))
            return
        if attempts:
            afterwards(tx, partial(self._loop.call_soon_threadsafe, self._begin, attempts, now + self._services.timing.lease))
        if self._services.store.sqlite and (soonest is None or soonest > now):  # other replicas need it on PostgreSQL if we die
            need_not_wake(tx)

    def _begin(self, attempts: Sequence[tuple[Attempt, Picture | None]], until: float) -> None:
        if self._ended:  # leased by a unit that was committed too late: nobody could note its outcome any more
            return
        for attempt, drawn in attempts:
            task = asyncio.create_task(self._sender.serve(attempt, drawn, until))
            self._sending.add(task)
            task.add_done_callback(self._served)

    def _caught(self, how: str, lanes: int) -> None:
        """Report that the safety net caught something. Only time is lost by it, but it should not have been needed."""
        if lanes:
            metrics.safety_net.labels(how).inc(lanes)
            usual = how == "unwoken" and self._services.store.sqlite  # other processes, as of `hero import`, cannot wake us there
            (log.info if usual else log.warning)("delivery.safety_net", how=how, lanes=lanes)

    def _lease(self, tx: Connection, now: float, free: int) -> tuple[list[tuple[Attempt, Picture | None]], float | None]:
        """Lease what may be sent, with its picture. What cannot be drawn here is drawn by the sender, which reports the failure."""
        timing = self._services.timing
        left = self._sender.left()
        attempts, soonest = sending.lease(tx, list(self._services.chats), now, timing.settle, timing.lease, free, left)
        drawn: dict[int, Picture] = {}
        for attempt in attempts[:DRAWN_AT_ONCE]:
            with suppress(Exception), savepoint(tx):
                drawn[attempt.id] = picture_of(tx, self._services.company(), attempt.row, self._services.now())
        return [(attempt, drawn.get(attempt.id)) for attempt in attempts], soonest

    def _served(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery.failed", **broken(error))  # the lease runs out, and the message is tried again
