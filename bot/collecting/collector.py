"""Polls tools that do not send, and fetches what others only named: one task per source, so that a slow one delays nobody."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import structlog

from bot import metrics
from bot.collecting import asking
from bot.listening import Denied, Ignored, NotNow, Page, TokenRefused, Wait
from bot.logs import broken
from bot.sources import LoadedSource
from handlers.arrival import Arrival
from handlers.collect import Overtaken, take_errand, take_page
from handlers.feedback import FieldError
from handlers.receive import Receipt
from handlers.rules import Company
from storage import errands, payloads, readings
from storage.database import Store, Unavailable
from storage.prepared import AnyRow

log = structlog.get_logger()

KEPT_UNREAD = timedelta(days=7)
"""How long a payload that could not be read is kept, unless app.yaml says otherwise; and a response that was set aside."""
LEASE_S = 120.0
"""Seconds that one request and its response may take before another replica asks."""
LOOK_BACK = timedelta(days=3)
"""How far back the first reading of a tool begins, and how far back it is read again each day."""
AGAIN_S = 86_400.0
FORGET_S = 3600.0
ATTEMPTS = 40
"""Failures after which a named response is parked: with the waits between them, more than a day."""


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

    def wake(self, source: str) -> None:
        self._woken[source].set()

    async def run(self) -> None:
        async with asking.client(self._pace.answer_s) as client, asyncio.TaskGroup() as group:
            group.create_task(self._forget(), name="collect-forget")
            for each in self._sources:
                group.create_task(self._tend(each, client), name=f"collect-{each.name}")

    async def _forget(self) -> None:
        """Delete kept payloads and responses set aside once their days are over, every hour."""
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
            await self._store.write(payloads.forget, each.name, self._now() - kept_for)
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
        source, now_s = loaded.source, time.time()
        if not loaded.is_asked:
            return []
        begin = source.begin(self._now() - LOOK_BACK, loaded.options)
        keys = {loaded.name: now_s} if not loaded.sends else {}
        if getattr(source, "LOOKS_BACK", True):
            keys[f"{loaded.name}:again"] = now_s + (0 if loaded.sends else AGAIN_S)
        for key, next_s in keys.items():
            await self._store.write(readings.begin, key, loaded.name, begin, next_s)
        if self._store.sqlite:  # no other process uses this file, so whoever held a lease has died
            await self._store.write(readings.let_go, list(keys))
        return list(keys)

    async def _rest(self, loaded: LoadedSource, keys: Sequence[str]) -> None:
        """Wait until something is due or named, at most a minute; slightly longer, so that replicas do not all come at once."""
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
        errand = await self._store.write(errands.take, [loaded.name], now_s, now_s + LEASE_S)
        if errand is None:
            return False
        try:
            said = await loaded.source.fetch(errand.reference, loaded.options, ask)
            arrivals, rejected = self._parsed(loaded, [said])
        except Wait as wait:
            await self._store.write(errands.put_off_all, loaded.name, errand.id, time.time() + wait.seconds, str(wait))
            self._trouble(loaded, wait)
        except TokenRefused as error:
            again_s = time.time() + self._pace.refused_s
            await self._store.write(errands.refused, loaded.name, errand.id, again_s, str(error))
            self._trouble(loaded, error)
        except Denied as error:
            await self._store.write(errands.park, errand.id, errand.wanted, time.time(), str(error))
            self._trouble(loaded, error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not stop the others; the reason says what it was
            await self._put_off(errand, error)
            self._trouble(loaded, error)
        else:
            receipts = await self._store.write(take_errand, await self._company(), errand.id, errand.wanted, arrivals, rejected)
            self._count(arrivals, receipts)
        return True

    async def _put_off(self, errand: AnyRow, error: Exception) -> None:
        if errand.attempts + 1 >= ATTEMPTS:
            await self._store.write(errands.park, errand.id, errand.wanted, time.time(), _why(error))
        else:
            await self._store.write(errands.put_off, errand.id, time.time() + self._pace.backed_off(errand.attempts), _why(error))

    async def _read(self, loaded: LoadedSource, keys: Sequence[str], ask: asking.Asker) -> bool:
        """Read one page of what is due. Returns False if nothing is."""
        now_s = time.time()
        row = await self._store.write(readings.lease, keys, now_s, now_s + LEASE_S) if keys else None
        if row is None:
            return False
        try:
            page = await loaded.source.poll(row.cursor, loaded.options, ask)
            arrivals, rejected = self._parsed(loaded, page.entries)
        except Exception as error:  # noqa: BLE001 - as above
            wait_s = self._pace.after(error, row.failures)
            failures = row.failures + (not isinstance(error, Wait))  # a limit is no failure
            changes = {"next_s": time.time() + wait_s, "lease_s": 0, "failures": failures, "reason": _why(error)}
            await self._store.write(readings.move, row.key, row.fence, changes)
            self._trouble(loaded, error)
            return True
        came_to = self._came_to(loaded, row, page)
        try:
            receipts = await self._store.write(take_page, await self._company(), row.key, row.fence, arrivals, came_to, rejected)
        except Overtaken:
            return True
        self._count(arrivals, receipts)
        return True

    def _came_to(self, loaded: LoadedSource, row: AnyRow, page: Page) -> Mapping[str, Any]:
        now_s = time.time()
        next_s, cursor = now_s, page.cursor
        if not page.more and row.key == loaded.name:
            next_s = now_s + loaded.options.every
        elif not page.more:
            next_s, cursor = now_s + AGAIN_S, loaded.source.begin(self._now() + timedelta(days=1) - LOOK_BACK, loaded.options)
        return {"cursor": cursor, "next_s": next_s, "lease_s": 0, "failures": 0, "reason": "", "read_s": now_s}

    def _parsed(self, loaded: LoadedSource, entries: Sequence[Any]) -> tuple[list[Arrival], list[dict[str, Any]]]:
        """Returns what the entries say, and the entries that could not be read, to be kept until the mapping is mended."""
        at, arrivals, rejected = self._now(), [], []
        for entry in entries:
            try:
                arrivals += [Arrival(loaded.name, piece, at) for piece in loaded.parse(entry)]
            except Ignored:
                continue
            except FieldError as error:
                metrics.feedback.labels(loaded.name, "rejected").inc()
                log.warning("feedback.rejected", source=loaded.name, field=error.field)
                reason = f"{error.field} {error.why}"
                rejected.append(
                    {"source": loaded.name, "body": json.dumps(entry), "received_at": at, "rejected": True, "reason": reason}
                )
        return arrivals, rejected

    def _count(self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt]) -> None:
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            metrics.feedback.labels(arrival.source, receipt.answer.value).inc()
            if not receipt.routed:
                metrics.unrouted.labels(arrival.source).inc()

    def _trouble(self, loaded: LoadedSource, error: Exception) -> None:
        metrics.collecting_failed.labels(loaded.name).inc()
        log.warning("source.not-read", source=loaded.name, why=_why(error))


def _why(error: Exception) -> str:
    """Returns the reason, for ops and logs: our own text, or only the type of an unexpected error, which may quote a customer."""
    return str(error) if isinstance(error, Wait | NotNow | Denied) else f"a mistake of ours ({type(error).__qualname__})"
