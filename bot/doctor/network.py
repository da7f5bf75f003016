"""Checks from outside: the running bot and its clock, and the public address."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx

from bot.config import Settings
from bot.config.values import http_url
from bot.diagnosis import Diagnosis, clock, error, warning, well
from bot.http_client import http_client
from handlers.wording.words import took
from storage import sqlite_file
from storage.address import read

PATIENCE_S = 5.0
TICKS = 4
"""The clock counts as stopped when its last tick is older than this many intervals, and at least a minute."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (an address to call, not one to listen on)
UNANSWERED = (httpx.HTTPError, httpx.InvalidURL)


async def look_outside(settings: Settings, now: datetime) -> Sequence[Diagnosis]:
    return [*(await _running(settings)), *(await _public(settings, now))]


async def _running(settings: Settings) -> list[Diagnosis]:
    host = _EVERYWHERE.get(settings.server.host, settings.server.host)
    at = http_url(host, settings.server.port)
    try:
        told = (await _fetched(f"{at}/metrics", directly=True)).text
    except UNANSWERED:
        means = "Cards, taps and reminders wait until it runs; answers of customers are refused."
        return [error("bot", f"nothing answers at {at}", means, "Start it: hero serve. If it listens elsewhere, all is well.")]
    ticked = re.search(r"^action_hero_last_tick_seconds (\S+)", told, re.MULTILINE)
    if ticked is None:
        means = "Another program has the port, so the bot cannot listen there."
        return [error("bot", f"what answers at {at} is not Action Hero", means, "Give the bot a port of its own: server.port.")]
    if _served_by_nobody(settings.database):
        found = (
            f"Action Hero answers at {at}, but it does not serve the database of this app.yaml: another one (a demo?) has the port"
        )
        means = "The bot of this app.yaml does not run: cards, taps and reminders wait until it does."
        return [error("bot", found, means, "Stop the other one, or change server.port; then start it: hero serve.")]
    age = time.time() - float(ticked[1])
    if age > max(60.0, TICKS * settings.server.tick):
        found = f"runs, but its clock last ticked {took(timedelta(seconds=age))} ago"
        return [error("ticks", found, "Nobody is reminded and nothing is held to its hour.", "Read its log, then restart it.")]
    return [well("bot", f"runs at {at}"), well("ticks", f"the last one {max(0, round(age))} s ago")]


def _served_by_nobody(database: str) -> bool:
    """Whether no process can be serving from this database. Of PostgreSQL, and of a lock that may not be read, nobody knows."""
    address = read(database)
    return address.get_backend_name() == "sqlite" and sqlite_file.is_locked(address.database or "") is False


async def _fetched(address: str, *, directly: bool = False) -> httpx.Response:
    """Returns the answer; unless `directly`, or from this machine, through the proxy that the environment names."""
    async with http_client(PATIENCE_S, trust_env=not directly) as client:
        return await client.get(address)


async def _public(settings: Settings, now: datetime) -> list[Diagnosis]:
    url = settings.server.public_url
    if url is None:
        return [well("public address", "none is set")]
    part, means = "public address", "Slack over HTTP, Microsoft Teams and survey tools cannot reach the bot."
    try:
        answer = await _fetched(f"{url}/healthz")
    except UNANSWERED as failed:
        do = "Check the name, the certificate and the reverse proxy: see docs/operations.md."
        return [error(part, f"{url} does not answer ({failed or type(failed).__name__})", means, do)]
    if answer.status_code != 200 or "alive" not in answer.text:
        do = "Let the reverse proxy pass every path on to the bot: see docs/operations.md."
        return [error(part, f"{url}/healthz answers {answer.status_code}, and not as the bot does", means, do)]
    lines = [well(part, f"{url} answers")]
    if not url.startswith("https://"):
        do = "Put a reverse proxy with a certificate in front: see docs/operations.md."
        lines = [warning(part, f"{url} answers, without encryption", "Whoever listens reads what customers say.", do)]
    compared = clock("the public address", answer.headers.get("date"), now)
    return [*lines, *([compared] if compared else [])]
