"""Whoever usually looks after a customer is told in every chat that they wait, gets to the card, and may take them on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.ladder import USUAL, Phase, Role, Step
from storage import nudges
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage, on_slack

pytestmark = pytest.mark.anyio

AT_ONCE = Step(phase=Phase.UNCLAIMED, after=0, role=Role.COLLEAGUE)
DANA = {"key": "c-77", "name": "Dana Reyes", "email": "dana@mail.example", "owner": "Ben@northwind.example"}
SAYS = "A customer of yours is unhappy, and has been waiting for a word from Oak Street"


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY, database=database) as stage:
        tells(stage)
        yield stage


def tells(stage: Stage) -> None:
    """From now on the ladder has a step for whoever usually looks after the customer."""
    company = stage.here.house.company
    team = company.teams["oak-street"].model_copy(update={"ladder": (AT_ONCE, *USUAL)})
    stage.here.house.company = company.model_copy(update={"teams": {team.name: team}})


async def test_they_read_it_privately_get_to_the_card_and_take_it_on(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment="Slow.", customer=DANA)
    await eventually(stage.channel)
    await stage.here.passes(FRIDAY + timedelta(minutes=20))
    await eventually(lambda: says(stage, "ben", SAYS))
    [card] = await stage.follows("ben", SAYS)
    assert "Slow." in card
    assert not await says(stage, "ben", "Reyes")
    assert [await says(stage, who, SAYS) for who in ("ana", "lea")] == [False, False]
    assert "It is yours" in (await stage.press_private("ben", SAYS, "I'll take it")).text
    await eventually(lambda: says(stage, "ben", "You are replying to Dana Reyes"))


async def test_where_nobody_has_that_address_nobody_is_told(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment="Slow.", customer=DANA | {"owner": "carl@elsewhere.example"})
    await eventually(stage.channel)
    await stage.here.passes(FRIDAY + timedelta(minutes=20))
    assert await stage.thread() == []
    assert [await says(stage, who, "waiting for a word") for who in ("ana", "ben", "lea")] == [False] * 3


@pytest.mark.parametrize("somebody", [{"team": "T0OTHER"}, {"team": "T0OTHER", "stranger": True}, {"bot": True}])
async def test_nobody_of_another_company_is_told_who_shares_a_channel_and_has_that_address(
    tmp_path: Path, somebody: dict[str, Any]
) -> None:
    async with on_slack(tmp_path, FRIDAY) as stage:
        tells(stage)
        stage.slack.user("UEVE", email="eve@customer.example", **somebody)
        await stage.here.hears(id="r-1", score=2, comment="Slow.", customer=DANA | {"owner": "eve@customer.example"})
        await eventually(stage.channel)
        await stage.here.passes(FRIDAY + timedelta(minutes=20))
        assert any(call.method == "users.lookupByEmail" for call in stage.slack.calls)
        assert await stage.here.house.store.read(nudges.next_due, FRIDAY) is None
        assert not stage.slack.dm("UEVE").messages


async def says(stage: Stage, who: str, words: str) -> bool:
    return any(words in text for text in await stage.private(who))
