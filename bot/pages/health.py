"""Whether the house is well: /healthz (alive), /readyz (could serve), /metrics (for Prometheus)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot import metrics
from storage import followups, messages, nudges, schema
from storage.database import Store, Unavailable

NOISE = timedelta(days=30)
"""How far back the bot's own noise is counted."""


def routes(store: Store, now: Callable[[], datetime]) -> list[BaseRoute]:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        try:
            at = await store.read(schema.current)
        except Unavailable:
            return JSONResponse({"status": "the database is away"}, 503, {"Retry-After": "5"})
        ready = at == schema.head()
        return JSONResponse({"status": "ready" if ready else f"the schema is {at}, not {schema.head()}"}, 200 if ready else 503)

    async def all_metrics(_: Request) -> Response:
        metrics.depth.clear()
        metrics.oldest.clear()
        try:
            rows = await store.read(messages.depth)
            await store.read(_measure_noise, now() - NOISE)
        except Unavailable:
            rows = []
        for row in rows:
            metrics.depth.labels(row.chat, row.state).set(row.number)
        for chat in {row.chat for row in rows}:
            metrics.oldest.labels(chat).set(time.time() - min(row.oldest_s for row in rows if row.chat == chat))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", all_metrics)]


def _measure_noise(tx: Connection, since: datetime) -> None:
    """How much the bot itself disturbs people."""
    metrics.nudges.clear()
    rows = nudges.noise(tx, since)
    for row in rows:
        metrics.nudges.labels(row.state, row.role).set(row.number)
    metrics.nudges_off_hours.set(sum(row.off_hours or 0 for row in rows))
    each = nudges.per_person_and_day(tx, since)
    metrics.bundles.set(each.bundles or 0)
    metrics.bundles_per_day.set(each.most or 0)
    metrics.muted.set(nudges.muted(tx))
    metrics.snoozes.set(followups.times(tx, "snooze", since))
