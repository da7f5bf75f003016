"""Goal 7: the sweep of a thousand due among a million open follow-ups, next to the same among ten thousand and to two bare SQL
statements; and a tick that finds nothing due.

Runs in a process of its own: `python -m bench.sweep FOLDER ROUNDS` prints a JSON object with the milliseconds of each round
by name.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import structlog
import uvloop
from sqlalchemy import Connection, update

from bench import northwind
from bench.processes import SERVER, Failed, spawned
from bench.report import Figure, Outcome
from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.nudges.bundles import AT_ONCE, send_bundles
from handlers.nudges.clock_look import BATCH, look
from handlers.receive import receive
from storage import followups, schema
from storage.database import Store

DUE, FEW, MANY = 1_000, 10_000, 1_000_000
TEAMS = 20
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CAME = NOW - timedelta(hours=2)
"""Half of the promise earlier: the thread is asked who can reply."""
LATER = NOW + timedelta(days=300)
IDLE_TICKS = 50
EXPECTED_S = 300

# What a clock would run that writes nothing but the reminder and the next time.
BARE = (
    """INSERT INTO nudge (workspace, follow_up_id, promise, step, role, audience, state, due_at, sent_at, off_hours)
       SELECT workspace, id, promises, 'unclaimed-50-thread', 'thread', 'thread', 'sent', :now, :now, 0
       FROM follow_up WHERE next_look_at < :now ON CONFLICT DO NOTHING""",
    "UPDATE follow_up SET rungs_unclaimed = rungs_unclaimed + 1, next_look_at = :later WHERE next_look_at < :now",
)
BARE_LOOK = "SELECT id FROM follow_up WHERE next_look_at < ? ORDER BY next_look_at LIMIT 200"


def check(rounds: int, folder: Path) -> Outcome:
    process = spawned(["-m", "bench.sweep", str(folder), str(rounds)], folder / "sweep.log", SERVER)
    said, _ = process.communicate(timeout=EXPECTED_S)
    if process.returncode:
        raise Failed((folder / "sweep.log").read_text()[-2000:])
    took = {name: list(map(float, each)) for name, each in json.loads(said).items()}
    many, few, bare, idle, bare_idle = (took[name] for name in ("many", "few", "bare", "idle", "bare_idle"))
    return Outcome(
        [
            Figure(7, "1,000 due in 1,000,000 open ÷ in 10,000 open", _ratio(many, few), "×", 1.6, 1.2, "at most"),
            Figure(7, "1,000 due in 1,000,000 open ÷ two bare statements", _ratio(many, bare), "×", 3, 1.2, "at most"),
            Figure(7, "idle tick at 1,000,000 open ÷ a bare indexed SELECT", _ratio(idle, bare_idle), "×", 3, 1.2, "at most"),
            Figure(7, "idle tick at 1,000,000 open", median(idle), "ms", 1, 0.1, "at most"),
            Figure(7, "reminders beyond or below one for each that was due", _sum(took["strayed"]), "reminders", 0, 0, "at most"),
        ],
        f"{median(many):.0f} ms in a million, {median(few):.0f} ms in ten thousand, {median(bare):.0f} ms bare; "
        f"idle {median(idle):.2f} ms beside {median(bare_idle):.2f} ms",
    )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _sum(counts: Sequence[float]) -> float:
    return sum(counts)


async def main(folder: Path, rounds: int) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    company = northwind.settings(northwind.app_yaml(folder, slack=9, teams=TEAMS)).company
    few, many = (_filled(folder / f"{size}.db", company, size) for size in (FEW, MANY))
    took: dict[str, list[float]] = {name: [] for name in ("many", "few", "bare", "idle", "bare_idle", "strayed")}
    with closing(Store(f"sqlite:///{few}")) as small, closing(Store(f"sqlite:///{many}")) as large, closing(_raw(many)) as raw:
        for n in range(rounds + 1):  # the first is a warm-up
            ids = {size: range(1 + n, size + 1, size // DUE) for size in (FEW, MANY)}
            await small.write(are_due, ids[FEW])
            await large.write(are_due, ids[MANY])
            took["few"].append(await _timed(partial(sweep, small, company)))
            took["many"].append(await _timed(partial(sweep, large, company)))
            others = range(1 + DUE // 2 + n, MANY + 1, MANY // DUE)
            await large.write(are_due, others)
            took["bare"].append(await _timed(partial(_bare, raw)))
            took["idle"].append(median([await _timed(partial(_tick, large, company)) for _ in range(IDLE_TICKS)]))
            took["bare_idle"].append(median([await _timed(partial(large.write, _bare_look)) for _ in range(IDLE_TICKS)]))
            took["strayed"].append(abs(raw.execute("SELECT count(*) FROM nudge").fetchone()[0] - (n + 1) * 2 * DUE))
    print(json.dumps({name: each[1:] for name, each in took.items()}))


async def _timed(run: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await run()
    return (time.perf_counter() - begun) * 1000


async def sweep(store: Store, company: Company) -> None:
    """Look for due follow-ups until there are none."""
    while await store.write(look, company, NOW + timedelta(seconds=1)) == BATCH:
        pass


async def _tick(store: Store, company: Company) -> None:
    """What bot.app does on a tick."""
    await sweep(store, company)
    while await store.write(send_bundles, company, NOW) == AT_ONCE:
        pass


async def _bare(raw: sqlite3.Connection) -> None:
    raw.execute("BEGIN IMMEDIATE")
    for statement in BARE:
        raw.execute(statement, {"now": f"{NOW + timedelta(seconds=1):%F %T.%f}", "later": f"{LATER:%F %T.%f}"})
    raw.execute("COMMIT")


def _bare_look(tx: Connection) -> object:
    return tx.exec_driver_sql(BARE_LOOK, (f"{NOW:%F %T.%f}",)).all()


def are_due(tx: Connection, ids: Sequence[int], at: datetime = NOW) -> None:
    """Make the clock look at these follow-ups at `at`."""
    row = followups.follow_up
    for begun in range(0, len(ids), 500):
        tx.execute(update(row).where(row.c.id.in_(ids[begun : begun + 500])).values(next_look_at=at))


def _raw(path: Path) -> sqlite3.Connection:
    """A bare connection with the same durability of commits as the bot's."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous=FULL")
    return raw


