"""Polls tools that do not send, and fetches what others only named: one task per source, so that a slow one delays nobody."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import stamina
import structlog

from bot import metrics
from bot.collecting import asking, page
from bot.collecting.leases import given_back
from bot.http_client import http_client
from bot.listening import Denied, Gone, NotNow, Page, TokenRefused, Wait
from bot.logs import broken
from bot.sources import LoadedSource
from handlers.arrivals.collect import Overtaken, Taken, take_errand, take_page
from handlers.arrivals.replay import KeptPayload
from handlers.company import Company
from handlers.feedback import FieldError
from storage import errands, payloads, readings
from storage.database import Store, Unavailable
from storage.prepared import AnyRow

log = structlog.get_logger()

KEPT_UNREAD = timedelta(days=7)
"""How long a payload that could not be read is kept at least; and a parked response."""
LEASE_S = 120.0
"""Seconds that one request and its response may take before another replica asks."""
LOOK_BACK = timedelta(days=3)
"""How far back the first reading of a tool begins, and how far back it is read again each day."""
AGAIN_S = 86_400.0
FORGET_S = 3600.0
ATTEMPTS = 40
"""Failures after which a named response is parked: with the waits between them, more than a day."""
NOT_YET = 6
"""How often a response that is not there is asked for again, in five minutes: some tools name it before they can give it."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait: after a first failure, at most after repeated ones, after a refusal (the token may be mended meanwhile),
    while the database is away, and for a response."""

    first_s: float = 5.0
    longest_s: float = 3600.0
    refused_s: float = 900.0
    away_s: float = 5.0
    answer_s: float = 15.0

    def backed_off(self, failures: int) -> float:
        return min(self.first_s * 2.0 ** min(failures, 12), self.longest_s) * random.uniform(0.8, 1.2)

    def after(self, error: Exception, failures: int) -> float:
        if isinstance(error, Wait):
            return error.seconds
        return self.refused_s if isinstance(error, Denied) else self.backed_off(failures)


class Collector:
    """Runs until `run` is cancelled; `wake` says that something was named. `company` is called whenever something is to be stored.
    The polled and naming ones among `sources` are fixed at the start; others may come and go."""

    def __init__(
        self,
        store: Store,
        sources: Mapping[str, LoadedSource],
        company: Callable[[], Awaitable[Company]],
        now: Callable[[], datetime],
        pace: Waits | None = None,
    ) -> None:
        self._store, self._company, self._now, self._pace = store, company, now, pace or Waits()
        self._all = sources
        self._sources = [each for each in sources.values() if each.is_asked or each.names]
        self._woken = {each.name: asyncio.Event() for each in self._sources}
        self._seen = page.Seen()

    def wake(self, source: str) -> None:
        self._woken[source].set()

    async def run(self) -> None:
        stamina.instrumentation.set_on_retry_hooks(())  # each try would be a line of the log; the failure is one, with its source
        if not self._sources:  # then nobody is asked, and no client is made
            await self._forget()
            return
        async with http_client(self._pace.answer_s) as client, asyncio.TaskGroup() as group:
            group.create_task(self._forget(), name="collect-forget")
            for each in self._sources:
                group.create_task(self._tend(each, client), name=f"collect-{each.name}")

    async def _forget(self) -> None:
        """Delete kept payloads and parked responses once their days are over, every hour."""
        while True:
            try:
                await self._forget_once()
            except Unavailable:
                pass
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end this for ever
                log.error("payloads.not_forgotten", **broken(error))
            await asyncio.sleep(FORGET_S)

    async def _forget_once(self) -> None:
        for each in list(self._all.values()):
            kept_for = timedelta(seconds=each.options.keep) if each.options.keep else KEPT_UNREAD
            unread_for = max(kept_for, KEPT_UNREAD)
            await self._store.write(payloads.forget, each.name, self._now() - kept_for, self._now() - unread_for)
            await self._store.write(readings.forget_others, each.name, _keys(each))
        await self._store.write(errands.forget, time.time() - KEPT_UNREAD.total_seconds())
        # Those of sources that are gone, or were switched off in chat.
        await self._store.write(payloads.forget_others, list(self._all), self._now() - KEPT_UNREAD)

    async def _tend(self, loaded: LoadedSource, client: httpx.AsyncClient) -> None:
        ask = asking.Asker(client, loaded.source.addresses(loaded.options))
        keys: list[str] = []
        while True:
            self._woken[loaded.name].clear()
            try:
                keys = keys or await self._begun(loaded)
                if not (await self._fetched(loaded, ask) or await self._read(loaded, keys, ask)):
                    await self._rest(loaded, keys)
            except Unavailable:
                await asyncio.sleep(self._pace.away_s)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must end neither this source nor the others
                metrics.collecting_failed.labels(loaded.name).inc()
                log.error("source.broken", source=loaded.name, **broken(error))
                await asyncio.sleep(self._pace.backed_off(0))

    async def _begun(self, loaded: LoadedSource) -> list[str]:
        """Start the readings of a source, and return their keys. A source that sends is polled only once a day; one whose cursor
        misses nothing is not read again."""
        keys = _keys(loaded)
        await self._begin(loaded, keys)
        if keys and self._store.sqlite:  # no other process uses this file, so whoever held a lease has died
            await self._store.write(readings.let_go, keys)
        return keys

    async def _begin(self, loaded: LoadedSource, keys: Sequence[str]) -> None:
        now_s = time.time()
        for key in keys:
            begin = loaded.source.begin(self._now() - LOOK_BACK, loaded.options)
            at_once = loaded.sends or key == loaded.name
            await self._store.write(readings.begin, key, loaded.name, begin, now_s + (0 if at_once else AGAIN_S))

    async def _rest(self, loaded: LoadedSource, keys: Sequence[str]) -> None:
        """Wait until something is due or named, at most a minute; slightly longer, so that replicas do not all come at once.
        Readings that are gone begin again: a replica whose app.yaml has another kind of tool under this name deletes them."""
        await self._begin(loaded, keys)
        soonest = [await self._store.read(errands.next_due, [loaded.name])] if loaded.names else []
        soonest += [await self._store.read(readings.next_due, keys)] if keys else []
        due = min((at for at in soonest if at is not None), default=time.time() + 60)
        with_room = min(max(due - time.time(), 0.0), 60.0) + random.uniform(0.01, 0.1)
        try:
            async with asyncio.timeout(with_room):
                await self._woken[loaded.name].wait()
        except TimeoutError:
            return

    async def _fetched(self, loaded: LoadedSource, ask: asking.Asker) -> bool:
        """Fetch one response that was named. Returns False if there is none."""
        if not loaded.names:
            return False
        now_s = time.time()
        until_s = now_s + LEASE_S
        errand = await self._store.write(errands.take, [loaded.name], now_s, until_s)
        if errand is None:
            return False
        async with given_back(self._store, errands.let_go, errand.id, until_s, now_s):
            await self._fetch(loaded, errand, ask)
        return True

    async def _fetch(self, loaded: LoadedSource, errand: AnyRow, ask: asking.Asker) -> None:
        try:
            said = await loaded.source.fetch(errand.reference, loaded.options, ask)
            arrivals, kept = page.read(loaded, [said], self._now())
        except Wait as wait:
            await self._store.write(errands.put_off_all, loaded.name, errand.id, time.time() + wait.seconds, str(wait))
            self._trouble(loaded, wait)
        except TokenRefused as error:
            again_s = time.time() + self._pace.refused_s
            await self._store.write(errands.refused, loaded.name, errand.id, again_s, str(error))
            self._trouble(loaded, error)
        except Denied as error:
            if isinstance(error, Gone) and errand.attempts < NOT_YET:
                await self._put_off(errand, "")
                return
            await self._store.write(errands.park, errand.id, errand.wanted, time.time(), str(error))
            self._trouble(loaded, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the others; the reason says what it was
            await self._put_off(errand, _why(error))
            self._trouble(loaded, error)
        else:
            new = self._seen.new(kept)
            taken = await self._store.write(take_errand, await self._company(), errand.id, errand.wanted, arrivals, new)
            self._count(loaded, taken, new)

    async def _put_off(self, errand: AnyRow, why: str) -> None:
        """Try it again later, or park it after too many tries. Ops are told of no errand that is put off without a reason."""
        if errand.attempts + 1 >= ATTEMPTS:
            await self._store.write(errands.park, errand.id, errand.wanted, time.time(), why)
        else:
            await self._store.write(errands.put_off, errand.id, time.time() + self._pace.backed_off(errand.attempts), why)

    async def _read(self, loaded: LoadedSource, keys: Sequence[str], ask: asking.Asker) -> bool:
        """Read one page of what is due. Returns False if nothing is."""
        now_s = time.time()
        row = await self._store.write(readings.lease, keys, now_s, now_s + LEASE_S) if keys else None
        if row is None:
            return False
        async with given_back(self._store, readings.move, row.key, row.fence, {"lease_s": 0}):
            await self._read_page(loaded, row, ask)
        return True

    async def _read_page(self, loaded: LoadedSource, row: AnyRow, ask: asking.Asker) -> None:
        try:
            cursor = page.fitting(row.cursor, loaded.source.begin(self._now() - LOOK_BACK, loaded.options))
            given = await loaded.source.poll(cursor, loaded.options, ask)
            arrivals, kept = page.read(loaded, given.entries, self._now())
        except Exception as error:  # noqa: BLE001 - as above
            wait_s = self._pace.after(error, row.failures)
            failures = row.failures + (not isinstance(error, Wait))  # a limit is no failure
            changes = {"next_s": time.time() + wait_s, "lease_s": 0, "failures": failures, "reason": _why(error)}
            await self._store.write(readings.move, row.key, row.fence, changes)
            self._trouble(loaded, error)
            return
        came_to, new = self._came_to(loaded, row, given), self._seen.new(kept)
        try:
            taken = await self._store.write(take_page, await self._company(), row.key, row.fence, arrivals, came_to, new)
        except Overtaken:
            return
        self._count(loaded, taken, new)

    def _came_to(self, loaded: LoadedSource, row: AnyRow, given: Page) -> Mapping[str, Any]:
        now_s = time.time()
        next_s, cursor = now_s, given.cursor
        if not given.more and row.key == loaded.name:
            next_s = now_s + loaded.options.every
        elif not given.more:
            next_s, cursor = now_s + AGAIN_S, loaded.source.begin(self._now() + timedelta(days=1) - LOOK_BACK, loaded.options)
        return {"cursor": cursor, "next_s": next_s, "lease_s": 0, "failures": 0, "reason": "", "read_s": now_s}

    def _count(self, loaded: LoadedSource, taken: Taken, offered: Sequence[KeptPayload]) -> None:
        """Count what is stored and what could not be read, the latter once, however often the tool gives it."""
        self._seen.remember(offered)
        for receipt in taken.receipts:
            metrics.feedback.labels(loaded.name, receipt.answer.value).inc()
            if not receipt.routed:
                metrics.unrouted.labels(loaded.name).inc()
            if receipt.unplaced:
                metrics.unplaced.labels(loaded.name).inc()
        for entry in taken.kept:
            if isinstance(entry.read, FieldError):
                metrics.feedback.labels(loaded.name, "rejected").inc()
                log.warning("feedback.rejected", source=loaded.name, field=entry.read.field)

    def _trouble(self, loaded: LoadedSource, error: Exception) -> None:
        metrics.collecting_failed.labels(loaded.name).inc()
        log.warning("source.not-read", source=loaded.name, why=_why(error))


def _keys(loaded: LoadedSource) -> list[str]:
    """Returns the keys of a source's readings."""
    if not loaded.is_asked:
        return []
    looks_back = [f"{loaded.name}:again"] if getattr(loaded.source, "LOOKS_BACK", True) else []
    return looks_back if loaded.sends else [loaded.name, *looks_back]


def _why(error: Exception) -> str:
    """Returns the reason, for ops and logs: our own text, or only the type of an unexpected error, which may quote a customer."""
    if isinstance(error, FieldError):
        return f"its answer is not one that we read: {error.field or 'it'} {error.why}"
    return str(error) if isinstance(error, Wait | NotNow | Denied) else f"a mistake of ours ({type(error).__qualname__})"
