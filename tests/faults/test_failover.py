"""A standby that takes over from a PostgreSQL that is gone: what was acknowledged is there, and nobody starts the bot anew."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from storage import practice
from tests.conftest import FRIDAY
from tests.postgres import Postgres
from tests.running import Running, eventually, running

pytestmark = pytest.mark.anyio

ANSWERS = 12


async def send_until_taken(here: Running, n: int) -> None:
    """Send an answer as a survey tool does: again and again, until it is taken."""

    async def taken() -> bool:
        return (await here.hears(id=f"r-{n}", score=2, comment="Slow.")).status_code in (200, 202)

    await eventually(taken)


@pytest.mark.parametrize("wanted", ["primary", "read-write"])
async def test_5_a_standby_takes_over_and_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, wanted: str) -> None:
    with Postgres(durable=True) as first, Postgres(durable=True, following=first) as second:
        hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (first, second))
        url = f"postgresql://hero@/{first.fresh()}?{hosts}&target_session_attrs={wanted}"
        first.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")  # a commit is acknowledged once the standby has it, too
        first.ask("SELECT pg_reload_conf()")
        async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=FRIDAY, database=url) as here:
            for n in range(3):
                assert (await here.hears(id=f"r-{n}", score=2, comment="Slow.")).status_code == 202
            senders = [asyncio.create_task(send_until_taken(here, n)) for n in range(ANSWERS)]
            await asyncio.to_thread(first.stop, signal.SIGQUIT)
            assert (await here.hears(id="r-late", score=2, comment="Slow.")).status_code == 503
            await asyncio.to_thread(second.ask, "SELECT pg_promote()")
            await asyncio.gather(*senders)
            await eventually(lambda: all_shown(here))


async def all_shown(here: Running) -> bool:
    posts = await here.house.store.read(practice.conversation, "oak-street", 100)
    assert len(posts) <= ANSWERS
    return len(posts) == ANSWERS
