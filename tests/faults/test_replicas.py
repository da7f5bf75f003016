"""Three replicas of the bot as processes on one PostgreSQL, and a Slack that tells what they did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from storage import messages
from storage.database import Store
from tests.emulators.slack import Message, Slack
from tests.faults.processes import Sender, Server, app_yaml, served, signed, slack_of, told
from tests.running import eventually

pytestmark = pytest.mark.anyio


@dataclass
class Replicas:
    slack: Slack
    servers: list[Server]
    client: httpx.AsyncClient
    sender: Sender
    store: Store

    def cards(self, channel: str = "C0") -> list[Message]:
        return [message for message in self.slack.posts(channel) if message.thread_ts is None]


@asynccontextmanager
async def replicas(folder: Path, database: str, number: int = 3, channels: int = 4, **how: Any) -> AsyncIterator[Replicas]:
    """All started at the same moment, on an empty database; nothing in their logs may be a traceback."""
    with (
        slack_of(channels, **how) as slack,
        served(app_yaml(folder, slack, channels, database), slack, number) as servers,
        closing(Store(database)) as store,
    ):
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            yield Replicas(slack, servers, client, Sender(servers, client), store)
        for server in servers:
            assert await asyncio.to_thread(server.stop) == 0
            assert "Traceback" not in server.log.read_text()
        assert not slack.rejections
        assert not slack.violations


async def test_2_one_answer_sent_a_hundred_times_at_once_through_all_replicas_is_one_card(
    tmp_path: Path, fresh_postgres: str
) -> None:
    body = told("r-1")
    async with replicas(tmp_path, fresh_postgres) as here:

        async def send(n: int) -> httpx.Response:
            url = f"{here.servers[n % 3].url}/feedback/survey"
            return await here.client.post(url, content=body, headers=signed("r-1", body))

        answers = await asyncio.gather(*(send(n) for n in range(100)))
        assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
        # Not always 1: PostgreSQL uses up a number for each that came too late.
        stored = here.store.read_sync(lambda tx: tx.execute(text("SELECT id FROM feedback")).scalars().all())
        assert [{answer.json()["id"] for answer in answers}] == [{id} for id in stored]
        await eventually(here.cards)
        await here.sender.insist("r-2")  # whatever else was to come stands before its card
        await eventually(lambda: len(here.cards()) >= 2)
        assert ["the words of r-1" in str(card) for card in here.cards()] == [True, False]


async def test_12_three_replicas_keep_the_pace_of_a_channel_and_its_retry_after(tmp_path: Path, fresh_postgres: str) -> None:
    async with replicas(tmp_path, fresh_postgres, time_scale=1.0, tolerance=0.3) as here:
        here.slack.fail_next("chat.postMessage", "429")
        await asyncio.gather(*(here.sender.insist(f"r-{n}", team=n % 2) for n in range(8)))
        await eventually(lambda: len(here.cards("C0")) == len(here.cards("C1")) == 4, within=40)
        assert sum(call.method == "chat.postMessage" for call in here.slack.calls) == 9, "eight cards, and one that had to wait"


async def test_14_a_replica_that_sleeps_past_its_lease_changes_nothing_when_it_wakes(tmp_path: Path, fresh_postgres: str) -> None:
    async with replicas(tmp_path, fresh_postgres, number=2) as here:
        sleeper, heir = here.servers
        here.slack.fail_next("chat.postMessage", "hang")
        heir.pause()
        assert await Sender([sleeper], here.client).send("r-1")
        await eventually(lambda: state(here.store, "card:1") == "sending", within=40)
        sleeper.pause()
        heir.wake()
        await eventually(lambda: state(here.store, "card:1") == "shown", within=40)
        before = here.store.read_sync(messages.by_key, "card:1")
        sleeper.wake()
        await eventually(lambda: "delivery.put_off" in sleeper.log.read_text(), within=40)
        assert here.store.read_sync(messages.by_key, "card:1") == before
        await here.sender.insist("r-2")
        await eventually(lambda: state(here.store, "card:2") == "shown", within=40)
        assert len(here.cards()) == 2


async def test_29_ten_replicas_that_start_at_once_on_an_empty_database_all_serve(tmp_path: Path, fresh_postgres: str) -> None:
    async with replicas(tmp_path, fresh_postgres, number=10) as here:
        for server in here.servers:
            assert (await here.client.get(f"{server.url}/readyz")).status_code == 200
        migrated = [server for server in here.servers if "schema.migrated" in server.log.read_text()]
        assert 1 <= len(migrated) <= 10
        await asyncio.gather(*(here.sender.insist(f"r-{n}", team=n % 4) for n in range(20)))
        await eventually(lambda: sum(len(here.cards(f"C{n}")) for n in range(4)) == 20, within=40)


async def test_24_what_a_replica_had_in_hand_when_it_was_killed_is_done_by_another(tmp_path: Path, fresh_postgres: str) -> None:
    async with replicas(tmp_path, fresh_postgres, number=2) as here:
        dead, heir = here.servers
        here.slack.fail_next("chat.postMessage", "hang")
        heir.pause()
        assert await Sender([dead], here.client).send("r-1")
        await eventually(lambda: state(here.store, "card:1") == "sending", within=40)
        await asyncio.to_thread(dead.kill)
        heir.wake()
        await eventually(lambda: state(here.store, "card:1") == "shown", within=40)
        assert len(here.cards()) == 1
        await asyncio.to_thread(dead.start)


def state(store: Store, key: str) -> str | None:
    row = store.read_sync(messages.by_key, key)
    return row.state if row is not None else None
