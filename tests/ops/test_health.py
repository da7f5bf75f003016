"""What /readyz and /metrics say of a database that is there, but takes nothing: a full disk, or a standby."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from bot.pages import health
from handlers.calendar.duration import Duration
from handlers.calendar.promise import Promise
from storage import schema
from storage.database import Store
from storage.feedback import TEST
from storage.messages import message
from tests.conftest import ANA, ON_SQLITE, Shop, said
from tests.statements import statements

pytestmark = pytest.mark.anyio


def just_started(store: Store) -> httpx.AsyncClient:
    """Asks a bot that was just started on this database."""
    app = Starlette(routes=health.routes(store, lambda: datetime.now(UTC), (), {"slack", "msteams"}, tuple))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example")


async def told(client: httpx.AsyncClient) -> tuple[int, str, float]:
    """Whether it is ready, and what it measures of the database."""
    ready, metrics = await client.get("/readyz"), await client.get("/metrics")
    [up] = [line for line in metrics.text.splitlines() if line.startswith("action_hero_database_up ")]
    return ready.status_code, ready.json()["status"], float(up.split()[1])


async def test_a_database_that_can_only_be_read_is_not_ready_and_counts_as_away(database: str) -> None:
    standby = "?options=-cdefault_transaction_read_only%3Don" if database.startswith("postgresql") else ""
    with closing(Store(database + standby)) as store:
        if store.sqlite:
            store.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA query_only = ON"))
        assert await told(just_started(store)) == (503, "the database can be read, but not written", 0.0)


@ON_SQLITE
async def test_once_it_can_be_written_again_the_next_question_is_told_so(store: Store) -> None:
    client = just_started(store)
    store.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA query_only = ON"))
    assert (await told(client))[0] == 503
    driver = store._engine.raw_connection()
    driver.cursor().execute("PRAGMA query_only = OFF")
    driver.close()
    assert await told(client) == (200, "ready", 1.0)


async def test_however_often_it_is_asked_a_write_is_tried_seldom_and_leaves_nothing(store: Store) -> None:
    client = just_started(store)
    with statements() as asked:
        for _ in range(5):
            assert await told(client) == (200, "ready", 1.0)
    assert sum("INSERT" in each[0] for each in asked) == 1
    assert store.read_sync(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM gate").scalar_one()) == 0


@pytest.mark.parametrize(("revision", "status"), [("9999", 200), ("0001", 503)])
async def test_a_replica_stays_ready_while_the_next_release_migrates_and_not_on_an_older_schema(
    store: Store, revision: str, status: int
) -> None:
    """Else the first new replica of a rolling upgrade would take the traffic from all old ones at once."""
    client = just_started(store)
    store.write_sync(lambda tx: tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'"))
    assert (await client.get("/readyz")).status_code == status
    store.write_sync(lambda tx: tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.head()}'"))


REMOVED = "this person removed Action Hero from their chats: ask them to add it again"


@pytest.mark.parametrize(
    ("kind", "chat", "late"), [("card", "slack", True), ("private", "slack", False), ("card", "practice", False)]
)
async def test_what_waits_for_one_person_or_for_a_chat_that_is_gone_makes_no_chat_late(
    shop: Shop, kind: str, chat: str, late: bool
) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    waits = update(message).where(message.c.kind == kind).values(reason=REMOVED, created_s=1.0, chat=chat)
    shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.kind != kind).values(shown=message.c.wanted)))
    shop.store.write_sync(lambda tx: tx.execute(waits))
    told = (await just_started(shop.store).get("/metrics")).text
    assert f'action_hero_waiting_messages{{chat="{chat}",state="waiting"}} 1.0' in told
    assert ("action_hero_oldest_waiting_seconds{" in told) is late


async def test_what_waits_for_one_person_counts_where_a_change_in_the_channel_waits_too(shop: Shop) -> None:
    """As when the token was revoked: then nobody reads anything."""
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.kind == "card").values(shown=message.c.wanted - 1)))
    shop.store.write_sync(lambda tx: tx.execute(update(message).values(reason="token_revoked", created_s=1.0)))
    assert 'action_hero_oldest_waiting_seconds{chat="slack"}' in (await just_started(shop.store).get("/metrics")).text


class Gatekeeper:
    """Is asked while gauges are cleared and not set again. Lets a scrape go on once a second one has come as far, or will not."""

    def __init__(self) -> None:
        self.met = threading.Event()
        self.inside = self.most = 0

    def __contains__(self, name: object) -> bool:
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside > 1:
            self.met.set()
        self.met.wait(0.3)
        self.inside -= 1
        return True


async def test_no_scrape_sees_what_another_one_is_counting_just_then(shop: Shop) -> None:
    shop.hears(said())
    there = Gatekeeper()
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, there, {"slack"}, tuple))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        for answer in await asyncio.gather(*(client.get("/metrics") for _ in range(3))):
            assert 'action_hero_last_feedback_seconds{source="survey"}' in answer.text
    assert there.most == 1


async def test_only_whoever_should_have_been_asked_about_counts_as_missed(shop: Shop) -> None:
    shop.company = shop.company.model_copy(update={"routes": ()})
    shop.hears(said("low", score=2), said("comment", score=None), said("fair", score=8), said("happy", score=10))
    shop.passes(hours=23)
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, (), {"slack"}, tuple))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        assert "\naction_hero_recent_unhappy_unrouted 2.0\n" in (await client.get("/metrics")).text


async def measured(shop: Shop, *teams: str) -> dict[str, float]:
    """What it measures of the promises of these teams, by metric and labels, once it was started anew."""
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, (), {"slack"}, lambda: teams))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        lines = (await client.get("/metrics")).text.splitlines()
    promises = ("action_hero_customers_past_promise{", "action_hero_recent_promises{")
    told = [line.removeprefix("action_hero_").split() for line in lines if line.startswith(promises)]
    return {name: float(value) for name, value in told}


async def test_what_became_of_our_promises_is_measured_for_each_team_that_there_is_also_where_it_is_nothing(shop: Shop) -> None:
    shop.hears(said("kept"), said("late"), said("closed"), said("waits"), said("praise"), said("happy", score=10))
    shop.tap("claim", ANA, 1)
    shop.closes(ANA, 1)
    shop.tap("dismiss", ANA, 5, reason="no-problem")
    shop.passes(hours=5)
    shop.tap("claim", ANA, 2)
    shop.closes(ANA, 2)
    shop.tap("claim", ANA, 3)
    shop.closes(ANA, 3, outcome="unreachable")
    shop.hears(said("new"), said(f"{TEST}1"))
    became = {"in_time": 1, "later": 1, "running": 1, "past": 1, "unreached": 1}
    assert await measured(shop, "oak-street", "harbour") == {
        'customers_past_promise{team="oak-street"}': 1,
        'customers_past_promise{team="harbour"}': 0,
        **{f'recent_promises{{became="{name}",team="oak-street"}}': number for name, number in became.items()},
        **{f'recent_promises{{became="{name}",team="harbour"}}': 0 for name in became},
    }
    assert await measured(shop, "harbour") == {
        'customers_past_promise{team="harbour"}': 0,
        **{f'recent_promises{{became="{name}",team="harbour"}}': 0 for name in became},
    }


async def test_a_test_of_a_source_is_no_customer_who_waits_past_our_promise(shop: Shop) -> None:
    [team] = shop.company.teams.values()
    soon = team.model_copy(update={"promise": Promise(claim=Duration.parse("15m"), close=Duration.parse("1d"))})
    shop.company = shop.company.model_copy(update={"teams": {team.name: soon}})
    shop.hears(said(f"{TEST}1"), said("waits"))
    shop.passes(minutes=30)
    assert (await measured(shop, "oak-street"))['customers_past_promise{team="oak-street"}'] == 1
    told = (await just_started(shop.store).get("/metrics")).text
    assert 'action_hero_follow_ups{state="new",team="oak-street"} 1.0' in told, "nor is it one who is open"


async def test_whoever_waits_past_our_promise_is_counted_until_they_hear_from_us_and_longer_than_what_became_of_it(
    shop: Shop,
) -> None:
    shop.hears(said("waits"))
    past, week = 'customers_past_promise{team="oak-street"}', 'recent_promises{became="past",team="oak-street"}'
    assert (await measured(shop, "oak-street"))[past] == 0
    shop.passes(days=8)
    told = await measured(shop, "oak-street")
    assert (told[past], told[week]) == (1, 0)
    shop.tap("claim", ANA)
    assert (await measured(shop, "oak-street"))[past] == 1
    shop.tap("contacted", ANA)
    assert (await measured(shop, "oak-street"))[past] == 0
