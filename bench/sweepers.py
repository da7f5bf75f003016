"""Goal 7c: two replicas sweep one PostgreSQL concurrently, next to one alone: each reminder is sent once, and no slower."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import structlog
from sqlalchemy import func, select

from bench import northwind
from bench.report import Figure, Outcome
from bench.sweep import CAME, DUE, NOW, TEAMS, are_due, sweep
from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.receive import receive
from storage import nudges, schema
from storage.database import Store

WHERE = "tests.postgres"
"""The PostgreSQL that the tests start from binaries and throw away."""


def check(rounds: int, folder: Path) -> Outcome:
    """Returns no figures, and the reason, where PostgreSQL is not available."""
    try:
        postgres = importlib.import_module(WHERE)
    except ModuleNotFoundError as error:
        return Outcome([], f"two replicas on PostgreSQL: not measured, for there is no {error.name}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    company = northwind.settings(northwind.app_yaml(folder, slack=9, teams=TEAMS)).company
    with postgres.Postgres(durable=True) as server:
        rates, strayed = asyncio.run(_rates(server.url(), company, rounds))
    ratio = median(two / one for one, two in rates)
    one, two = (median(each[side] for each in rates) for side in (0, 1))
    return Outcome(
        [
            Figure(7, "two replicas at once on PostgreSQL ÷ one alone", ratio, "×", 1, 1.3, "at least"),
            Figure(7, "reminders of two replicas beyond or below one each", strayed, "reminders", 0, 0, "at most"),
        ],
        f"{two:,.0f} a second by two replicas, {one:,.0f} by one, on PostgreSQL",
    )


async def _rates(url: str, company: Company, rounds: int) -> tuple[Sequence[tuple[float, float]], int]:
    """Returns the reminders per second by one replica and by two for each round, and how many are missing or extra."""
    with ExitStack() as stack:
        replicas = [stack.enter_context(closing(Store(url))) for _ in range(2)]
        schema.migrate(replicas[0])
        numbers = range((rounds + 1) * 2 * DUE)
        for begun in range(0, len(numbers), DUE):
            said = [northwind.arrival(n, n % TEAMS).feedback for n in numbers[begun : begun + DUE]]
            await replicas[0].write(receive, company, [Arrival("survey", each, CAME) for each in said])
        await replicas[0].write(are_due, [n + 1 for n in numbers], NOW + timedelta(days=300))
        rates = []
        for n in range(rounds + 1):  # the first is a warm-up
            both = [await _rate(replicas[: side + 1], company, 1 + (2 * n + side) * DUE) for side in (0, 1)]
            rates.append((both[0], both[1]))
        reminders: Any = await replicas[0].read(lambda tx: tx.execute(select(func.count()).select_from(nudges.nudge)).scalar_one())
    return rates[1:], abs(reminders - len(numbers))


async def _rate(replicas: Sequence[Store], company: Company, first: int) -> float:
    await replicas[0].write(are_due, range(first, first + DUE), NOW)
    begun = time.perf_counter()
    await asyncio.gather(*(sweep(replica, company) for replica in replicas))
    return DUE / (time.perf_counter() - begun)
