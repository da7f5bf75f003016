"""Ops give a channel to a team in chat, over the same forms in every chat: from the typed word to the first card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

FILLED = {"What is the team called?": "Harbour", "Which tag brings feedback here?": "harbour", "Claim within": "2h"}


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY, database=database) as stage:
        yield stage


async def test_a_channel_is_given_to_a_team_and_its_first_card_appears_there(stage: Stage) -> None:
    form = (await stage.asks("lea", "here", "harbour")).form
    assert form is not None
    assert "This is the channel of Harbour now." in (await stage.fill("lea", form, FILLED)).text
    [greeting] = await eventually(lambda: stage.channel("harbour"))
    assert "This is the channel of Harbour now. When a customer is unhappy, a card appears here" in greeting
    assert "somebody takes it on within 2 h, and the customer is looked after within 2 days." in greeting

    await stage.here.hears(id="r-1", score=2, comment="Cold coffee.", tags=["harbour"])
    await stage.here.hears(id="r-2", score=2, comment="Warm beer.", tags=["oak-street"])
    cards = await eventually(lambda: _two(stage, "harbour"))
    assert "needs somebody by Fri 13:00" in cards[1]
    assert "Cold coffee." in cards[1]
    [other] = await eventually(stage.channel)
    assert "Warm beer." in other


async def test_whoever_is_not_ops_is_told_so(stage: Stage) -> None:
    seen = await stage.asks("ana", "here", "harbour")
    assert (seen.form, "Only ops can do that" in seen.text) == (None, True)


async def test_what_cannot_be_read_is_said_in_the_form_and_kept(stage: Stage) -> None:
    form = (await stage.asks("lea", "here", "harbour")).form
    seen = await stage.fill("lea", form, {**FILLED, "When is it open?": "whenever"})
    assert "Please write hours as in mon-fri 08:00-18:00" in seen.text
    assert await stage.channel("harbour") == []
    await stage.fill("lea", seen.form or form, {**FILLED, "When is it open?": "mon-fri 08:00-18:00"})
    await eventually(lambda: stage.channel("harbour"))


async def test_app_yaml_is_told_and_not_changed_in_chat(stage: Stage) -> None:
    seen = await stage.asks("lea", "here", "oak-street")
    assert (seen.form, "This is the channel of Oak Street, as app.yaml:" in seen.text) == (None, True)


async def test_the_routes_are_told_and_one_is_added(stage: Stage) -> None:
    seen = await stage.asks("lea", "routes", "oak-street")
    assert "everyone else → Oak Street: unhappy customers (app.yaml:" in seen.text


async def _two(stage: Stage, channel: str) -> list[str] | None:
    said = await stage.channel(channel)
    return said if len(said) == 2 else None
