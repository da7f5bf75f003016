"""The demo is the first anybody sees of the product: what it offers is there, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.app import opened
from bot.chats.practice.extras import Extras
from bot.chats.practice.people import member
from bot.chats.practice.speak import Practice
from bot.clock import HouseClock
from bot.demo import begin_again, practice_house
from bot.demo.page import _again, starting_again
from bot.demo.play import moment, play
from bot.demo.week import MONDAY
from bot.house import House
from bot.pages.practice_page import furnish_practice_page
from bot.serve import reached_at
from handlers.feedback import MAIN_WORKSPACE, Place
from handlers.rules import Route
from handlers.situation import Tap
from storage import practice
from tests.running import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with practice_house() as house:
        yield house


async def played_to_monday(house: House) -> None:
    async for _ in play(house):
        pass
    async for _ in house.pass_time(moment(house, MONDAY)):
        pass
    await house.delivery.until_idle()


def read(house: House, channel: str) -> list[str]:
    """Returns the plain text of each message there, oldest first."""
    return [said.card["plain"] for said in house.store.read_sync(practice.conversation, channel, 100)]


def acts(tx: Connection) -> int:
    return tx.execute(text("SELECT count(*) FROM act")).scalar_one()


async def says(house: House, **more: object) -> str:
    send = furnished(house).send_feedback
    assert send is not None
    return await send({"id": f"said-{house.clock.now():%d%H%M}", "metric": "nps", "score": 2, "tags": ["oak-street"], **more})


def furnished(house: House) -> Extras:
    async def start_again() -> str:
        return ""

    furnish_practice_page(house, start_again=start_again)
    chat = house.chats["practice"]
    assert isinstance(chat, Practice)
    return chat.extras


async def typed(house: House, who: str, word: str, channel: str = "") -> str:
    known = member(who)
    assert known is not None
    return (await house.command(word, known.person, Place("practice", MAIN_WORKSPACE, channel or who))).text


async def connects(house: House, name: str) -> str:
    """Ops connect a survey tool of this name. Returns what they are told."""
    kim = member("kim")
    assert kim is not None
    form = (await house.tap(Tap("source_add", "made:new", kim.person, house.clock.now(), {}, {}))).form
    assert form is not None
    answers = {"kind": "plain", "name": name}
    return (await house.tap(Tap(form.verb, form.target, kim.person, house.clock.now(), answers, {}))).text


async def test_a_demo_that_starts_again_knows_its_leaders_and_ops_as_at_the_first_time(house: House) -> None:
    await played_to_monday(house)
    first = read(house, "lea")
    assert [line for line in first if line.startswith("Your week")]
    await begin_again(house)
    await played_to_monday(house)
    assert read(house, "lea") == first
    assert "Only ops" not in await typed(house, "kim", "routes")


async def test_a_demo_that_starts_again_forgets_what_ops_made_and_knows_what_they_make_next(house: House) -> None:
    shipped = sorted(house.sources)
    await connects(house, "web-shop")
    await connects(house, "pop-up")
    await begin_again(house)
    assert sorted(house.sources) == shipped
    await connects(house, "kiosk")
    assert sorted(house.sources) == sorted([*shipped, "kiosk"])


async def test_start_again_pressed_twice_at_once_plays_the_week_once(house: House) -> None:
    async for _ in play(house):
        pass
    first = await house.store.read(acts)
    async with starting_again(house) as again:
        await asyncio.gather(again(), again())
    assert await house.store.read(acts) == first


async def test_a_demo_that_is_stopped_while_it_starts_again_leaves_nothing_running(house: House) -> None:
    def running() -> list[str]:
        return [name for name in (task.get_coro().__qualname__ for task in asyncio.all_tasks()) if name == _again.__qualname__]

    async with starting_again(house) as again:
        pressed = asyncio.create_task(again())
        await eventually(running)
        pressed.cancel()
        await asyncio.gather(pressed, return_exceptions=True)
    assert running() == []


async def test_the_clock_that_was_pushed_to_a_deadline_says_whose_it_was(house: House) -> None:
    async for _ in play(house):
        pass
    push = furnished(house).push_clock
    assert push is not None
    assert await push("deadline", "oak-street") == (
        "It is now Friday 20 November, 12:02. Our promise to look after Mia (#3) has just ended."
    )
    assert await push("hour", "oak-street") == "It is now Friday 20 November, 13:02."


async def test_what_is_said_on_the_way_bears_the_time_at_which_it_was_due(house: House) -> None:
    async for _ in play(house):
        pass
    push = furnished(house).push_clock
    assert push is not None
    await push("closing", "oak-street")
    said = house.store.read_sync(practice.threads, "oak-street", 0)
    [half] = [each for each in said if "since Fri 09:05" in each.card["plain"] and "nobody has it" in each.card["plain"]]
    assert f"by {half.posted_at.astimezone(house.company.timezone):%a %H:%M}" in half.card["plain"]


async def test_ops_are_told_where_this_demo_listens_and_which_file_it_reads() -> None:
    async with practice_house(address="http://127.0.0.1:4321") as house:
        known = member("kim")
        assert known is not None
        shown = await house.command("sources", known.person, known.person.place)
        assert "http://127.0.0.1:4321/feedback/survey" in str(shown.cards)
        assert "as bot/demo/northwind.yaml:" in await typed(house, "kim", "here", "oak-street")
    public = house.settings.server.model_copy(update={"public_url": "https://hero.northwind.example"})
    settings = house.settings.model_copy(update={"server": public})
    assert reached_at(settings, "http://127.0.0.1:1").company == settings.company


async def test_a_survey_tool_is_connected_in_the_demo_too(house: House) -> None:
    assert "Its secret: whsec_" in await connects(house, "web-shop")


async def test_the_spare_channel_becomes_a_teams_as_the_manual_says(house: House) -> None:
    channels = furnished(house).channels
    assert [channel.title for channel in channels()] == ["Oak Street", "Harbour", "Online shop", "A spare channel"]
    kim = member("kim")
    assert kim is not None
    form = (await house.command("here", kim.person, Place("practice", MAIN_WORKSPACE, "spare"))).form
    assert form is not None
    answers = {field.name: field.value for field in form.fields} | {"title": "Elm Street"}
    await house.tap(Tap(form.verb, form.target, kim.person, house.clock.now(), answers, {}))
    assert {channel.title for channel in channels()} == {"Oak Street", "Harbour", "Online shop", "Elm Street"}


async def test_whoever_plays_a_customer_at_night_reads_when_the_card_appears_and_so_does_an_empty_channel(house: House) -> None:
    def stands(channel: str) -> str:
        return next(each.closed for each in furnished(house).channels() if each.id == channel)

    assert await says(house) == "Thank you. The team has just been told."
    assert stands("oak-street") == ""
    push = furnished(house).push_clock
    assert push is not None
    await push("closing", "oak-street")
    when = "Oak Street is closed now; the card appears Tue 08:00."
    assert await says(house) == f"Thank you. {when}"
    assert stands("oak-street") == when


async def test_whoever_plays_a_customer_of_a_wins_route_reads_that_nobody_follows_it_up(house: House, tmp_path: Path) -> None:
    wins = Route(name="wins", team="oak-street", wins=True)
    company = house.settings.company.model_copy(update={"routes": (wins,)})
    settings = house.settings.model_copy(update={"company": company, "database": f"sqlite:///{tmp_path / 'wins.db'}"})
    async with opened(settings, HouseClock(house.clock.now())) as other:
        assert await says(other, score=10) == (
            "Thank you. The team reads it at its next opening; its route is for wins, so nobody has to follow it up."
        )
