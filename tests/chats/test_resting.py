"""Slack's do-not-disturb holds a reminder back, by the chat's own answer; where it does not answer, nothing is held back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chats import Throttled
from handlers.feedback import Person
from tests.conftest import FRIDAY
from tests.handlers.test_ladder import MONDAY
from tests.running import eventually
from tests.stages import STAGES, OnSlack, on_slack

pytestmark = pytest.mark.anyio

DUE = MONDAY + timedelta(hours=8, minutes=20)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OnSlack]:
    """Ana claimed a customer on Friday, and has been in touch with nobody."""
    async with on_slack(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=2)
        await eventually(stage.channel)
        await stage.press("ana", "I'll reply")
        await eventually(lambda: stage.private("ana"))
        yield stage


def rests(stage: OnSlack, hours: float) -> None:
    stage.slack.user("UANA").do_not_disturb = (DUE.timestamp() - 3600, (DUE + timedelta(hours=hours)).timestamp())


async def reminders(stage: OnSlack) -> list[str]:
    await stage.here.house.delivery.until_idle()
    return [said for said in await stage.private("ana") if "waits for a word from you" in said]


async def test_a_reminder_waits_until_do_not_disturb_ends(stage: OnSlack) -> None:
    rests(stage, hours=1)
    await stage.here.passes(DUE)
    assert await reminders(stage) == []
    await stage.here.passes(DUE + timedelta(hours=1))
    assert len(await eventually(lambda: reminders(stage))) == 1


async def test_who_does_not_rest_now_is_reminded(stage: OnSlack) -> None:
    stage.slack.user("UANA").do_not_disturb = (DUE.timestamp() + 60, DUE.timestamp() + 3600)
    await stage.here.passes(DUE)
    assert len(await eventually(lambda: reminders(stage))) == 1


@pytest.mark.parametrize("fault", ["429", "500", "hang", "broken", "fatal_error"])
async def test_where_slack_does_not_say_nothing_is_held_back(stage: OnSlack, fault: str) -> None:
    rests(stage, hours=9)
    stage.slack.fail_next("dnd.teamInfo", fault, times=9)
    await stage.here.passes(DUE)
    assert len(await eventually(lambda: reminders(stage))) == 1


async def test_an_app_made_before_the_scope_was_asked_for_reminds_all_the_same(stage: OnSlack) -> None:
    stage.slack.scopes.discard("dnd:read")
    rests(stage, hours=9)
    await stage.here.passes(DUE)
    assert len(await eventually(lambda: reminders(stage))) == 1
    stage.slack.rejections.clear()  # it was refused, which is what this is about


@pytest.mark.parametrize("chat", sorted(STAGES))
async def test_every_chat_can_be_asked_and_leaves_out_whoever_may_be_disturbed(tmp_path: Path, chat: str) -> None:
    async with STAGES[chat](tmp_path, FRIDAY) as there:
        who = Person(chat, "main", there.user_id("ana"))
        assert await there.here.house.chats[chat].resting([who]) == {}


async def test_slack_is_asked_nothing_while_it_asks_to_wait(stage: OnSlack) -> None:
    chat, ana = stage.here.house.chats["slack"], Person("slack", "main", "UANA")
    stage.slack.fail_next("dnd.teamInfo", "429")
    for _ in range(3):
        with pytest.raises(Throttled):
            await chat.resting([ana])
    assert [call.method for call in stage.slack.calls].count("dnd.teamInfo") == 1
