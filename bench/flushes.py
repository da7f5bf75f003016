"""Goal 2: feedback committed while each flush takes 5 ms longer, as on a disk that really flushes, next to a commit per request."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench import northwind
from bench.intake import SECONDS, streams
from bench.load import Answers, Loader
from bench.processes import LOAD, Failed, running
from bench.report import Figure, Outcome

SOURCE = Path(__file__).with_name("slow_flush.c")
MORE_MS = 5
# Measures the duration of a flush with that library, in milliseconds.
TIMED = """
import os, statistics, sys, time
file, took = open(sys.argv[1], "wb", buffering=0), []
for n in range(40):
    file.write(b"x" * 4096)
    begun = time.perf_counter()
    os.fdatasync(file.fileno())
    took.append(time.perf_counter() - begun)
print(statistics.median(took) * 1000)
"""


def check(rounds: int, folder: Path) -> Outcome:
    """Returns no figures, and the reason, where no library can be preloaded before the system's."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        lacks = "no C compiler (cc) is here" if sys.platform.startswith("linux") else "this is not Linux"
        return Outcome([], f"flushes of {MORE_MS} ms: not measured, for {lacks}")
    with _slow(_compiled(compiler, folder)):
        flush_ms = _flush_ms(folder)
        taken = _taken(rounds, folder)
    ratio = median(ours.rate / theirs.rate for ours, theirs in taken)
    our_rate, their_rate = (median(both[side].rate for both in taken) for side in (0, 1))
    ours_ms, theirs_ms = (median(both[side].percentile(0.99) for both in taken) for side in (0, 1))
    return Outcome(
        [
            Figure(2, f"flushes of {MORE_MS} ms more: committed ÷ one commit for each request", ratio, "×", 25, 36, "at least"),
            Figure(2, "the slowest answer of a hundred (p99) ÷ a flush", ours_ms / flush_ms, "flushes", 10, 6.4, "at most"),
        ],
        f"{our_rate:,.0f} a second beside {their_rate:,.0f}; p99 {ours_ms:.0f} ms beside {theirs_ms:,.0f}; a flush takes {flush_ms:.1f} ms",
    )


def _taken(rounds: int, folder: Path) -> list[tuple[Answers, Answers]]:
    """Returns the answers of the bot and of the yardstick for each round."""
    with running(["-m", "bench.slack"], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port)
        with (
            running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log") as hero,
            running(["-m", "bench.yardsticks.commit_each", str(house)], folder / "each.log") as each,
            Loader() as load,
        ):
            taken = list[tuple[Answers, Answers]]()
            for n in range(-1, rounds):  # the first is a warm-up
                seconds = SECONDS if n >= 0 else 0.5
                both = []
                for server in (hero, each):
                    both.append(load(server.port, partial(streams, f"r{n}"), seconds=seconds))
                    server.settle()
                if n >= 0:
                    taken.append((both[0], both[1]))
    for answers in (one for both in taken for one in both):
        assert set(answers.statuses) == {202}, answers.statuses
    return taken


def _compiled(compiler: str, folder: Path) -> Path:
    library = folder / "slow_flush.so"
    words = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{compiler} did not compile {SOURCE.name}:\n{done.stderr[-2000:]}")
    return library


@contextmanager
def _slow(library: Path) -> Iterator[None]:
    """Processes started within this context have slow flushes."""
    told = {"LD_PRELOAD": str(library), "HERO_FLUSH_MS": str(MORE_MS)}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _flush_ms(folder: Path) -> float:
    words = [sys.executable, "-c", TIMED, str(folder / "flushed")]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