def _filled(path: Path, company: Company, size: int) -> Path:
    """Fill a database with this many identical open follow-ups, none due: one per team is real, the others are copies."""
    with closing(Store(f"sqlite:///{path}")) as store:
        schema.migrate(store)
        said = [northwind.arrival(n, n % TEAMS).feedback for n in range(TEAMS)]
        store.write_sync(receive, company, [Arrival("survey", each, CAME) for each in said])
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
            raw.execute(f"PRAGMA {pragma}")
        indexes = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in indexes:
            raw.execute(f"DROP INDEX {name}")
        for table, changes in COPIES.items():
            raw.execute(_copies(raw, table, changes), {"size": size, "teams": TEAMS})
        raw.execute("UPDATE follow_up SET next_look_at = :later", {"later": f"{LATER:%F %T.%f}"})
        for _, sql in indexes:
            raw.execute(sql)
        raw.execute("PRAGMA journal_mode=WAL")
    return path


COPIES = {
    "feedback": {"id": "n", "external_id": "'r-' || n"},
    "follow_up": {"id": "n", "feedback_id": "n"},
    "act": {"id": "n", "follow_up_id": "n"},
    "message": {"id": "n", "follow_up_id": "n", "key": "'card:' || n"},
}
"""What differs between copies: in each table, the row of a case has the case's number as its id."""


def _copies(raw: sqlite3.Connection, table: str, changes: dict[str, str]) -> str:
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changes.get(name, f'"{name}"') for name in columns)
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT :teams + 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :size)"
    return f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM numbers JOIN {table} t ON t.id = (n - 1) % :teams + 1"


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
