"""The route for feedback with everything but a database: `python -m bench.yardsticks.no_database APP_YAML`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from starlette.applications import Starlette

from bench.northwind import settings
from bot import logs, sources
from bot.doors import intake
from bot.serve import answer, listen
from handlers.arrival import Arrival
from handlers.receive import Answer, Receipt

_numbers = itertools.count(1)


async def receive(arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
    """Say that all was stored, and store nothing."""
    return [Receipt(Answer.ACCEPTED, next(_numbers)) for _ in arrivals]


async def main(app_yaml: Path) -> None:
    logs.set_up()
    ours = settings(app_yaml)
    loaded = {name: sources.LoadedSource(name, sources.load(s.kind), s.options) for name, s in ours.sources.items()}
    app = Starlette(routes=[intake.route(intake.Backroom(loaded, receive, lambda: datetime.now(UTC)))])
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(app, listening)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
