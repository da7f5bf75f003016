"""Slack is answered within its three seconds while the database hangs, and people read privately what became of what they did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.chats.slack import in_time
from tests import log
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.slow_database import taking_nothing_in
from tests.stages import OnSlack, on_slack

pytestmark = pytest.mark.anyio

LONG = "takes longer than usual"
ANSWERS = {"Outcome": "Fixed", "What did we do, in one sentence?": "Rang her.", "What caused it?": "Waiting time"}


@pytest.fixture
async def stage(tmp_path: Path, database: str) -> AsyncIterator[OnSlack]:
    async with on_slack(tmp_path, FRIDAY, database=database) as stage:
        await stage.here.hears(id="r-1", score=3, comment="Slow.", customer={"name": "Dana Reyes", "email": "dana@mail.example"})
        await eventually(stage.channel)
        yield stage


@asynccontextmanager
async def database_hangs(stage: OnSlack) -> AsyncIterator[None]:
    """The bot answers after a second instead of two and a half, so that a slow machine has two more until the third is over."""
    assert in_time.IN_TIME <= 2.5
    async with taking_nothing_in(stage.here.house.store):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(in_time, "IN_TIME", 1.0)
            yield


async def count(stage: OnSlack, verb: str) -> int:
    return [line.verb for line in await stage.here.house.store.read(log.life, 1)].count(verb)


async def card_says(stage: OnSlack, words: str) -> bool:
    return words in (await stage.channel())[0]


async def says(stage: OnSlack, who: str, words: str) -> str:
    """Returns what somebody was told privately with these words, once they were."""
    return await eventually(lambda: found(stage, who, words))


async def found(stage: OnSlack, who: str, words: str) -> str:
    return next((said for said in await stage.private(who) if words in said), "")


async def test_a_press_is_answered_in_time_while_the_database_hangs_and_later_with_what_became_of_it(stage: OnSlack) -> None:
    ana = stage.slack.user("UANA")
    async with database_hangs(stage):
        seen = await ana.press(stage._cards()[0], "I'll reply")
        assert (seen.error, seen.took < 3) == (None, True)
        assert LONG in await eventually(lambda: seen.text)
    await eventually(lambda: "It is yours" in seen.text)
    assert await count(stage, "claim") == 1


async def test_a_form_that_is_sent_while_the_database_hangs_makes_room_for_the_news_and_is_done_once(stage: OnSlack) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: card_says(stage, "Ana is replying"))
    form = (await stage.press("ana", "Done…")).form
    title = form.title
    async with database_hangs(stage):
        seen = await stage.slack.user("UANA").submit(form, ANSWERS)
        assert (seen.error, seen.took < 3) == (None, True)
        assert (form.title, LONG in str(form)) == (title, True)
    assert await says(stage, "ana", "Closed. Thank you")
    assert await count(stage, "close") == 1
