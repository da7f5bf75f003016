"""What one follow-up costs PostgreSQL from feedback to close. `python -m bench.scale [NUMBER]` prints the figures on which
docs/scale.md is based. Costs are CPU seconds and bytes, which stay meaningful on a busy machine; rates would not."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import uvloop

from bench import northwind
from handlers.actions import act
from handlers.company import Company
from handlers.feedback import Person
from handlers.nudges.clock_look import BATCH, look
from handlers.receive import receive
from handlers.situation import Tap
from storage import schema, sending
from storage.database import Store
from tests.postgres import Postgres

NUMBER = 2_000
BATCH_OF = 100
TEAMS = 20
TOGETHER = 4
"""The number of people who act concurrently."""
TAPS: Sequence[tuple[str, Mapping[str, str] | None]] = (
    ("claim", None),
    ("contacted", None),
    ("close", {"outcome": "fixed", "done": "Called and apologised.", "cause": "other"}),
)

# Per table: rows, bytes of the rows, bytes of their indexes.
SIZES = """
    SELECT relname, n_live_tup, pg_table_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Cumulative costs: CPU seconds of PostgreSQL and of the bot, and bytes of WAL."""

    server_s: float = 0
    ours_s: float = 0
    log: float = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.server_s + other.server_s, self.ours_s + other.ours_s, self.log + other.log)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.server_s - other.server_s, self.ours_s - other.ours_s, self.log - other.log)

    @classmethod
    def by(cls, server: Postgres) -> Spent:
        used = resource.getrusage(resource.RUSAGE_SELF)
        log = server.ask("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0]
        return cls(_server_s(server), used.ru_utime + used.ru_stime, float(log))


async def main(number: int, folder: Path) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    company = northwind.settings(northwind.app_yaml(folder, slack=9, teams=TEAMS)).company
    with Postgres(durable=True) as server, closing(Store(server.url())) as store:
        schema.migrate(store)
        for _, work in _steps(store, company, range(1, 101)):  # a warm-up: it loads plans and pages, opens connections
            await work
        spent: dict[str, Spent] = defaultdict(Spent)
        for first in range(101, 101 + number, BATCH_OF):
            before = Spent.by(server)
            for step, work in _steps(store, company, range(first, min(first + BATCH_OF, 101 + number))):
                await work
                now = Spent.by(server)
                spent[step], before = spent[step] + (now - before), now
            server.ask("VACUUM ANALYZE")  # as autovacuum does on a real server every minute
        _print_spent(spent, number)
        server.ask("VACUUM FULL ANALYZE")
        _print_sizes(server.ask(SIZES), number + 100)


def _steps(store: Store, company: Company, numbers: Sequence[int]) -> Any:
    """Yields the life of these follow-ups step by step, each step one unit of work per follow-up, as on a quiet day."""
    came = datetime.now(UTC)
    yield "taken", _each(numbers, lambda n: store.write(receive, company, [northwind.arrival(n, n % TEAMS)]))
    yield "posted", _delivered(store)
    yield "reminded", _looked(store, company, came + timedelta(hours=3))
    yield "said", _delivered(store)
    for verb, answers in TAPS:
        yield verb, _each(numbers, lambda n, verb=verb, answers=answers: store.write(act, company, _tap(verb, n, answers)))
        yield f"{verb}: drawn", _delivered(store)


def _tap(verb: str, number: int, answers: Mapping[str, str] | None) -> Tap:
    who = Person("slack", "main", f"U{number % (TEAMS * 5)}", "Ana")
    return Tap(verb, number, who, datetime.now(UTC) + timedelta(hours=3), dict(answers) if answers else None, None)


async def _each(numbers: Sequence[int], work: Any) -> None:
    for begun in range(0, len(numbers), TOGETHER):
        await asyncio.gather(*(work(n) for n in numbers[begun : begun + TOGETHER]))


async def _looked(store: Store, company: Company, now: datetime) -> None:
    while await store.write(look, company, now) == BATCH:
        pass


async def _delivered(store: Store) -> None:
    """Deliver all that waits, with gates that never wait: the chat's rate limits are not what is measured."""
    now, more = time.time() + 3600, True
    while more:
        attempts, soonest = await store.write(sending.lease, ["slack"], now, 0.0, 60.0, 1)
        for attempt in attempts:
            at = attempt.posted or (attempt.channel, f"{attempt.id}.1")
            await store.write(sending.shown, attempt, attempt.row.wanted, at, "edits", 0.0)
        more = soonest is not None


def _server_s(server: Postgres) -> float:
    """Returns the CPU seconds of the server's living processes; its connections stay open meanwhile."""
    main = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent, times = int(stat.parent.name), *_of(stat)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if main in (pid, parent):
            seconds += times
    return seconds


def _of(stat: Path) -> tuple[int, float]:
    told = stat.read_text().rpartition(")")[2].split()
    return int(told[1]), (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _print_spent(spent: Mapping[str, Spent], number: int) -> None:
    print(f"{'':18}{'PostgreSQL':>12}{'bot':>10}{'its log':>12}")
    for step, one in {**spent, "together": sum(spent.values(), Spent())}.items():
        print(f"{step:18}{one.server_s / number * 1e3:9.2f} ms{one.ours_s / number * 1e3:7.2f} ms{one.log / number / 1e3:9.1f} kB")


def _print_sizes(sizes: Sequence[Sequence[Any]], number: int) -> None:
    print(f"\n{'table':18}{'rows':>12}{'bytes':>10}{'indexes':>12}   of each follow-up")
    for name, rows, data, indexes in sizes:
        if rows >= number / 10:
            print(f"{name:18}{rows / number:12.2f}{data / number:10.0f}{indexes / number:12.0f}")
    print(
        f"{'together':18}{sum(row[1] for row in sizes) / number:12.2f}{_sum(sizes, 2) / number:10.0f}{_sum(sizes, 3) / number:12.0f}"
    )


def _sum(sizes: Sequence[Sequence[Any]], column: int) -> float:
    return float(sum(row[column] for row in sizes))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hero-bench-") as place:
        uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER, Path(place)))
