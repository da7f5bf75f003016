"""Goal 1: feedback taken and committed, beside the same route without a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from bench import northwind
from bench.load import Answers, Loader
from bench.processes import LOAD, Running, running
from bench.report import Figure, Outcome

CONNECTIONS = 64
SECONDS = 2.0


def check(rounds: int, folder: Path) -> Outcome:
    """One real server and one yardstick, asked in turn."""
    with running(["-m", "bench.slack"], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port)
        with (
            running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log") as hero,
            running(["-m", "bench.yardsticks.no_database", str(house)], folder / "bare.log") as bare,
            Loader() as load,
        ):
            taken, costs = list[Sequence[Answers]](), list[Sequence[float]]()
            for n in range(-1, rounds):  # the first is a rehearsal
                seconds = SECONDS if n >= 0 else 0.5
                round_ = [_asked(server, load, f"r{n}", seconds) for server in (hero, bare)]
                if n >= 0:
                    taken.append([answers for answers, _ in round_])
                    costs.append([cost for _, cost in round_])
    for answers in (one for both in taken for one in both):
        assert set(answers.statuses) == {202}, answers.statuses
    ratio = median(ours.rate / theirs.rate for ours, theirs in taken)
    our_cost, their_cost = (median(both[side] for both in costs) for side in (0, 1))
    our_rate, their_rate = (median(both[side].rate for both in taken) for side in (0, 1))
    slow, fast = (median(both[0].percentile(share) for both in taken) for share in (0.99, 0.5))
    return Outcome(
        [Figure(1, "feedback committed ÷ the same route without a database", ratio, "×", 0.40, 0.55, "at least")],
        f"{our_rate:,.0f} a second beside {their_rate:,.0f}; answered in {fast:.1f} ms (p50), {slow:.1f} ms (p99); "
        f"{our_cost:.0f} µs of a core each beside {their_cost:.0f}",
    )


def _asked(server: Running, load: Loader, prefix: str, seconds: float) -> tuple[Answers, float]:
    """The answers, and the microseconds of a core that each took: those stay true on a busy machine, where rates do not."""
    before = server.cpu_s
    answers = load(server.port, partial(streams, prefix), seconds=seconds)
    server.settle()  # nobody else is measured while it still writes
    return answers, (server.cpu_s - before) / len(answers.latencies) * 1e6


def streams(prefix: str) -> Sequence[Iterator[bytes]]:
    return [northwind.deliveries(prefix)] * CONNECTIONS
