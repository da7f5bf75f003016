"""The leader's look ahead becomes the line that the post went out: one message, in every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

PREVIEW = datetime(2026, 11, 20, 15, 0, 30, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, 0, 30, tzinfo=UTC)


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY - timedelta(hours=1)) as stage:
        yield stage


async def about_the_post(stage: Stage) -> list[str]:
    return [said for said in await stage.private("lea") if "weekly post of Oak Street" in said]


async def test_the_look_ahead_is_changed_in_place_when_the_post_goes_out(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment="Cold soup.")
    await eventually(stage.channel)
    await stage.command("lea", "mine")
    assert await stage.here.learns_duties()
    await stage.here.passes(PREVIEW)
    await eventually(lambda: about_the_post(stage))
    assert "A look ahead" in (await about_the_post(stage))[0]
    await stage.here.passes(MONDAY)

    async def gone_out() -> bool:
        return any("went out Mon 09:00." in said for said in await about_the_post(stage))

    await eventually(gone_out)
    assert len(await about_the_post(stage)) == 1
