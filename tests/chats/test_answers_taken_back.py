"""What the bot answered privately to a typed word is taken back once something in it must be forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers import answered
from handlers.arrivals.customers import know
from handlers.feedback import Customer
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from storage import messages
from tests.conftest import ANA, BEN, FRIDAY, OSLO, Shop, said
from tests.running import eventually
from tests.stages import STAGES, OnMsTeams, Stage, on_msteams

pytestmark = pytest.mark.anyio

DANA = {"key": "c-77", "name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"}
PUMP, SOUP = "My pump at Birkeveien 7 leaked.", "Cold soup."
TAKEN_BACK = "Something in this answer had to be forgotten"
STANDS = ("D1", "7.1")


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY, database=database, hurried=True) as stage:
        yield stage


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY, hurried=True) as stage:
        yield stage


async def test_an_erased_customer_stands_in_no_answer_that_anybody_got(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=1, comment=PUMP, customer=DANA)
    await eventually(stage.channel)
    await _reads(stage, "ben", "open", PUMP)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _says(stage, "ana", "400 00 000"))
    await _reads(stage, "ana", "mine", PUMP)
    await _erases(stage)

    async def words_left() -> bool:
        told = [*await stage.channel(), *await stage.private("ben"), *await stage.private("ana")]
        return not any(PUMP in each for each in told)

    await eventually(words_left)


async def test_in_microsoft_teams_only_their_card_is_taken_back_and_a_long_text_with_it(teams: OnMsTeams) -> None:
    await teams.here.hears(id="r-1", score=1, comment=f"{PUMP} " * 200, customer=DANA)
    await teams.here.hears(id="r-2", score=1, comment=SOUP)
    await eventually(lambda: _cards(teams, 2))
    await teams.writes("ben", "open")
    await eventually(lambda: _says(teams, "ben", SOUP))
    await teams.press("ben", "Read all of it")
    await eventually(lambda: _says(teams, "ben", f"{PUMP} " * 20))
    await _erases(teams)

    async def taken_back() -> bool:
        told = await teams.private("ben")
        return not any(PUMP in each for each in told) and any(TAKEN_BACK in each for each in told)

    await eventually(taken_back)
    assert await _says(teams, "ben", SOUP)


def answers(shop: Shop, id: int = 1) -> Any:
    return shop.store.read_sync(messages.by_key, f"answer:{id}:D1:7.1")


def test_an_answer_is_taken_back_by_age_too_and_nothing_else_ever_changes_it(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    shop.store.write_sync(answered.remember, BEN, {1: True, 999: True}, STANDS, "edits", shop.now)
    assert (answers(shop).wanted, answers(shop).shown, answers(shop).gate) == (1, 1, "slack:main:edits")
    assert answers(shop, 999) is None, "there is no such follow-up"
    shop.tap("claim", ANA)
    shop.closes()
    assert not shop.store.write_sync(messages.want_back, "slack", "main", STANDS), "a form in it that is left takes nothing back"
    shop.store.write_sync(know, [Customer(key="c-77", value=48_000, currency="NOK")], shop.now)
    assert answers(shop).wanted == 1
    later = shop.now + timedelta(days=400)
    while shop.store.write_sync(forget, Retention(comment=timedelta(days=30)), OSLO, later):
        pass
    assert answers(shop).wanted == 2
    assert shop.card("answer:1:D1:7.1").plain.startswith(TAKEN_BACK)


def test_what_is_erased_while_an_answer_is_on_its_way_is_taken_back_as_soon_as_it_stands(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA), said("r-2", comment=""))
    shop.store.write_sync(erase, "c-77", shop.now)
    shop.store.write_sync(answered.remember, BEN, {1: False, 2: False}, STANDS, None, shop.now)
    assert [answers(shop, id).wanted for id in (1, 2)] == [2, 1], "a long text does not say whose words it holds"


async def _erases(stage: Stage) -> None:
    house = stage.here.house
    await house.store.write(erase, "dana@mail.example", house.clock.now())
    house.delivery.wake()


async def _reads(stage: Stage, who: str, word: str, words: str) -> None:
    """Type the word, and see the words in the answer, in whichever of its messages they stand."""
    told = await stage.writes(who, word)
    if words not in told:
        await eventually(lambda: _says(stage, who, words))


async def _says(stage: Stage, who: str, words: str) -> bool:
    return any(words in told for told in await stage.private(who))


async def _cards(stage: Stage, number: int) -> bool:
    return len(await stage.channel()) >= number
