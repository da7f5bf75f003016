"""The bot is killed in mid-sentence, again and again; `make storm` blows longer."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import Store
from tests.faults.storm import Storm, blow

pytestmark = pytest.mark.anyio


def seed() -> int:
    """By chance, and printed: pytest shows it when the test fails."""
    seed = random.randrange(1_000_000)
    print(f"to see it again: make storm ARGS='--seed {seed} --messages 60'")
    return seed


async def test_9_10_nothing_is_lost_doubled_or_out_of_order_however_often_the_bot_is_killed(tmp_path: Path) -> None:
    await blow(Storm(seed(), messages=60, channels=20, kills=3, claims=5), tmp_path)


async def test_9_10_nor_however_often_any_of_three_replicas_is_killed(tmp_path: Path, fresh_postgres: str) -> None:
    await blow(Storm(seed(), messages=60, channels=20, kills=4, claims=5, replicas=3), tmp_path, fresh_postgres)


async def test_16_a_rolling_restart_under_load_loses_doubles_and_doubts_nothing(tmp_path: Path, fresh_postgres: str) -> None:
    storm = Storm(seed(), messages=60, channels=20, kills=3, claims=5, replicas=3, polite=True)
    await blow(storm, tmp_path, fresh_postgres)
    with closing(Store(fresh_postgres)) as store:
        assert store.read_sync(lambda tx: tx.execute(text("SELECT sum(doubts) FROM message")).scalar_one()) == 0
