"""The delivery loop: how much it starts at once, when it runs again, and what it does when a round fails or it is stopped."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
import structlog
from sqlalchemy import Connection, select, update

from bot.chats import Pace, Posted
from bot.delivery.loop import AT_ONCE, DRAWN_AT_ONCE, HANDS_OFF_S, Delivery
from bot.delivery.services import DeliveryServices, Timing
from handlers.arrivals.arrival import Arrival
from handlers.cards import Card
from handlers.feedback import Place
from handlers.receive import receive
from storage import lanes, messages
from storage.messages import Wanted
from storage.units import is_woken
from tests.conftest import ON_SQLITE, Shop, caught, said
from tests.delivery.test_delivery import Scripted, delivering, every_lane_rests, everything_is_shown, nothing_new
from tests.running import eventually
from tests.statements import statements

pytestmark = pytest.mark.anyio

ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""On SQLite units run one after another, and those that wait together fail together."""
TIMING = Timing(deadline=0.3, settle=0.4, lease=0.8)
UNHURRIED = Timing(deadline=5, settle=20, lease=60)


@dataclass
class Holding(Scripted):
    """Never answers until it is let go."""

    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        self.begun += 1
        await self.let_go.wait()
        return await super().post(place, card, key, thread)


def at_rest(shop: Shop, chat: Scripted, timing: Timing = UNHURRIED) -> Delivery:
    """Delivery that looks only when told."""
    services = DeliveryServices(shop.store, {chat.name: chat}, lambda: shop.company, nothing_new, lambda: shop.now, timing)  # type: ignore[dict-item]
    return Delivery(services)


def wanted(channels: int) -> list[Wanted]:
    """Returns messages about the first case for this many people."""
    return [Wanted(f"closing:1:1:{n}", "closing", "slack", "main", f"D{n}", follow_up_id=1) for n in range(channels)]


def leased(shop: Shop) -> int:
    """Returns how many lanes are leased."""
    return len(shop.store.read_sync(lambda tx: tx.execute(select(lanes.gate).where(lanes.gate.c.lease_s > 0)).all()))


def hears_along(shop: Shop, delivery: Delivery, name: str, *more: Wanted) -> bool:
    """Store feedback in a unit that also leases what it wants. Returns whether delivery is woken all the same."""

    def unit(tx: Connection) -> bool:
        receive(tx, shop.company, [Arrival(shop.source, said(name), shop.now)])
        messages.want(tx, more, shop.now)
        delivery.lease_along(tx)
        return is_woken(tx)

    return shop.store.write_sync(unit)


async def test_so_many_lanes_are_served_at_once_and_the_others_as_these_come_free(shop: Shop) -> None:
    chat = Holding()
    shop.hears(said("r-1"))
    shop.store.write_sync(messages.want, wanted(AT_ONCE + 2), shop.now)
    async with delivering(shop, chat, UNHURRIED) as delivery:
        await eventually(lambda: chat.begun == AT_ONCE)
        assert await delivery._round() == 15.0, "whatever comes free wakes it"
        assert chat.begun == len(delivery._sending) == leased(shop) == AT_ONCE
        elsewhere = replace(wanted(1)[0], key="closing:1:1:more", channel="E1")
        assert hears_along(shop, delivery, "r-2", elsewhere), "nor is anything leased along"
        assert chat.begun == leased(shop) == AT_ONCE
        chat.let_go.set()
        await eventually(everything_is_shown(shop))
    assert len(chat.posts) == AT_ONCE + 5


@pytest.mark.parametrize("along", [True, False])
async def test_while_one_more_lane_can_be_served_whatever_comes_is_served_at_once(shop: Shop, *, along: bool) -> None:
    chat = Holding()
    shop.hears(said("r-1"))
    shop.store.write_sync(messages.want, wanted(AT_ONCE - 2), shop.now)
    async with delivering(shop, chat, UNHURRIED) as delivery:
        await eventually(lambda: chat.begun == AT_ONCE - 1)

        def unit(tx: Connection) -> None:
            messages.want(tx, [replace(wanted(1)[0], key="closing:1:1:more", channel="E1")], shop.now)
            if along:
                delivery.lease_along(tx)

        await shop.store.write(unit)
        assert leased(shop) == AT_ONCE or not along, "it is leased in the unit that wants it"
        await eventually(lambda: chat.begun == AT_ONCE)
        chat.let_go.set()
        await eventually(everything_is_shown(shop))


