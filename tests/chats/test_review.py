"""The monthly review reaches who leads in every chat, and a call is one tap there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import log
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, OnMsTeams, OnSlack, Stage

pytestmark = pytest.mark.anyio

DUE = datetime(2026, 12, 1, 8, 0, 30, tzinfo=UTC)
REVIEW, CALLS = "Customers we lost · Nov 2026", "Please call 1 customer · Nov 2026"


@pytest.fixture(params=["msteams", "slack"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2, comment="Never again.", customer={"key": "c-1", "email": "dana@mail.example"})
        await eventually(stage.channel)
        assert await stage.here.learns_duties()
        form = (await stage.asks("lea", "lost 1", "oak-street")).form
        assert "Marked as lost" in (await stage.fill("lea", form, {"What made them leave?": "Other"})).text
        await stage.here.passes(DUE)
        await eventually(lambda: _post(stage, CALLS))
        yield stage


async def _post(stage: Stage, headline: str) -> Any:
    """The message that was posted privately to Lea."""
    if isinstance(stage, OnSlack):
        said = stage.slack.dm("ULEA").messages
    else:
        assert isinstance(stage, OnMsTeams)
        said = stage._said_in(stage.teams.dm("lea").id)
    return next((message for message in said if headline in str(message)), None)


async def presses(stage: Stage, headline: str, button: str) -> Any:
    message = await _post(stage, headline)
    who = stage.slack.user("ULEA") if isinstance(stage, OnSlack) else stage.teams.user("lea")  # type: ignore[attr-defined]
    seen = await who.press(message, button)
    assert seen.error is None, seen.error
    return seen


async def test_the_review_is_read_privately_and_a_call_is_one_tap(stage: Stage) -> None:
    review = str(await _post(stage, REVIEW))
    assert "1 unhappy customer: recovered 0, kept but not happy 0, lost 1, unknown 0." in review
    assert "dana@mail.example" not in review
    assert not any(REVIEW in card for card in await stage.channel())
    assert "dana@mail.example" in str(await presses(stage, CALLS, "How to reach them"))
    if isinstance(stage, OnMsTeams):
        card = await _post(stage, CALLS)
        await presses(stage, CALLS, "Back")  # there it stands in the place of the card
        await eventually(lambda: "No answer" in str(stage.teams.user("lea").sees(card)))
    assert "Thank you for calling." in str(await presses(stage, CALLS, "Called"))
    await eventually(lambda: _shows(stage, "have made 1 of 1 calls"))
    lines = await stage.here.house.store.read(log.life, 1)
    assert [line.verb for line in lines][-2:] == ["details_shown", "called"]


async def _shows(stage: Stage, words: str) -> bool:
    return words in str(await _post(stage, CALLS))


async def test_the_decision_is_taken_in_a_form(stage: Stage) -> None:
    seen = await presses(stage, REVIEW, "Decide…")
    form = seen.modal if isinstance(stage, OnSlack) else seen.form
    answers: Mapping[str, str] = {"What do we do?": "A second till", "Who sees to it?": "the shop manager", "By when?": "15 Dec"}
    assert "Decided. It comes first" in (await stage.fill("lea", form, answers)).text
    await eventually(lambda: _decided(stage))


async def _decided(stage: Stage) -> bool:
    return "Decided: A second till (the shop manager, by 15 Dec)." in str(await _post(stage, REVIEW))
