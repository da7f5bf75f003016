"""What `hero simulate` prints, with its progress on a terminal."""

from __future__ import annotations

from json import dumps

from bot.progress import progress
from bot.simulate import simulate
from bot.simulate.company import made_up
from bot.simulate.figures import printed
from handlers.company import Company


def simulated(company: Company | None, *, seed: int, weeks: int, teams: int, json: bool) -> str:
    """Simulate the company of an app.yaml, or a made-up one with `teams` teams if it is None. Returns the text to print."""
    with progress("Days played", weeks * 7) as passed:
        said = simulate(company or made_up(teams), seed=seed, weeks=weeks, tell=lambda: passed(1))
    return dumps(said, indent=2, ensure_ascii=False) if json else printed(said)
