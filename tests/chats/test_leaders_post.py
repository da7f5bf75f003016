"""A leader who takes a customer from their weekly post sees there that it was heard, in every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

MONDAY = FRIDAY + timedelta(days=2, hours=22)
"""Monday 9:00 in Oslo, when weekly posts go out."""


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        await stage.command("lea", "mine")  # from now on her name is known
        await stage.here.hears(id="r-1", score=2, comment="Waited for half an hour.")
        await eventually(stage.channel)
        assert await stage.here.learns_duties()
        yield stage


async def post(stage: Stage) -> str:
    """Lea's weekly post; empty while there is none."""
    return next((said for said in await stage.private("lea") if "Your week" in said), "")


async def test_the_post_from_which_a_customer_was_taken_says_who_has_them(stage: Stage) -> None:
    await stage.here.passes(MONDAY)
    await eventually(lambda: post(stage))
    assert "Nobody yet" in await post(stage)
    assert "It is yours" in (await stage.press_private("lea", "Nobody yet", "I'll call them")).text

    async def says_so() -> bool:
        return "Lea has it" in await post(stage)

    await eventually(says_so)
