"""The demo is the first that anybody sees of the house: what it offers is there, also after it was started again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.chats.practice.people import member
from bot.demo import begin_again, practice_house
from bot.demo.play import moment, play
from bot.demo.week import MONDAY
from bot.house import House
from handlers.feedback import MAIN_WORKSPACE, Place
from storage import practice

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
    assert house.delivery is not None
    await house.delivery.settled()


def read(house: House, channel: str) -> list[str]:
    """The one line of each message there, the oldest first."""
    return [said.card["plain"] for said in house.store.look(practice.conversation, channel, 100)]


async def typed(house: House, who: str, word: str, channel: str = "") -> str:
    known = member(who)
    assert known is not None
    return (await house.command(word, known.person, Place("practice", MAIN_WORKSPACE, channel or who))).text


async def test_a_demo_that_starts_again_knows_its_leaders_and_ops_as_at_the_first_time(house: House) -> None:
    await played_to_monday(house)
    first = read(house, "lea")
    assert [line for line in first if line.startswith("Your week")]
    await begin_again(house)
    await played_to_monday(house)
    assert read(house, "lea") == first
    assert "Only ops" not in await typed(house, "kim", "routes")
