"""What `hero simulate` prints, with its progress on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps

import typer

from bot.simulate import simulate
from bot.simulate.company import made_up
from bot.simulate.figures import printed
from handlers.rules import Company


def simulated(company: Company | None, *, seed: int, weeks: int, teams: int, json: bool) -> str:
    """Simulate the company of an app.yaml, or a made-up one with `teams` teams if it is None. Returns the text to print."""
    with _progress(weeks * 7) as tell:
        said = simulate(company or made_up(teams), seed=seed, weeks=weeks, tell=tell)
    return dumps(said, indent=2, ensure_ascii=False) if json else printed(said)


@contextmanager
def _progress(days: int) -> Iterator[Callable[[], None]]:
    """Shows a progress bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with typer.progressbar(length=days, label="Days played", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
