"""Stopping the bot while it is sending."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.running import running

pytestmark = pytest.mark.anyio

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


async def test_what_is_being_said_comes_to_its_end_before_the_chat_hangs_up(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    speaking, leaving = asyncio.Event(), asyncio.Event()
    async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=FRIDAY, database=database) as here:
        chat, delivery = here.house.chats["practice"], here.house.delivery
        post, hang_up, stop = chat.post, chat.stop, delivery.stop

        async def say(*told: Any) -> Any:
            speaking.set()
            await leaving.wait()
            happened.append("said")
            return await post(*told)

        async def hung_up() -> None:
            leaving.set()
            happened.append("hung up")
            await hang_up()

        async def stopped() -> None:
            leaving.set()
            await stop()

        monkeypatch.setattr(chat, "post", say)
        monkeypatch.setattr(chat, "stop", hung_up)
        monkeypatch.setattr(delivery, "stop", stopped)
        await here.hears(id="r-1", score=2, comment="Cold coffee")
        await asyncio.wait_for(speaking.wait(), 60)
    assert happened == ["said", "hung up"]
