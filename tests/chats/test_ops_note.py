"""Ops read what is wrong in their private chat, in every chat, once a day however often the clock ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

MONDAY_MORNING = FRIDAY + timedelta(days=2, hours=22)


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY, database=database) as stage:
        assert await stage.here.learns_duties()
        yield stage


async def test_ops_read_privately_in_the_morning_that_an_answer_reached_nobody(stage: Stage) -> None:
    await stage.here.passes(FRIDAY + timedelta(seconds=1))
    await stage.here.hears(id="r-1", score=None, comment="I give no marks. Nobody came.")
    for minutes in range(3):
        await stage.here.passes(MONDAY_MORNING + timedelta(minutes=minutes))
    [note] = await eventually(lambda: _notes(stage))
    assert "One answer, unhappy or without a score, matched no route, so nobody was asked to reply." in note
    assert "Nobody came" not in note


async def _notes(stage: Stage) -> list[str]:
    return [said for said in await stage.private("lea") if "Action Hero needs you" in said]
