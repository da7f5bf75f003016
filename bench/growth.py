"""Goal 13: the bot's memory after a hundred thousand pieces of feedback and ten thousand taps, next to that after the first
thousand."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from bench import northwind
from bench.intake import CONNECTIONS
from bench.load import Loader
from bench.processes import LOAD, Failed, Running, running
from bench.report import Figure, Outcome

FIRST, ALL = 1_000, 100_000
TAPS_IN = 10
"""One tap per this many pieces of feedback."""
PEOPLE = 20
TAPPING = 8
EXPECTED_S = 300
CLAIMED = "SELECT count(DISTINCT follow_up_id) FROM act WHERE verb = 'claim'"


def check(_rounds: int, folder: Path) -> Outcome:
    """Runs once, whatever `rounds` says. The first thousand include taps, so that what the first tap loads is no growth."""
    with running(["-m", "bench.slack"], folder / "slack.log", LOAD) as slack:
        house = northwind.app_yaml(folder, slack=slack.port)
        respond_to = f"http://127.0.0.1:{slack.port}/respond"
        with (
            running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log") as hero,
            Loader() as load,
        ):
            early = _memory_after(hero, load, range(FIRST), respond_to)
            late = _memory_after(hero, load, range(FIRST, ALL), respond_to)
    _all_was_done(folder / "hero.db")
    what = f"memory after {ALL:,} pieces of feedback and {ALL // TAPS_IN:,} taps ÷ after the first {FIRST:,}"
    return Outcome([Figure(13, what, late / early, "×", 1.15, 1.05, "at most")], f"{late:.1f} MB, {early:.1f} MB at first")


def _memory_after(hero: Running, load: Loader, numbers: range, respond_to: str) -> float:
    """Returns the memory in megabytes once these are stored, a tenth of them claimed, and the bot idle."""
    taps = range(numbers.start // TAPS_IN, numbers.stop // TAPS_IN)
    for streams in (partial(_feedback, numbers), partial(_claims, taps, respond_to)):
        answers = load(hero.port, streams, seconds=EXPECTED_S)
        if not set(answers.statuses) <= {200, 202}:
            raise Failed(f"not all were taken: {answers.statuses}")
    hero.settle()
    return hero.resident_mb


def _feedback(numbers: range) -> Sequence[Iterator[bytes]]:
    return [itertools.islice(northwind.deliveries(f"m{numbers.start}"), len(numbers))] * CONNECTIONS


def _claims(follow_ups: range, respond_to: str) -> Sequence[Iterator[bytes]]:
    """Each follow-up once, claimed by a few people in turn."""
    return [(northwind.claim(n + 1, f"U{n % PEOPLE:02}", respond_to) for n in follow_ups)] * TAPPING


def _all_was_done(database: Path) -> None:
    """Raises Failed unless all was stored and claimed: an idle bot would not grow."""
    with closing(sqlite3.connect(database)) as tx:
        stored, claims = (tx.execute(query).fetchone()[0] for query in ("SELECT count(*) FROM feedback", CLAIMED))
    if (stored, claims) != (ALL, ALL // TAPS_IN):
        raise Failed(f"{stored:,} pieces of feedback were stored, {claims:,} claimed")
