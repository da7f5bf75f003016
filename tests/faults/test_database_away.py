"""The house while its PostgreSQL is away, read-only or restarted: nothing is taken that is not kept, and nobody has to start it anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import practice
from tests.conftest import FRIDAY
from tests.postgres import Postgres
from tests.running import Running, eventually, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[Postgres]:
    with Postgres(durable=True) as server:
        yield server


async def statuses(here: Running, id: str) -> tuple[Any, ...]:
    """What a sender, an orchestrator's question whether it is ready, and its question whether it lives are answered."""
    answer = await here.hears(id=id, score=2, comment="Slow.")
    ready, alive = await here.client.get("/readyz"), await here.client.get("/healthz")
    assert (await here.client.post("/feedback/survey", content=b"{}")).status_code == 401, "whatever is away, it is not signed"
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["error"]
    return answer.status_code, ready.status_code, alive.status_code


async def test_5_feedback_is_answered_503_while_the_database_is_away_and_202_again_after(tmp_path: Path, server: Postgres) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=FRIDAY, database=server.url(server.fresh())) as here:
        assert await statuses(here, "r-1") == (202, 200, 200)
        for n in range(2):
            await asyncio.to_thread(server.stop)
            assert await statuses(here, f"away-{n}") == (503, 503, 200)
            await asyncio.to_thread(server.start)
            assert await statuses(here, f"away-{n}") == (202, 200, 200)
        await eventually(lambda: is_shown(here, 3))


async def test_5_feedback_is_answered_503_while_the_database_only_reads(tmp_path: Path, server: Postgres) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=FRIDAY, database=server.url(server.fresh())) as here:
        accepted = {"r-1"} if (await statuses(here, "r-1"))[0] == 202 else set()
        for mode, status in (("on", 503), ("off", 202)):
            server.ask(f"ALTER SYSTEM SET default_transaction_read_only = {mode}")
            server.ask("SELECT pg_reload_conf()")
            told = 0
            while told != status:  # each connection hears of a changed setting in its own time
                told = (await statuses(here, f"r-{mode}"))[0]
                accepted |= {f"r-{mode}"} if told == 202 else set()
        await eventually(lambda: is_shown(here, len(accepted)))


async def is_shown(here: Running, number: int) -> bool:
    """So many cards stand in the channel, and each once."""
    posts = await here.house.store.read(practice.conversation, "oak-street", 100)
    assert len(posts) <= number
    return len(posts) == number
