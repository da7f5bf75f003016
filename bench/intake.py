"""Goals 1 and 3: feedback received and committed, next to the same route without a database; on SQLite also next to rows
committed one by one by the bare driver (1b), on PostgreSQL also next to one statement per request."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from bench import northwind
from bench.load import Answers, Loader
from bench.processes import LOAD, SERVER, Running, running, spawned, stop
from bench.report import Figure, Outcome
from bench.sweepers import WHERE

CONNECTIONS = 64
SECONDS = 2.0
REHEARSAL_S = 0.5

T = TypeVar("T")
Asked = tuple[Answers, float]
"""The answers of a server, and the CPU time per answer in microseconds."""


def check(rounds: int, folder: Path) -> Outcome:
    """Goal 1: the bot and two yardsticks, in turn."""
    with _servers(folder, {}) as (servers, load), _raw(folder) as raw:
        both = _each_round(rounds, lambda name, seconds: (_all_asked(servers, load, name, seconds), raw(seconds)))
    taken, rows = [round_ for round_, _ in both], [committed for _, committed in both]
    _all_were_taken(taken)
    raw_ratio = median(round_[0][0].rate / committed for round_, committed in both)
    return Outcome(
        [
            Figure(1, "feedback committed ÷ the same route without a database", _ratio(taken, 1), "×", 0.40, 0.55, "at least"),
            Figure(1, "feedback committed ÷ bare rows, a commit each (1b)", raw_ratio, "×", 0.6, 0.8, "at least"),
        ],
        f"{_told(taken)}; {median(rows):,.0f} bare rows a second",
    )


def on_postgresql(rounds: int, folder: Path) -> Outcome:
    """Goal 3. Returns no figures, and the reason, where PostgreSQL is not available."""
    try:
        postgres = importlib.import_module(WHERE)
    except ModuleNotFoundError as error:
        return Outcome([], f"feedback on PostgreSQL: not measured, for there is no {error.name}")
    with postgres.Postgres(durable=True) as server:
        others = {"bench.yardsticks.statement_each": server.url(server.fresh())}
        with _servers(folder, others, server.url()) as (servers, load):
            taken = _each_round(rounds, lambda name, seconds: _all_asked(servers, load, name, seconds))
    _all_were_taken(taken)
    each, cost = median(round_[2][0].rate for round_ in taken), median(round_[2][1] for round_ in taken)
    return Outcome(
        [
            Figure(3, "committed on PostgreSQL ÷ the same route without a database", _ratio(taken, 1), "×", 0.35, 0.48, "at least"),
            Figure(3, "committed on PostgreSQL ÷ one statement for each request", _ratio(taken, 2), "×", 1.5, 2.1, "at least"),
        ],
        f"{_told(taken)}; {each:,.0f} with one statement each, {cost:.0f} µs",
    )


@contextmanager
def _servers(folder: Path, others: dict[str, str], database: str | None = None) -> Iterator[tuple[Sequence[Running], Loader]]:
    """Yields the bot, the route without a database and `others` (module → URL of a database of its own), and the load generator."""
    with ExitStack() as stack:
        slack = stack.enter_context(running(["-m", "bench.slack"], folder / "slack.log", LOAD))
        house = northwind.app_yaml(folder, slack=slack.port, database=database)
        servers = [
            stack.enter_context(running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log")),
            stack.enter_context(running(["-m", "bench.yardsticks.no_database", str(house)], folder / "bare.log")),
        ]
        for module, url in others.items():
            theirs = northwind.app_yaml(folder / module, slack=slack.port, database=url)
            servers.append(stack.enter_context(running(["-m", module, str(theirs)], folder / f"{module}.log")))
        yield servers, stack.enter_context(Loader())


@contextmanager
def _raw(folder: Path) -> Iterator[Callable[[float], float]]:
    """Yields a function that commits bare rows for a number of seconds and returns how many it committed per second."""
    process: subprocess.Popen[str] = spawned(
        ["-m", "bench.yardsticks.raw_commits", str(folder / "raw.db")], folder / "raw.log", SERVER
    )

    def committed(seconds: float) -> float:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        return float(process.stdout.readline())

    try:
        yield committed
    finally:
        stop(process)


def _each_round(rounds: int, measured: Callable[[str, float], T]) -> Sequence[T]:
    """Returns what `measured(name, seconds)` returns for each round, after a warm-up that does not count."""
    measured("rehearsal", REHEARSAL_S)
    return [measured(f"r{n}", SECONDS) for n in range(rounds)]


def _all_asked(servers: Sequence[Running], load: Loader, prefix: str, seconds: float) -> Sequence[Asked]:
    return [_asked(server, load, prefix, seconds) for server in servers]


def _asked(server: Running, load: Loader, prefix: str, seconds: float) -> Asked:
    """CPU time per answer stays meaningful on a busy machine, where rates do not."""
    before = server.cpu_s
    answers = load(server.port, partial(streams, prefix), seconds=seconds)
    server.settle()  # it must not still be writing while the next server is measured
    return answers, (server.cpu_s - before) / len(answers.latencies) * 1e6


def _all_were_taken(taken: Sequence[Sequence[Asked]]) -> None:
    for answers, _ in (one for round_ in taken for one in round_):
        assert set(answers.statuses) == {202}, answers.statuses


def _ratio(taken: Sequence[Sequence[Asked]], side: int) -> float:
    """Returns the median over the rounds of our rate divided by that of another side."""
    return median(round_[0][0].rate / round_[side][0].rate for round_ in taken)


def _told(taken: Sequence[Sequence[Asked]]) -> str:
    our_rate, their_rate = (median(round_[side][0].rate for round_ in taken) for side in (0, 1))
    our_cost, their_cost = (median(round_[side][1] for round_ in taken) for side in (0, 1))
    slow, fast = (median(round_[0][0].percentile(share) for round_ in taken) for share in (0.99, 0.5))
    return (
        f"{our_rate:,.0f} a second beside {their_rate:,.0f}; answered in {fast:.1f} ms (p50), {slow:.1f} ms (p99); "
        f"{our_cost:.0f} µs of a core each beside {their_cost:.0f}"
    )


def streams(prefix: str) -> Sequence[Iterator[bytes]]:
    """All connections draw from one shared iterator of requests."""
    return [northwind.deliveries(prefix)] * CONNECTIONS
