"""Goals 5 and 6: taps on Claim, one at a time and by a hundred people at once, next to a Bolt app with one no-op listener."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from statistics import median

from bench import northwind
from bench.load import Answers, Loader
from bench.processes import LOAD, running
from bench.report import Figure, Outcome

LONE = 100
"""Claims made one after another, each on a follow-up of its own."""
REST_S = 0.01
"""Seconds between two lone taps, so that the work after the first is done."""
PEOPLE, CONTESTED = 100, 20
"""In a storm, each person taps Claim on every contested follow-up, all in the same order."""

SEVERAL = "SELECT count(*) - count(DISTINCT follow_up_id) FROM act WHERE verb = 'claim'"
CLAIMED = "SELECT count(*) FROM follow_up WHERE state = 'claimed' AND owner_id IS NOT NULL"


def lone(rounds: int, folder: Path) -> Outcome:
    """Goal 5: one claim at a time."""
    pairs, _ = _taken(folder, rounds, LONE, _in_turn, REST_S)
    ours, theirs = (median(both[side].percentile(0.5) for both in pairs) for side in (0, 1))
    ratio = median(ours.percentile(0.5) / theirs.percentile(0.5) for ours, theirs in pairs)
    return Outcome(
        [
            Figure(5, "lone claim, answered after the commit (p50) ÷ an empty Bolt handler", ratio, "×", 4, 2.7, "at most"),
            Figure(5, "lone claim, answered after the commit (p50)", ours, "ms", 2, 0.6, "at most"),
        ],
        f"{ours:.2f} ms beside {theirs:.2f} ms",
    )


def storm(rounds: int, folder: Path) -> Outcome:
    """Goal 6: a hundred people claim at once."""
    pairs, doubled = _taken(folder, rounds, CONTESTED, _all_at_once, 0)
    ours, theirs = (median(both[side].percentile(0.99) for both in pairs) for side in (0, 1))
    ratio = median(ours.percentile(0.99) / theirs.percentile(0.99) for ours, theirs in pairs)
    rates = [median(both[side].rate for both in pairs) for side in (0, 1)]
    return Outcome(
        [
            Figure(6, "100 people claim at once (p99) ÷ an empty Bolt handler", ratio, "×", 1.8, 1.4, "at most"),
            Figure(6, "100 people claim at once (p99)", ours, "ms", 150, 59, "at most"),
            Figure(6, "claims beyond the first of a follow-up", doubled, "claims", 0, 0, "at most"),
        ],
        f"{ours:.0f} ms beside {theirs:.0f} ms (p99); {rates[0]:,.0f} taps a second beside {rates[1]:,.0f}",
    )


Taps = Callable[[Sequence[int], str], Sequence[Iterator[bytes]]]
"""Makes the requests of each connection from the ids of follow-ups and the response_url that Slack would give."""


def _taken(folder: Path, rounds: int, each: int, made: Taps, rest: float) -> tuple[list[tuple[Answers, Answers]], int]:
    """Returns the answers of the bot and of the yardstick for each round, and the number of duplicate claims."""
    with ExitStack() as stack:
        slack = stack.enter_context(running(["-m", "bench.slack"], folder / "slack.log", LOAD))
        house = northwind.app_yaml(folder, slack=slack.port)
        northwind.seeded(house, range((rounds + 1) * each))
        hero = stack.enter_context(running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log"))
        empty = stack.enter_context(running(["-m", "bench.yardsticks.empty_bolt"], folder / "bolt.log"))
        load = stack.enter_context(Loader())
        respond_to = f"http://127.0.0.1:{slack.port}/respond"
        pairs = []
        for n in range(rounds + 1):
            taps = partial(made, range(n * each + 1, (n + 1) * each + 1), respond_to)
            ours = load(hero.port, taps, gap=rest)
            hero.settle()
            pairs.append((ours, load(empty.port, taps, gap=rest)))
    for answers in (one for both in pairs for one in both):
        assert set(answers.statuses) == {200}, answers.statuses
    with closing(sqlite3.connect(folder / "hero.db")) as database:
        (claimed,), (doubled,) = (database.execute(query).fetchone() for query in (CLAIMED, SEVERAL))
    assert claimed == (rounds + 1) * each, f"{claimed} of {(rounds + 1) * each} were claimed"
    return pairs[1:], doubled  # the first was a warm-up


def _in_turn(follow_ups: Sequence[int], respond_to: str) -> Sequence[Iterator[bytes]]:
    return [iter([northwind.claim(follow_up, f"U{follow_up % 20}", respond_to) for follow_up in follow_ups])]


def _all_at_once(follow_ups: Sequence[int], respond_to: str) -> Sequence[Iterator[bytes]]:
    """The requests are built beforehand: a hundred people do not wait for each other's signatures."""
    return [iter([northwind.claim(follow_up, f"U{person}", respond_to) for follow_up in follow_ups]) for person in range(PEOPLE)]
