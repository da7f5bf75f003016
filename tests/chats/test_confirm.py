"""A case ended by somebody the customer names is confirmed by who leads, privately, in every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import log
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

QUESTION = "Please confirm · Oak Street · ended by somebody the customer names"


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        await stage.command("ana", "mine")  # from now on her name is known
        await stage.here.hears(id="r-1", score=2, comment="Ana was rude to me.")
        await eventually(stage.channel)
        assert await stage.here.learns_duties()
        yield stage


async def asked(stage: Stage) -> bool:
    return any(QUESTION in said for said in await stage.private("lea"))


async def test_the_leader_is_asked_privately_and_confirms_it_with_one_tap(stage: Stage) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _shows(stage, "Done…"))
    form = (await stage.press("ana", "Done…")).form
    done = await stage.fill(
        "ana", form, {"Outcome": "Fixed", "What did we do, in one sentence?": "Rang.", "What caused it?": "Other"}
    )
    assert "is asked to confirm it." in done.text
    await eventually(lambda: asked(stage))
    assert QUESTION not in "".join([*await stage.channel(), *await stage.private("ana")])
    assert "Confirmed, and noted who did." in (await stage.press_private("lea", QUESTION, "Confirm")).text
    await eventually(lambda: _settled(stage))
    assert len([said for said in await stage.private("lea") if "#1" in said]) == 1  # the question became the answer
    assert [line.verb for line in await stage.here.house.store.read(log.life, 1)][-1] == "confirm"


async def _shows(stage: Stage, button: str) -> bool:
    return any(button in card for card in await stage.channel())


async def _settled(stage: Stage) -> bool:
    return any("#1 is confirmed: it stays as it was ended." in said for said in await stage.private("lea"))
