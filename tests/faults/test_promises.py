"""What the bot answered holds, however it ends; `make storm` tries it for longer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults import promises

pytestmark = pytest.mark.anyio


@pytest.fixture
def seed() -> int:
    seed = random.randrange(1_000_000)
    print(f"to see it again: make storm ARGS='--seed {seed}'")  # pytest shows it when the test fails
    return seed


async def test_what_was_answered_before_a_kill_is_stored_once_and_has_one_card(tmp_path: Path, seed: int) -> None:
    await promises.what_was_answered_is_stored(seed, tmp_path)


async def test_what_is_under_way_when_the_bot_is_asked_to_stop_is_answered_and_shown_once(tmp_path: Path, seed: int) -> None:
    await promises.what_is_under_way_is_answered(seed, tmp_path)


async def test_a_claim_that_was_answered_before_a_kill_holds(tmp_path: Path, seed: int) -> None:
    await promises.what_was_claimed_stays_claimed(seed, tmp_path)
