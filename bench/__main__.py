"""`python -m bench [--goals 1,5] [--rounds N]`: measures each goal next to its yardstick. Exit status 1 when a must fails."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import report
from bench.report import Figure, Outcome

GOALS: Mapping[int, Sequence[tuple[str, str]]] = {
    1: [("bench.intake", "check")],
    2: [("bench.flushes", "check")],
    3: [("bench.intake", "on_postgresql")],
    4: [("bench.kills", "check")],
    5: [("bench.claims", "lone")],
    6: [("bench.claims", "storm")],
    7: [("bench.sweep", "check"), ("bench.sweepers", "check")],
    8: [("bench.digest", "check")],
    9: [("bench.delivery", "check"), ("bench.sick", "check"), ("bench.edits", "check")],
    10: [("bench.latency", "check")],
    11: [("bench.start", "check")],
    12: [("bench.invokes", "check")],
    13: [("bench.growth", "check")],
    14: [("bench.sources", "check")],
}
"""The functions that check each goal, as (module, function)."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, each figure beside its yardstick.")
    parser.add_argument("--goals", default=",".join(map(str, GOALS)), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="how often each comparison is made (%(default)s)")
    asked = parser.parse_args(arguments)
    try:
        goals = [int(goal) for goal in asked.goals.split(",")]
        chosen = {goal: GOALS[goal] for goal in goals}
    except (ValueError, KeyError) as error:
        parser.error(f"--goals takes some of {','.join(map(str, GOALS))}, not {error}")
    figures: list[Figure] = []
    for goal, checks in chosen.items():
        for module, name in checks:
            figures += _measured(goal, module, name, asked.rounds).figures
    report.save(figures)
    print(f"\n{report.table(figures)}")
    return 0 if all(figure.holds for figure in figures) else 1


def _measured(goal: int, module: str, name: str, rounds: int) -> Outcome:
    """Run one check. If it fails, run all of it once more, because a busy neighbour can halve single rounds. Both are reported."""
    check = getattr(importlib.import_module(module), name)
    first = _once(goal, check, rounds)
    if first.holds:
        return first
    print(f"goal {goal}: a must failed, measuring once more", flush=True)
    return _once(goal, check, rounds).after(first)


def _once(goal: int, check: Callable[[int, Path], Outcome], rounds: int) -> Outcome:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hero-bench-") as folder:
        outcome = check(rounds, Path(folder))
    print(f"goal {goal}: {outcome.absolutes} [{time.monotonic() - begun:.0f} s]", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
