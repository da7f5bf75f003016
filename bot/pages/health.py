"""Health endpoints: /healthz (alive), /readyz (ready to serve), /metrics (Prometheus)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Container
from datetime import datetime, timedelta
from itertools import product

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot import metrics
from handlers.rules import LOW
from storage import act_log, delivery_log, errands, feedback, nudges, readings, schema, vitals
from storage.database import Store, Unavailable

NOISE = timedelta(days=30)
"""The period over which the bot's own messages to people are counted."""
MISSED = timedelta(days=1)
"""The same for answers that somebody should have been asked about."""
KEPT = timedelta(days=7)
"""The same for customers whom we had let down."""
BECAME = ("in_time", "later", "running", "past", "unreached")
SELDOM_S = 60.0
WRITES_S = 15.0
"""Seconds after which a write is tried again: a full disk, or a standby, can still be read."""
AWAY, ONLY_READ = "the database is away", "the database can be read, but not written"


def routes(
    store: Store,
    now: Callable[[], datetime],
    sources: Container[str],
    chats: Container[str],
    teams: Callable[[], Collection[str]],
) -> list[BaseRoute]:
    """`sources` are those that may send now: nobody expects to hear from any other, such as a file that was imported. `chats`
    are those in use: messages that wait for any other chat do not count as late. `teams` are those that there are: what was
    promised in any other is not counted."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        try:
            at = await store.read(schema.current)
        except Unavailable:
            return JSONResponse({"status": AWAY}, 503, {"Retry-After": "5"})
        if not await trial.is_written():
            return JSONResponse({"status": ONLY_READ}, 503, {"Retry-After": "5"})
        # The next release may have migrated since: this one runs on its schema, too, and a start refuses any later one.
        ready = at is not None and at >= schema.head()
        return JSONResponse({"status": "ready" if ready else f"the schema is {at}, not {schema.head()}"}, 200 if ready else 503)

    async def all_metrics(_: Request) -> Response:
        async with one_at_once:  # gauges are cleared before they are set, and nobody may read them in between
            try:
                await store.read(counts.measure, now())
                metrics.database_up.set(await trial.is_written())
            except Unavailable:
                metrics.database_up.set(0)
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    counts, trial, one_at_once = _Counts(sources, chats, teams), _Trial(store), asyncio.Lock()
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", all_metrics)]


class _Trial:
    """Whether the database can be written. Tried at most every WRITES_S, but on every question while it cannot be."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._written, self._again_s = True, 0.0

    async def is_written(self) -> bool:
        if time.monotonic() >= self._again_s:
            self._again_s = time.monotonic() + WRITES_S  # set first, so that whoever asks meanwhile gets the last answer
            try:
                await self._store.write(vitals.write_something)
                self._written = True
            except Unavailable:
                self._written, self._again_s = False, 0.0
        return self._written


class _Counts:
    """Metrics computed from the database on request; those that scan many rows are refreshed once a minute at most."""

    def __init__(self, sources: Container[str], chats: Container[str], teams: Callable[[], Collection[str]]) -> None:
        self._sources, self._chats, self._teams = sources, chats, teams
        self._again_s = 0.0
        self._began_s = time.time()

    def measure(self, tx: Connection, now: datetime) -> None:
        _measure_delivery(tx, self._chats)
        if time.monotonic() >= self._again_s:
            _measure_promises(tx, self._teams(), now)
            _measure_heard(tx, self._sources)
            _measure_collecting(tx, self._sources, self._began_s)
            metrics.missed.set(feedback.unrouted(tx, now - MISSED, LOW))
            _measure_noise(tx, now - NOISE)
            self._again_s = time.monotonic() + SELDOM_S


def _measure_delivery(tx: Connection, chats: Container[str]) -> None:
    """What waits for the chats. Parked messages count in the depth but not in the age, as they no longer wait."""
    rows = delivery_log.depth(tx)
    metrics.depth.clear()
    metrics.oldest.clear()
    for row in rows:
        metrics.depth.labels(row.chat, row.state).set(row.number)
    since: dict[str, float] = {}
    for row in rows:
        if row.state != "parked" and row.oldest_s is not None and row.chat in chats:
            since[row.chat] = min(row.oldest_s, since.get(row.chat, row.oldest_s))
    for chat, oldest_s in since.items():
        metrics.oldest.labels(chat).set(time.time() - oldest_s)
    metrics.in_doubt.set(vitals.in_doubt(tx, time.time() - 1))


def _measure_promises(tx: Connection, teams: Collection[str], now: datetime) -> None:
    """Who waits, and what was kept. Each team has every number, also if it is 0, so that a board shows a team that kept nothing."""
    rows, past = vitals.standing(tx, now), dict.fromkeys(teams, 0)
    metrics.follow_ups.clear()
    for row in rows:
        metrics.follow_ups.labels(row.team, row.state).set(row.number)
        if row.team in past:
            past[row.team] += row.past
    kept = dict.fromkeys(product(teams, BECAME), 0)
    kept |= {(row.team, row.became): row.number for row in vitals.became(tx, teams, now - KEPT, now)}
    metrics.past_promise.clear()
    for team, number in past.items():
        metrics.past_promise.labels(team).set(number)
    metrics.promises.clear()
    for (team, became), number in kept.items():
        metrics.promises.labels(team, became).set(number)


def _measure_heard(tx: Connection, sources: Container[str]) -> None:
    heard = feedback.last_by_source(tx)
    metrics.last_feedback.clear()
    for source, at in heard.items():
        if source in sources:
            metrics.last_feedback.labels(source).set(at.timestamp())


def _measure_collecting(tx: Connection, sources: Container[str], began_s: float) -> None:
    """How far tools were read, whichever process did it. One that never answered counts from our start, or nobody would notice."""
    read, unfetched = readings.every(tx), errands.unfetched(tx)
    metrics.collected.clear()
    for row in read:
        if row.key == row.source and row.source in sources:  # a daily look back has a key of its own
            metrics.collected.labels(row.source).set(row.read_s or began_s)
    metrics.unfetched.clear()
    for row in unfetched:
        if row.source in sources:
            metrics.unfetched.labels(row.source, row.state).set(row.number)


def _measure_noise(tx: Connection, since: datetime) -> None:
    """How much the bot itself disturbs people."""
    rows = nudges.noise(tx, since)
    metrics.nudges.clear()
    for row in rows:
        metrics.nudges.labels(row.state, row.role).set(row.number)
    metrics.nudges_off_hours.set(sum(row.off_hours or 0 for row in rows))
    each = nudges.per_person_and_day(tx, since)
    metrics.bundles.set(each.bundles or 0)
    metrics.bundles_per_day.set(each.most or 0)
    metrics.muted.set(nudges.muted(tx))
    metrics.snoozes.set(act_log.snoozes(tx, since))
