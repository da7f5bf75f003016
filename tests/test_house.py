"""The running house, and what becomes known only while it runs: teams made in chat, and whoever leads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from bot import app
from bot.app import opened
from bot.chats.practice.people import member
from bot.clock import HouseClock
from bot.demo import practice_house
from bot.house import House, _arranged
from handlers import colleagues
from handlers.arrivals.arrival import Arrival
from handlers.feedback import MAIN_WORKSPACE, Feedback, Person, Place
from handlers.forgetting.forget import is_due
from handlers.ladder import Role
from handlers.situation import Tap
from storage import arrangements, digests, nudges, practice, schema
from storage.database import Store
from storage.followups import follow_up
from storage.messages import message
from tests.conftest import FRIDAY, said
from tests.running import eventually
from tests.storage.test_schema import alembic

pytestmark = pytest.mark.anyio
SPARE = Place("practice", MAIN_WORKSPACE, "spare")


def known(name: str) -> Person:
    found = member(name)
    assert found is not None
    return found.person


KIM = known("kim")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house without a team."""
    async with practice_house() as demo:
        company = demo.settings.company.model_copy(update={"teams": {}, "routes": ()})
        settings = demo.settings.model_copy(update={"company": company, "database": f"sqlite:///{tmp_path / 'hero.db'}"})
    async with opened(settings, HouseClock(FRIDAY)) as house:
        yield house


async def ops_make_a_team(house: House, title: str = "Elm Street") -> None:
    form = (await house.command("here", KIM, SPARE)).form
    assert form is not None
    answers = {field.name: field.value for field in form.fields} | {"title": title, "tag": "elm"}
    told = await house.tap(Tap(form.verb, form.target, KIM, house.clock.now(), answers, {}))
    assert f"This is the channel of {title} now." in told.cards[0].plain


async def hears(house: House, feedback: Feedback) -> None:
    [receipt] = await house.receive([Arrival("survey", feedback, house.clock.now())])
    assert receipt.routed


async def passes(house: House, **span: float) -> None:
    async for _ in house.pass_time(house.clock.now() + timedelta(**span)):
        pass


async def posts(house: House, channel: str) -> list[str]:
    """Returns the headlines of what stands in a channel."""
    await house.delivery.until_idle()
    return [each.card["headline"] for each in house.store.read_sync(practice.conversation, channel, 100)]


async def test_a_house_that_began_without_a_team_posts_the_week_of_one_made_in_chat(house: House) -> None:
    await passes(house, minutes=1)
    await ops_make_a_team(house)
    await hears(house, said(tags=("elm",)))
    await passes(house, days=4)
    assert [each for each in await posts(house, "spare") if each.startswith("Customer action heroes · Elm Street")] != []


async def test_a_leader_whom_the_chats_know_only_after_the_post_was_due_reads_it_a_little_later(house: House) -> None:
    await ops_make_a_team(house)
    await hears(house, said(tags=("elm",)))
    await passes(house, days=4)
    lea = known("lea")
    assert await posts(house, lea.user_id) == []
    await house.store.write(lambda tx: nudges.put_on_duty(tx, "elm-street", Role.LEADER, [colleagues.remember(tx, lea).id]))
    await passes(house, minutes=5)
    assert await posts(house, lea.user_id) != []


async def unreadable_draft(house: House, team: str) -> None:
    """A post of that team that cannot be made, as its leader's choices are none."""
    choices: Any = ["not what anybody chose"]
    draft = {
        "kind": "team",
        "about": team,
        "period": "2026-W47",
        "state": "draft",
        "snapshot": {},
        "choices": choices,
        "version": 1,
    }
    await house.store.write(lambda tx: tx.execute(digests.digest.insert().values(draft | {"due_at": FRIDAY, "made_at": FRIDAY})))


async def failed(house: House) -> list[tuple[str, str]]:
    """Returns whose posts a tick logs as failed, and why."""
    with capture_logs() as said:
        await house.tick()
    return [(line["whose"], line["error"]) for line in said if line["event"] == "posts.failed"]


