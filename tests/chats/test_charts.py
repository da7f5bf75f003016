"""A chart in every chat: drawn where the chat draws it, told in words everywhere, and never a reason to lose the message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chats import Refused
from bot.chats.practice.bars import HEIGHT, WIDTH, bars
from handlers.cards import Chart
from tests.chats.test_contract import CARD, Rig, rig_of
from tests.stages import OnMsTeams, OnSlack

pytestmark = pytest.mark.anyio

CHART = Chart(
    "Customers who heard from us",
    ("Week 46", "Week 47"),
    (("In time", (3, 0)), ("Later", (1, 2))),
    "By week: 46: 3 + 1 · 47: 0 + 2",
)
POST = replace(CARD, quote="", context=("Four customers told us.", "Ana: first contact."), chart=CHART)


@pytest.fixture(params=["practice", "slack", "msteams"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_of(request.param, tmp_path, "") as rig:
        yield rig


async def test_the_words_of_a_chart_stand_after_the_first_line(rig: Rig) -> None:
    await rig.chat.post(rig.place, POST, "digest:1")
    if rig.chat.name == "practice":
        page = (await rig.stage.here.client.get("/?as=ana&channel=oak-street")).text
        assert page.index("Four customers told us.") < page.index("<svg") < page.index("first contact.")
        assert page.count(CHART.twin) >= 2  # for those who see the bars, and for those who hear them
        return
    [seen] = await rig.stage.channel()
    assert seen.index("Four customers told us.") < seen.index(CHART.twin) < seen.index("Ana: first contact.")


@pytest.mark.parametrize("name", ["slack", "msteams"])
async def test_a_chat_that_refuses_the_chart_gets_its_words(name: str, tmp_path: Path) -> None:
    async with rig_of(name, tmp_path, "") as rig:
        _refuse(rig.stage, "post")
        posted = await rig.chat.post(rig.place, POST, "digest:1")
        [seen] = await rig.stage.channel()
        assert CHART.twin in seen
        assert CHART.title not in seen
        _refuse(rig.stage, "edit")
        await rig.chat.edit(posted, rig.place, replace(POST, headline="Another headline"))
        [seen] = await rig.stage.channel()
        assert "Another headline" in seen
        assert CHART.title not in seen


@pytest.mark.parametrize("name", ["slack", "msteams"])
async def test_a_card_without_a_chart_is_not_tried_twice(name: str, tmp_path: Path) -> None:
    async with rig_of(name, tmp_path, "") as rig:
        _refuse(rig.stage, "post")
        with pytest.raises(Refused):
            await rig.chat.post(rig.place, CARD, "card:42")


def test_bars_stand_on_one_another_within_the_drawing() -> None:
    drawn = bars(CHART)
    assert [(part.nth, part.height) for part in drawn.parts] == [(1, 72.0), (2, 24.0), (2, 48.0)]
    assert all(part.x >= 0 and part.x + part.width <= WIDTH and 0 <= part.y <= HEIGHT for part in drawn.parts)
    assert drawn.parts[1].y + drawn.parts[1].height == drawn.parts[0].y
    assert [total for _x, _y, total in drawn.totals] == [4, 2]
    assert bars(Chart("t", ("1",), (("a", (0,)),), "nobody")).parts == ()


def _refuse(stage: Any, what: str) -> None:
    """The next call is turned away as a chat does that does not know the block."""
    if isinstance(stage, OnSlack):
        stage.slack.fail_next("chat.postMessage" if what == "post" else "chat.update", "invalid_blocks")
    elif isinstance(stage, OnMsTeams):
        stage.teams.fail_next("create" if what == "post" else "update", "BadSyntax")
