"""`hero send-test`: a marked card in the real channel of each chat, whose button proves that taps arrive, and which goes away."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.commands.send_test import send_test
from bot.refusals import Mistaken
from handlers.feedback import Place
from handlers.places import TeamOf
from handlers.rules import Route, When
from storage import delivery_log
from tests.running import eventually
from tests.stages import STAGES, Stages, on_slack

WORKS = "Does this button work?"


@pytest.mark.parametrize("page", ["slack", "msteams"])
def test_the_guide_says_to_press_the_button_that_the_test_card_has(page: str) -> None:
    guide = " ".join((Path(__file__).parents[2] / f"docs/{page}.md").read_text("utf-8").split())
    assert f"marked *Test* appears in the channel for a minute. Press **{WORKS}**" in guide


@pytest.mark.anyio
@pytest.mark.parametrize("chat", STAGES)
async def test_the_test_card_is_marked_answers_its_button_and_goes_away_again(tmp_path: Path, chat: str) -> None:
    stages: Stages = STAGES[chat]
    async with stages(tmp_path) as stage:
        seen, said = asyncio.Event(), []
        sending = asyncio.create_task(send_test(stage.here.house.settings, "everyone else", said.append, seen.wait))
        [card] = await eventually(stage.channel)
        assert "Test · New" in card
        assert "No customer waits" in card
        assert "reply" not in "\n".join(card.splitlines()[3:])  # none of the real buttons
        assert "It works" in (await stage.press("ana", WORKS)).text
        seen.set()
        await sending
        assert await stage.channel() == []
        assert [line.split(" ")[:3] for line in said] == [["A", "test", "card"], ["The", "test", "card"]]
        assert await stage.here.house.store.read(delivery_log.unfinished, 10) == [], "nothing is stored"


@pytest.mark.anyio
async def test_somebody_who_stops_waiting_leaves_no_card_behind(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        said: list[str] = []
        sending = asyncio.create_task(send_test(stage.here.house.settings, "everyone else", said.append, asyncio.Event().wait))
        await eventually(lambda: said)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await eventually(lambda: all(post.deleted for post in stage.slack.posts()))


@pytest.mark.anyio
async def test_an_unknown_route_and_a_channel_that_refuses_are_said_in_a_sentence(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        with pytest.raises(Mistaken, match="There is: 'everyone else'"):
            await send_test(stage.here.house.settings, "nobody", print, asyncio.Event().wait)
        stage.slack.channel("C1", archived=True)
        with pytest.raises(Mistaken, match="did not reach slack:C1: Slack says this channel is archived"):
            await send_test(stage.here.house.settings, "everyone else", print, asyncio.Event().wait)


@pytest.mark.anyio
async def test_a_route_to_the_team_of_the_place_asks_which_of_its_teams_is_meant(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        settings = stage.here.house.settings
        oak = settings.company.teams["oak-street"]
        mill = oak.model_copy(
            update={"name": "mill", "title": "Mill Lane", "places": ("0412",), "channels": (Place.parse("slack:C2"),)}
        )
        by_place = Route(name="the shop", team_of=TeamOf.TOUCHPOINT)
        the_mill = Route(name="the mill", team_of=TeamOf.TOUCHPOINT, when=When(touchpoint=("0412",)))
        changed = {"teams": {"oak-street": oak, "mill": mill}, "routes": (*settings.company.routes, by_place, the_mill)}
        settings = settings.model_copy(update={"company": settings.company.model_copy(update=changed)})
        stage.slack.channel("C2", archived=True)
        which = "leads to the team of the touchpoint. Choose one with --team: oak-street, mill."
        for route, team, why in (
            ("the shop", None, f"the route 'the shop' {which}"),
            ("the shop", "head-office", "does not lead to 'head-office': choose one with --team: oak-street, mill."),
            ("everyone else", "mill", "leads to one team. It does not lead to 'mill': choose one with --team: oak-street."),
            ("the mill", None, "did not reach slack:C2"),
        ):
            with pytest.raises(Mistaken, match=re.escape(why)):
                await send_test(settings, route, print, asyncio.Event().wait, team)
        seen, said = asyncio.Event(), list[str]()
        sending = asyncio.create_task(send_test(settings, "the shop", said.append, seen.wait, "oak-street"))
        [card] = await eventually(stage.channel)
        assert "Test · New" in card
        seen.set()
        await sending