async def test_a_post_that_cannot_be_made_stops_nothing_else_is_logged_once_and_is_tried_again_in_a_minute(house: House) -> None:
    await ops_make_a_team(house)
    await hears(house, said(tags=("elm",)))
    house.clock.push_to(FRIDAY + timedelta(days=3))
    await unreadable_draft(house, "elm-street")
    assert await failed(house) == [("team:elm-street", "AttributeError")]
    assert not await house.store.read(is_due, house.company.timezone, house.clock.now()), (
        "the nightly deletion was done all the same"
    )
    for _minute in range(3):
        house.clock.push_to(house.clock.now() + timedelta(minutes=1))
        assert await failed(house) == []
    await house.store.write(lambda tx: tx.execute(update(digests.digest).values(choices={})))
    await passes(house, minutes=2)
    assert [each for each in await posts(house, "spare") if each.startswith("Customer action heroes · Elm Street")] != []
    await house.store.write(lambda tx: tx.execute(delete(digests.digest)))
    await unreadable_draft(house, "elm-street")
    house.clock.push_to(house.clock.now() + timedelta(minutes=5))
    assert await failed(house) == [("team:elm-street", "AttributeError")], "it had been mended, and is broken again"


async def test_at_its_start_it_looks_again_at_what_an_earlier_release_dropped_and_draws_what_that_could_not(
    house: House, tmp_path: Path
) -> None:
    settings = house.settings.model_copy(update={"database": f"sqlite:///{tmp_path / 'earlier.db'}"})
    async with opened(settings, HouseClock(FRIDAY)) as earlier:
        await ops_make_a_team(earlier)
        await hears(earlier, said(tags=("elm",)))
        assert any(headline.startswith("New") for headline in await posts(earlier, "spare"))
        await earlier.store.write(lambda tx: tx.execute(update(follow_up).values(next_look_at=None)))
        undrawn = update(message).values(wanted=2, state="parked", reason="it could not be drawn: KeyError")
        await earlier.store.write(lambda tx: tx.execute(undrawn.where(message.c.kind == "card")))
    async with opened(settings, HouseClock(FRIDAY + timedelta(days=5))) as restarted:
        assert any(headline.startswith("Still waiting for us") for headline in await posts(restarted, "spare"))


async def test_of_two_that_catch_up_at_once_the_slower_does_not_bring_back_what_was_known_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ops_make_a_team(house)
    answered, held, read = asyncio.Event(), asyncio.Event(), house.store.read

    async def slow(fn: Any, *args: Any) -> Any:
        """Its answers are those of the moment of the question, and come when `held` allows."""
        if fn is arrangements.revision:
            return 0  # as if something had been made on another replica since
        answer = await read(fn, *args)
        if fn is _arranged:
            answered.set()
            await held.wait()
        return answer

    with monkeypatch.context() as slowly:
        slowly.setattr(house.store, "read", slow)
        slower = asyncio.create_task(house.catch_up())
        await answered.wait()
    await ops_make_a_team(house, "Elm Avenue")
    held.set()
    await slower
    assert [team.title for team in house.company.teams.values()] == ["Elm Avenue"]


async def test_a_replica_that_finds_the_tables_in_use_waits_with_its_migration_and_opens_then(
    fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "SHORTLY", "100ms")
    monkeypatch.setattr(app, "AGAIN_S", 0.1)
    with closing(Store(fresh_postgres)) as store:
        schema.migrate(store)
        store.write_sync(lambda tx: command.downgrade(alembic(tx), "0001"))
    async with practice_house() as demo:
        settings = demo.settings.model_copy(update={"database": fresh_postgres})

    async def opens() -> None:
        async with opened(settings, HouseClock(FRIDAY)):
            pass

    with capture_logs() as told, psycopg.connect(fresh_postgres) as dump:
        dump.execute("LOCK TABLE follow_up, feedback, act, message IN ACCESS SHARE MODE")
        opening = asyncio.create_task(opens())
        await eventually(lambda: len([line for line in told if line["event"] == "schema.waits"]) > 1)
        dump.rollback()
        await opening
    assert {line["before"] for line in told if line["event"] == "schema.migrated"} == {"0001"}


async def test_the_log_warns_of_an_unhappy_customer_whom_no_route_takes_and_only_notes_a_happy_one(house: House) -> None:
    with capture_logs() as lines:
        for answer in (said("low", score=2), said("comment", score=None), said("happy", score=10)):
            await house.receive([Arrival("survey", answer, FRIDAY)])
    levels = [line["log_level"] for line in lines if line["event"] == "feedback.unrouted"]
    assert levels == ["warning", "warning", "info"]