async def test_where_nothing_waits_it_comes_again_only_for_the_safety_net(shop: Shop) -> None:
    assert await at_rest(shop, Scripted())._round() == UNHURRIED.safety


async def test_where_a_lane_rests_it_comes_again_when_that_may_speak(shop: Shop) -> None:
    chat = Scripted(pace=Pace(100, 0))
    delivery = at_rest(shop, chat, replace(UNHURRIED, safety=1000.0))
    shop.hears(said("r-1"), said("r-2"))
    await delivery._round()
    await eventually(lambda: not delivery._sending)
    assert 80 < await delivery._round() < 102.1
    assert await at_rest(shop, chat, replace(UNHURRIED, safety=2.0))._round() == 2.0


async def test_where_a_lane_rests_for_less_than_a_second_it_does_not_come_later_than_that(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted(pace=Pace(0.4, 0)))
    shop.hears(said("r-1"), said("r-2"))
    await delivery._round()
    await eventually(lambda: not delivery._sending)
    assert await delivery._round() <= 0.41


async def test_what_only_looking_found_is_a_warning_but_for_what_another_process_put_into_the_file(
    shop: Shop, net: dict[str, float]
) -> None:
    delivery = at_rest(shop, Scripted())
    with structlog.testing.capture_logs() as told:
        delivery._caught("forgotten", 2)
        delivery._caught("unwoken", 1)
        delivery._caught("unwoken", 0)
    assert [(line["how"], line["lanes"], line["log_level"]) for line in told] == [
        ("forgotten", 2, "warning"),
        ("unwoken", 1, "info" if shop.store.sqlite else "warning"),
    ]


@ON_POSTGRESQL
async def test_where_a_lane_is_held_by_somebody_who_is_about_to_commit_it_comes_again_at_once(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted())
    shop.hears(said("r-1"))
    loop = asyncio.get_running_loop()

    def unit(tx: Connection) -> float:
        tx.execute(update(lanes.gate).values(next_s=0.5))
        return asyncio.run_coroutine_threadsafe(delivery._round(), loop).result()

    assert await shop.store.write(unit) == HANDS_OFF_S


async def test_a_unit_that_wants_nothing_leases_nothing_along(shop: Shop) -> None:
    shop.hears(said("r-1"))
    shop.store.write_sync(at_rest(shop, Scripted()).lease_along)
    assert leased(shop) == 0


async def test_who_stops_leases_nothing_along(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted())
    await delivery.stop()
    assert hears_along(shop, delivery, "r-1"), "whoever starts next is woken by it"
    assert leased(shop) == 0


@ON_SQLITE
async def test_delivery_need_not_be_woken_for_what_was_leased_along(shop: Shop) -> None:
    chat = Scripted(pace=Pace(100, 0))
    delivery = at_rest(shop, chat)
    assert not hears_along(shop, delivery, "r-1")
    await eventually(lambda: chat.keys == ["card:1"] and not delivery._sending)
    assert not hears_along(shop, delivery, "r-2"), "its lane rests, and delivery knows until when"


async def test_delivery_is_woken_where_more_may_be_sent_than_was_leased_along(shop: Shop) -> None:
    chat = Holding()
    delivery = at_rest(shop, chat)

    assert hears_along(shop, delivery, "r-1", *wanted(DRAWN_AT_ONCE))
    assert leased(shop) == DRAWN_AT_ONCE
    await eventually(lambda: chat.begun == DRAWN_AT_ONCE)
    chat.let_go.set()
    await eventually(lambda: not delivery._sending)


async def test_other_replicas_are_woken_for_what_was_leased_along_as_this_one_might_die(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted())
    assert hears_along(shop, delivery, "r-1") == (not shop.store.sqlite)
    await eventually(everything_is_shown(shop))


