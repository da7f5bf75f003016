"""The bot is killed in mid-sentence, again and again; `make storm` blows longer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.storm import Storm, blow

pytestmark = pytest.mark.anyio


async def test_nothing_is_lost_doubled_or_out_of_order_however_often_the_bot_is_killed(tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    print(f"to see it again: make storm ARGS='--seed {seed} --messages 60'")  # pytest shows it when the test fails
    await blow(Storm(seed, messages=60, channels=20, kills=3, claims=5), tmp_path)
