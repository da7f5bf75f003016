"""Clocks that are wrong: this machine's time is set back or forth while the bot runs, or while it is down."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from structlog.testing import capture_logs

from bot.clock import keep_awake, ticking
from bot.delivery.clock import TRIES, SendingClock
from storage import messages, sending, vitals
from storage.database import Store
from tests.conftest import Shop, said
from tests.delivery.test_delivery import Scripted, delivering, everything_is_shown
from tests.faults.proxy import Proxy
from tests.postgres import Postgres
from tests.running import eventually
from tests.statements import Asked, hear, statements

pytestmark = pytest.mark.anyio
TICK_S = 0.2


@pytest.mark.parametrize("hours", [-2, 2])
async def test_23_the_clock_ticks_on_after_this_machines_time_jumped(hours: int) -> None:
    ticks: list[datetime] = []

    async def tick() -> None:
        ticks.append(datetime.now(UTC))

    clock = ticking(tick, TICK_S)
    clock.start()
    awake = asyncio.create_task(keep_awake(clock, TICK_S))
    try:
        await eventually(lambda: ticks)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
            before = len(ticks)
            await eventually(lambda: len(ticks) >= before + 3, within=10)
    finally:
        awake.cancel()
        clock.shutdown(wait=False)
        with suppress(asyncio.CancelledError):
            await awake


@pytest.mark.parametrize("hours", [-2, 2])
async def test_23_deliveries_go_on_in_order_and_once_when_this_machines_time_jumps(shop: Shop, hours: int) -> None:
    chat = Scripted()
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"))
        await eventually(everything_is_shown(shop))
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
            await asyncio.to_thread(shop.hears, said("b"), said("c"))
            await eventually(everything_is_shown(shop), within=10)
        await asyncio.to_thread(shop.hears, said("d"))
        await eventually(everything_is_shown(shop), within=10)
    assert chat.keys == [f"card:{n}" for n in range(1, 5)]


async def test_23_what_a_wrong_clock_put_off_for_hours_is_shown_after_a_restart(shop: Shop) -> None:
    shop.hears(said("a"))
    tomorrow = time.time() + 86_400
    [attempt], _ = shop.store.write_sync(sending.lease, ["slack"], tomorrow, 0.4, 0.8, 10)
    shop.store.write_sync(sending.put_off, attempt, tomorrow, "the clock was a day ahead")
    chat = Scripted()
    async with delivering(shop, chat):
        await eventually(everything_is_shown(shop), within=10)
    assert chat.keys == ["card:1"]


async def test_23_a_post_cut_off_while_the_clock_was_ahead_is_in_doubt_no_longer_than_any_other(shop: Shop) -> None:
    shop.hears(said("a"), said("b"))
    shop.store.write_sync(sending.lease, ["slack"], time.time() + 86_400, 0.4, 0.8, 10)
    chat = Scripted()
    async with delivering(shop, chat):
        await eventually(everything_is_shown(shop), within=10)
    assert chat.keys == ["card:1", "card:2"]


async def test_replicas_whose_machines_disagree_go_by_the_clock_of_the_database(postgres: Postgres) -> None:
    with closing(Store(postgres.url())) as store:
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=True):
            ahead = SendingClock()
            await ahead.set(store)
        behind = SendingClock()
        await behind.set(store)
    assert abs(ahead.seconds() - behind.seconds()) < 30


async def test_a_clock_apart_from_that_of_the_database_is_told_once_and_once_that_it_agrees_again(postgres: Postgres) -> None:
    clock = SendingClock()
    with closing(Store(postgres.url())) as store, capture_logs() as said:
        await clock.set(store)
        assert not said
        for minutes in (-7, -7, 0, 0, 7):
            with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=True):
                await clock.set(store)
    assert [line["event"] for line in said] == ["clock.apart", "clock.agrees", "clock.apart"]
    behind, _, ahead = said
    assert re.fullmatch(r"this machine's clock is 4[12]\d s behind the database server's; run hero doctor", behind["why"])
    assert " ahead of " in ahead["why"]


async def test_whoever_delivers_asks_the_database_for_its_clock_before_anything_is_leased(shop: Shop) -> None:
    chat = Scripted()
    shop.hears(said("a"))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=True):
        async with delivering(shop, chat) as delivery:
            await eventually(everything_is_shown(shop))
    row = shop.store.read_sync(messages.by_key, "card:1")
    assert row is not None
    assert abs(row.sent_s - delivery._clock.seconds()) < 60
    assert (row.sent_s > time.time() + 300) == shop.store.sqlite, "a file has no other clock than its machine"


def test_before_a_database_was_asked_deliveries_go_by_this_machines_clock() -> None:
    assert abs(SendingClock().seconds() - time.time()) < 1


async def test_a_database_far_away_was_asked_for_its_clock_halfway_between_question_and_answer(postgres: Postgres) -> None:
    """Also the first answer, which takes longest as nobody had connected yet, must not be the one that counts."""
    with Proxy(postgres.port) as wire, closing(Store(postgres.url(port=wire.port))) as store:
        wire.far_s = 0.2
        clock = SendingClock()
        with statements() as asked, time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=True):
            await clock.set(store)
        assert len(asked) == TRIES, "none of the answers was quick enough to be sure"
        assert abs(clock.seconds() - time.time()) < 0.16


async def test_of_several_answers_the_quickest_counts_as_the_others_may_have_been_held_up_on_one_way(postgres: Postgres) -> None:
    asked: list[Asked] = []
    with Proxy(postgres.port) as wire, closing(Store(postgres.url(port=wire.port))) as store:
        for _ in range(TRIES + 1):  # connects, and the driver has the question prepared
            await store.read(vitals.server_seconds)
        wire.far_s = 0.02

        def held_up(said: Asked) -> None:
            asked.append(said)
            wire.late_s = 0.4 if len(asked) > 1 else 0.0

        clock, end = SendingClock(), hear(held_up)
        try:
            await clock.set(store)
        finally:
            end()
    assert len(asked) == TRIES
    assert abs(clock.seconds() - time.time()) < 0.16


async def test_a_database_that_answers_quickly_is_not_asked_again(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.clock.SURE_S", 5.0)  # however slow this machine is
    with closing(Store(postgres.url())) as store:
        await store.read(vitals.server_seconds)  # connects
        with statements() as asked:
            await SendingClock().set(store)
    assert len(asked) == 1