@ON_POSTGRESQL
async def test_a_round_that_fails_is_told_and_tried_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    chat = Scripted()
    async with delivering(shop, chat) as delivery:
        await eventually(every_lane_rests(shop))
        shop.store.on_wake = lambda: None
        await asyncio.to_thread(shop.hears, said("r-1"))
        await shop.store.write(lambda tx: tx.exec_driver_sql("ALTER TABLE gate RENAME TO elsewhere"))
        delivery.wake()
        await eventually(lambda: "delivery.round_failed" in capsys.readouterr().out)
        await shop.store.write(lambda tx: tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO gate"))
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1"]


async def test_who_stops_waits_for_what_is_being_sent_but_hardly_longer_than_a_call_may_take(shop: Shop) -> None:
    chat = Holding()
    await asyncio.to_thread(shop.hears, said("r-1"))
    async with delivering(shop, chat, Timing(deadline=0.2, settle=20, lease=60)) as delivery:
        await eventually(lambda: chat.begun == 1)
        begun = time.monotonic()
        await delivery.stop()
        assert 1.2 <= time.monotonic() - begun < 5
        assert len(delivery._sending) == 1
    for task in list(delivery._sending):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_is_idle_once_all_that_may_be_sent_soon_was_sent(shop: Shop) -> None:
    chat = Scripted(pace=Pace(0.05, 0))
    delivery = at_rest(shop, chat)
    shop.hears(*(said(f"r-{n}") for n in range(4)))
    shop.store.write_sync(messages.want, wanted(3), shop.now)
    await delivery.until_idle()
    assert shop.keys() == []
    assert delivery._sending == set()


async def test_the_first_of_what_is_leased_together_is_drawn_in_the_same_unit_and_what_is_more_by_itself(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted())
    shop.hears(said("r-1"))
    shop.store.write_sync(messages.want, wanted(DRAWN_AT_ONCE), shop.now)
    attempts, _ = shop.store.write_sync(delivery._lease, delivery._clock.seconds(), 10)
    assert [drawn is not None for _, drawn in attempts] == [True] * DRAWN_AT_ONCE + [False]


async def test_what_was_forgotten_is_looked_for_at_the_start_and_then_only_every_so_often(shop: Shop) -> None:
    with statements() as asked:
        async with delivering(shop, Scripted()):
            for n in range(3):
                await asyncio.to_thread(shop.hears, said(f"r-{n}"))
                await eventually(everything_is_shown(shop))
    nets = [each for each in asked if each.statement.startswith("UPDATE gate") and "gate.lease_s >" in each.statement]
    assert len(nets) == 1


async def test_what_another_process_wanted_while_a_lane_rested_was_found_only_by_looking(shop: Shop, net: dict[str, float]) -> None:
    chat = Scripted(pace=Pace(100, 0))
    async with delivering(shop, chat, replace(TIMING, safety=0.3)) as delivery:
        await asyncio.to_thread(shop.hears, said("r-1"), said("r-2"))
        await eventually(lambda: chat.keys == ["card:1"])
        # Completing it starts another round, which would find the message, too: wait until that is over.
        await eventually(lambda: (delivery._soonest or 0) - delivery._clock.seconds() > 90)
        net.update(caught())
        shop.store.on_wake = lambda: None
        await shop.store.write(messages.want, wanted(1), shop.now)
        await eventually(lambda: chat.keys == ["card:1", "closing:1:1:0"])
    assert caught()["unwoken"] == net["unwoken"] + 1


async def test_what_the_database_cannot_draw_is_leased_all_the_same_so_that_failing_is_told(shop: Shop) -> None:
    delivery = at_rest(shop, Scripted())
    shop.hears(said("r-1"))
    shop.store.write_sync(lambda tx: tx.exec_driver_sql("ALTER TABLE feedback RENAME TO elsewhere"))
    [(attempt, drawn)], _ = shop.store.write_sync(delivery._lease, delivery._clock.seconds(), 10)
    shop.store.write_sync(lambda tx: tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO feedback"))
    assert (attempt.key, drawn, leased(shop)) == ("card:1", None, 1)
