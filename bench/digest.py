"""Goal 8: the numbers of a weekly post over a million closed follow-ups, next to one aggregate that scans them all; and the peak
memory of rendering such a post with its chart (8b)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, insert, text

from bench import northwind
from bench.processes import SERVER, forget_peak, peak_mb, pin, resident_mb
from bench.report import Figure, Outcome
from bot.chats.slack import blocks
from bot.config import load
from handlers.calendar.weeks import Week
from handlers.company import Company
from handlers.digests import counting, digest_card, snapshot
from handlers.team import Team
from storage import followups, schema
from storage.database import Store
from storage.feedback import feedback

CLOSED = 1_000_000
TEAMS = 20
WEEKS = 52
MONDAY = datetime(2025, 11, 24, tzinfo=UTC)
WEEK = Week(2026, 46)
"""A week near the end of that year."""
AT_ONCE = 10_000
CHARTED = 12
_SCAN = text(
    "SELECT count(*), sum(state = 'dismissed'), sum(contacted_at <= close_by), sum(contacted_at > close_by), min(contacted_at) "
    "FROM follow_up WHERE +created_at >= :start AND +created_at < :end"
)
"""The unary plus keeps SQLite from using an index, so every row is read once."""


def check(rounds: int, folder: Path, closed: int = CLOSED) -> Outcome:
    """Fill a year of twenty teams, and compute the post of one."""
    pin(SERVER)
    settings = load(northwind.app_yaml(folder, teams=TEAMS), environ={}).settings
    assert settings is not None
    team = next(iter(settings.company.teams.values()))
    with closing(Store(settings.database, alone=True)) as store:
        schema.migrate(store)
        _fill(store, list(settings.company.teams), closed)
        store.read_sync(_scan, team)  # warm the page cache for both sides
        before = resident_mb(os.getpid())
        forget_peak()
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(_timed(store, _scan, team))
            ours.append(_timed(store, _numbers, team))
        store.read_sync(_drawn, settings.company, team)
        grown = peak_mb(os.getpid()) - before
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    figures = [
        Figure(8, "numbers of a weekly post ÷ one aggregate that scans all", ratio, "×", 1.2, 0.3, "at most"),
        Figure(8, "memory at the peak of a post with its chart (matplotlib: 77 MB)", grown, "MB", 20, 1, "at most"),
    ]
    told = f"{closed:,} closed, {closed // WEEKS // TEAMS:,} a week and team: {median(ours) * 1000:.0f} ms beside {median(theirs) * 1000:.0f} ms"
    return Outcome(figures, told)


def _timed(store: Store, fn: Any, team: Team) -> float:
    begun = time.perf_counter()
    store.read_sync(fn, team)
    return time.perf_counter() - begun


def _numbers(tx: Connection, team: Team) -> None:
    """Compute the figures of a post: the week, the causes of the week before, and a trend of twelve weeks."""
    counting.figures_of(tx, team, WEEK, MONDAY + timedelta(weeks=WEEKS))
    counting.causes_of(tx, team, WEEK.after(-1))
    counting.chart_of(tx, team, WEEK, CHARTED)


def _drawn(tx: Connection, company: Company, team: Team) -> None:
    """Render the whole post, from the rows to Slack's blocks."""
    made_at = MONDAY + timedelta(weeks=WEEKS)
    told = snapshot.take(tx, company, team, WEEK, {}, made_at)
    card = digest_card.post_card(snapshot.post_of(tx, company, team, snapshot.Taken(1, made_at, made_at, told)))
    assert card.chart is not None
    assert any(block["type"] == "data_visualization" for block in blocks.message(card)["blocks"])


def _scan(tx: Connection, _team: Team) -> None:
    start = datetime.combine(WEEK.monday, datetime.min.time(), UTC)
    tx.execute(_SCAN, {"start": start, "end": start + timedelta(days=7)}).one()


def _fill(store: Store, teams: Sequence[str], closed: int) -> None:
    for first in range(0, closed, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, closed))
        store.write_sync(_add, list(_said(numbers, teams, closed)), list(_done(numbers, teams, closed)))
    store.write_sync(lambda tx: tx.execute(text("ANALYZE")) and None)


def _add(tx: Connection, said: list[dict[str, Any]], done: list[dict[str, Any]]) -> None:
    tx.execute(insert(feedback), said)
    tx.execute(insert(followups.follow_up), done)


def _at(n: int, closed: int) -> datetime:
    return MONDAY + timedelta(weeks=WEEKS) * (n / closed)


def _said(numbers: range, teams: Sequence[str], closed: int) -> Iterator[dict[str, Any]]:
    for n in numbers:
        at = _at(n, closed)
        about = {"workspace": "main", "source": "survey", "external_id": f"r-{n}", "fingerprint": "", "metric": "nps"}
        what = {"band": "detractor", "score": 3, "worst": 0, "best": 10, "comment": "Slow.", "tags": [], "wants_contact": False}
        yield {"id": n + 1, **about, **what, "occurred_at": at, "received_at": at, "route": "route 0", "team": teams[n % TEAMS]}


def _done(numbers: range, teams: Sequence[str], closed: int) -> Iterator[dict[str, Any]]:
    for n in numbers:
        at = _at(n, closed)
        spent = timedelta(minutes=10 + n * 7919 % 4000)
        about = {"workspace": "main", "feedback_id": n + 1, "team": teams[n % TEAMS], "route": "route 0", "moment": "rescue"}
        promise = {"claim_by": at + timedelta(hours=4), "close_by": at + timedelta(days=2), "promised_at": at, "promises": 0}
        life = {"claimed_at": at + spent / 9, "taken_at": at + spent / 9, "contacted_at": at + spent, "closed_at": at + spent * 2}
        ended = {
            "state": "closed",
            "outcome": "fixed",
            "cause": ("service", "price", "delivery")[n % 3],
            "done": "Rang.",
            "reason": "",
        }
        counts = {"version": 4, "rungs_unclaimed": 0, "rungs_claimed": 0, "state_since": at + spent * 2}
        yield {"id": n + 1, **about, "created_at": at, **promise, **life, **ended, **counts}
