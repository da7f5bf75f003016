"""`hero doctor`: examines the bot's environment and reports, for each part, its state and what to do. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.config import Settings
from bot.diagnosis import Diagnosis
from bot.doctor.conversations import look_at_chats
from bot.doctor.database import look_at_memory, opened
from bot.doctor.network import look_outside


async def examine(settings: Settings) -> Sequence[Diagnosis]:
    """Examine everything: the database and its contents, the machine, the running bot, each chat."""
    now = datetime.now(UTC)
    with opened(settings.database) as (store, lines):
        remembered = await asyncio.to_thread(look_at_memory, store, settings, now) if store is not None else []
        outside, chats = await asyncio.gather(look_outside(settings, now), look_at_chats(settings, store, now))
    found = [*lines, *remembered, *outside, *chats]
    clocks = [line for line in found if line.part == "clock"]
    worst = max(clocks, key=lambda line: line.state != "ok", default=None)  # several clocks may be compared: report the worst
    return [line for line in found if line.part != "clock" or line is worst]
