"""A customer who left is noted in every chat, by the same form, and taken back by the same button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage import followups
from tests import log
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

FILLED = {
    "What made them leave?": "Waiting time",
    "And why was that? And that?": "one till open",
    "What were they worth?": "48000 NOK",
}


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2, comment="Never again.")
        await eventually(stage.channel)
        yield stage


async def case(stage: Stage) -> Any:
    return await stage.here.house.store.read(followups.case, 1)


async def claimed(stage: Stage) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _reads(stage, "Ana is replying"))
    await eventually(lambda: stage.private("ana"))  # so that it is not taken for the answer to what she types next


async def _reads(stage: Stage, words: str) -> bool:
    return any(words in card for card in await stage.channel())


async def test_the_word_with_a_number_opens_a_form_and_marks_the_customer_as_lost(stage: Stage) -> None:
    await claimed(stage)
    form = (await stage.asks("ana", "lost #1", "oak-street")).form
    assert form is not None
    assert "Marked as lost, and noted who did: #1." in (await stage.fill("ana", form, FILLED)).text
    assert (await case(stage)).lost_at is not None
    lines = await stage.here.house.store.read(log.life, 1)
    assert lines[-1].verb == "lost"
    assert (lines[-1].detail["why_1"], lines[-1].detail["value"], lines[-1].detail["currency"]) == ("one till open", 48000, "NOK")


async def test_what_cannot_be_read_is_said_in_the_form(stage: Stage) -> None:
    await claimed(stage)
    form = (await stage.asks("ana", "lost", "oak-street")).form
    seen = await stage.fill("ana", form, {**FILLED, "Which customer?": "#7"})
    assert "Nothing found among your cases and those of teams you lead." in seen.text
    seen = await stage.fill("ana", seen.form or form, {**FILLED, "Which customer?": "#1", "What were they worth?": "a lot"})
    assert "Please write an amount, such as 48000 NOK, or leave it empty." in seen.text
    assert (await case(stage)).lost_at is None


async def test_whoever_neither_has_them_nor_leads_is_told_so(stage: Stage) -> None:
    form = (await stage.asks("ben", "lost 1", "oak-street")).form
    assert "Whoever has this customer, or leads Oak Street, can mark them as lost." in (await stage.fill("ben", form, FILLED)).text
    assert (await case(stage)).lost_at is None
