"""`hero simulate`: weeks of made-up customers and colleagues through the real handlers, to tune a ladder before going live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.simulate.assumptions import USUAL, Assumptions
from bot.simulate.company import aimed_at
from bot.simulate.customers import arrivals
from bot.simulate.figures import figures
from bot.simulate.hourly import Hourly
from bot.simulate.house import Ladder
from bot.simulate.staff import Staff
from handlers.company import Company


def simulate(
    company: Company, *, seed: int, weeks: int, assumed: Assumptions = USUAL, tell: Callable[[], None] = lambda: None
) -> Mapping[str, Any]:
    """Play the same customers and people twice: with the company's ladder, and with a plain hourly reminder. Returns the figures.

    `tell` is called after each simulated day of the ladder. The same seed gives the same figures on every machine.
    """
    company = aimed_at(company)
    staff = Staff(company, seed, weeks, assumed)
    ladder = Ladder(company, staff, arrivals(company, seed, weeks, assumed), seed, weeks, assumed)
    ladder.played(tell)
    hourly = Hourly(staff, arrivals(company, seed, weeks, assumed), seed, weeks, assumed)
    hourly.played()
    about = {"company": company.name, "teams": len(company.teams), "weeks": weeks, "seed": seed}
    sides = {"ladder": ladder, "hourly": hourly}
    return about | {name: figures(side.stories, side.noise, staff, side.until) for name, side in sides.items()}
