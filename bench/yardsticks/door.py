"""The feedback route with something else behind it: what the yardsticks of intake share with the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from bot import logs, sources
from bot.config import Settings
from bot.doors import intake
from bot.port import listen
from bot.serve import answer
from handlers.arrivals.arrival import Arrival
from handlers.receive import Receipt


async def serve(ours: Settings, take_in: Callable[[Sequence[Arrival]], Awaitable[Sequence[Receipt]]]) -> None:
    """Serve on a free port, which is printed, until asked to stop."""
    logs.set_up()
    loaded = {name: sources.LoadedSource(name, sources.load(s.kind), s.options) for name, s in ours.sources.items()}
    app = intake.door(intake.IntakeServices(loaded, take_in, lambda: datetime.now(UTC)))
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(app, listening)
