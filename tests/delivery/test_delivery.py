"""Delivery against a chat that fails on demand: nothing is lost or doubled, order and pace are kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

import pytest
from sqlalchemy import Connection, select, update
from structlog.testing import capture_logs

from bot.chats import Pace, Posted, Profile, Refused, Throttled, Unknown, Unreachable
from bot.delivery.loop import Delivery
from bot.delivery.services import DeliveryServices, Timing
from handlers.arrivals.arrival import Arrival
from handlers.cards import Card
from handlers.feedback import Person, Place
from handlers.receive import receive
from storage import delivery_log, lanes, messages, sending
from storage.messages import Wanted
from tests.conftest import ANA, Shop, caught, said
from tests.running import eventually

pytestmark = pytest.mark.anyio

AT_ONCE = Pace(0, 0)
TIMING = Timing(deadline=0.3, settle=0.4, lease=0.8)


@dataclass
class Scripted:
    """A chat that records what it shows, and fails in the order it is told to."""

    name: str = "slack"
    pace: Pace = AT_ONCE
    searchable: bool = True
    faults: list[Exception | str] = field(default_factory=list)
    posts: list[tuple[str, str, float]] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    threads: list[Posted | None] = field(default_factory=list)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def routes(self) -> Sequence[object]:
        return ()

    async def profile(self, person: Person) -> Profile | None:
        return None

    def link(self, reader: Place, posted: Posted) -> str:
        return ""

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        self.posts.append((key, card.plain, time.monotonic()))
        self.threads.append(thread)
        if fault == "dropped":
            raise Unknown("the answer never came")
        return Posted(place.channel, str(len(self.posts)))

    async def edit(self, posted: Posted, place: Place, card: Card) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        self.edits.append(card.headline or card.plain)

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        if not self.searchable:
            raise Refused("this chat cannot be searched")
        return next((Posted(place.channel, str(n)) for n, (known, _, _) in enumerate(self.posts, 1) if known == key), None)

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.posts]


async def nothing_new() -> None:
    """Nothing was arranged in chat."""


@asynccontextmanager
async def delivering(
    shop: Shop, chat: Scripted, timing: Timing = TIMING, catch_up: Callable[[], Awaitable[None]] = nothing_new
) -> AsyncIterator[Delivery]:
    services = DeliveryServices(shop.store, {chat.name: chat}, lambda: shop.company, catch_up, lambda: shop.now, timing)  # type: ignore[dict-item]
    delivery = Delivery(services)
    shop.store.on_wake = delivery.wake
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        await delivery.stop()
        await running


def everything_is_shown(shop: Shop) -> Callable[[], bool]:
    return lambda: shop.keys() == []


def every_lane_rests(shop: Shop) -> Callable[[], bool]:
    return lambda: shop.store.read_sync(lambda tx: tx.execute(select(lanes.gate).where(~lanes.gate.c.idle)).all()) == []


async def test_what_is_wanted_is_posted_in_the_order_it_came(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat):
        for n in range(12):
            await asyncio.to_thread(shop.hears, said(f"r-{n}"))
        await eventually(everything_is_shown(shop))
    assert chat.keys == [f"card:{n}" for n in range(1, 13)]


async def test_a_post_that_arrived_without_an_answer_is_found_and_not_sent_again(shop: Shop) -> None:
    chat = Scripted(faults=["dropped"])
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"), said("b"))
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1", "card:2"]


async def test_a_post_that_never_arrived_is_sent_once_more_and_before_its_successors(shop: Shop) -> None:
    chat = Scripted(faults=[Unknown("500")])
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"), said("b"))
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1", "card:2"]


async def test_where_the_chat_cannot_be_searched_it_is_sent_again_and_the_doubt_stays_on_record(shop: Shop) -> None:
    chat = Scripted(faults=["dropped"], searchable=False)
    async with delivering(shop, chat, Timing(deadline=5, settle=0.4, lease=60)):  # a slow machine is no second reason to doubt
        await asyncio.to_thread(shop.hears, said("a"))
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1", "card:1"]
    assert shop.store.read_sync(messages.by_key, "card:1").doubts == 1


async def test_a_team_that_ops_arranged_in_this_very_moment_is_asked_for_before_its_card_is_parked(shop: Shop) -> None:
    chat, whole = Scripted(), shop.company
    shop.hears(said("a"))
    shop.company = whole.model_copy(update={"teams": {}, "routes": ()})

    async def catch_up() -> None:
        shop.company = whole

    async with delivering(shop, chat, catch_up=catch_up):
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1"]


async def test_what_is_refused_for_good_is_parked_with_its_reason_and_blocks_nobody(shop: Shop) -> None:
    chat = Scripted(faults=[Refused("the channel is archived")])
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"), said("b"))
        await eventually(lambda: chat.keys == ["card:2"])
        await eventually(lambda: shop.keys() == ["card:1"])
        row = shop.store.read_sync(messages.by_key, "card:1")
        assert (row.state, row.reason) == ("parked", "the channel is archived")
        await shop.store.write(delivery_log.replay, "card:1")
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:2", "card:1"]


async def test_a_chat_that_asks_to_wait_is_waited_for_and_the_order_stays(shop: Shop) -> None:
    chat = Scripted(faults=[Throttled(0.2), Unreachable("refused")])
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"), said("b"))
        await eventually(everything_is_shown(shop), within=8)
    assert chat.keys == ["card:1", "card:2"]


async def test_posts_to_one_channel_keep_the_pace(shop: Shop) -> None:
    chat = Scripted(pace=Pace(0.5, 0))
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, *(said(f"r-{n}") for n in range(5)))
        await eventually(everything_is_shown(shop))
    times = [at for _, _, at in chat.posts]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.45


async def test_many_changes_of_one_card_cost_few_edits_and_end_with_the_truth(shop: Shop) -> None:
    chat = Scripted(pace=Pace(0, 0.3, edits_together=True))
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"))
        await eventually(everything_is_shown(shop))
        begun = time.monotonic()
        for _ in range(10):
            await asyncio.to_thread(shop.tap, "claim", ANA)
            await asyncio.to_thread(shop.tap, "release", ANA)
        took = time.monotonic() - begun
        await eventually(everything_is_shown(shop), within=10)
    of_the_card = [edit for edit in chat.edits if not edit.startswith(("#", "You"))]
    assert len(of_the_card) <= 2 + took / 0.3, "at the pace while it changes, and once more"
    assert of_the_card[-1].startswith("New ·")


async def test_a_line_goes_into_the_thread_of_its_card(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"))
        await asyncio.to_thread(shop.tap, "note", ANA, note="She is at the till.")
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1", "line:2"]
    assert chat.threads == [None, Posted("C1", "1")]


async def test_a_stale_worker_changes_nothing(shop: Shop) -> None:
    shop.hears(said("a"))
    lease = lambda now: shop.store.write_sync(sending.lease, ["slack"], now, 0.4, 0.8, 10)  # noqa: E731
    now = time.time()
    [frozen] = lease(now)[0]
    [heir] = lease(now + 1)[0]
    assert heir.doubtful
    assert shop.store.write_sync(sending.shown, heir, 1, ("C1", "1"), None, now)
    assert not shop.store.write_sync(sending.park, frozen, now, "too late")
    assert shop.store.read_sync(messages.by_key, "card:1").state == "shown"


async def test_two_workers_never_hold_the_same_lane(shop: Shop) -> None:
    shop.hears(said("a"), said("b"))
    now = time.time()
    assert len(shop.store.write_sync(sending.lease, ["slack"], now, 0.4, 0.8, 10)[0]) == 1
    assert shop.store.write_sync(sending.lease, ["slack"], now, 0.4, 0.8, 10)[0] == []


async def test_what_is_wanted_anew_wakes_the_lane_in_which_it_waits_since_it_was_shown(shop: Shop) -> None:
    chat = Scripted(pace=Pace(0, 0, edits_together=True))
    async with delivering(shop, chat):
        await asyncio.to_thread(shop.hears, said("a"))
        await asyncio.to_thread(shop.tap, "claim", ANA)
        await eventually(everything_is_shown(shop))
        await eventually(every_lane_rests(shop))
        edits = len(chat.edits)
        again = Wanted("card:1", "card", "slack", "main", "C1", follow_up_id=1)
        await shop.store.write(messages.want, [again], shop.now)
        await eventually(lambda: len(chat.edits) > edits)


async def test_a_lane_that_was_forgotten_is_found_by_looking_and_that_is_told(shop: Shop, net: dict[str, float]) -> None:
    chat = Scripted()
    shop.hears(said("a"))
    shop.store.write_sync(lambda tx: tx.execute(update(lanes.gate).values(idle=True)))  # simulates a bug: our code never does that
    async with delivering(shop, chat, replace(TIMING, safety=0.2)):
        await eventually(everything_is_shown(shop))
    assert caught()["forgotten"] == net["forgotten"] + 1


async def test_what_another_process_wanted_is_found_by_looking(shop: Shop, net: dict[str, float]) -> None:
    chat = Scripted()
    with capture_logs() as lines:
        async with delivering(shop, chat, replace(TIMING, safety=0.2)):
            await asyncio.to_thread(shop.hears, said("a"))
            await eventually(every_lane_rests(shop))
            net.update(caught())
            lines.clear()
            shop.store.on_wake = lambda: None
            await asyncio.to_thread(shop.hears, said("b"))
            await eventually(everything_is_shown(shop))
    assert caught()["unwoken"] == net["unwoken"] + 1
    levels = [line["log_level"] for line in lines if line.get("how") == "unwoken"]
    assert levels == ["info" if shop.store.sqlite else "warning"], "on SQLite nothing else tells the bot of another process"


async def test_what_comes_alone_is_leased_and_drawn_in_the_unit_that_stores_it(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat) as delivery:
        await eventually(lambda: not delivery._woken.is_set())
        shop.store.on_wake = lambda: None

        def hear(tx: Connection) -> None:
            receive(tx, shop.company, [Arrival(shop.source, said("r-1"), shop.now)])
            delivery.lease_along(tx)

        await shop.store.write(hear)
        await eventually(lambda: chat.keys == ["card:1"])
        await eventually(everything_is_shown(shop))


async def test_what_was_leased_in_a_unit_that_was_undone_is_not_sent(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat) as delivery:

        def hear(tx: Connection, name: str) -> None:
            receive(tx, shop.company, [Arrival(shop.source, said(name), shop.now)])
            delivery.lease_along(tx)
            if name == "bad":
                raise ValueError("it breaks at the end")

        heard = await asyncio.gather(*(shop.store.write(hear, name) for name in ("bad", "good", "bad")), return_exceptions=True)
        assert [isinstance(each, ValueError) for each in heard] == [True, False, True]
        await eventually(everything_is_shown(shop))
        await eventually(every_lane_rests(shop))
    assert len(chat.posts) == 1


async def test_a_fault_in_leasing_refuses_no_feedback(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat) as delivery:

        def hear(tx: Connection) -> None:
            receive(tx, shop.company, [Arrival(shop.source, said("r-1"), shop.now)])
            tx.exec_driver_sql("ALTER TABLE gate RENAME TO elsewhere")
            delivery.lease_along(tx)
            tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO gate")

        await shop.store.write(hear)
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1"]


async def test_what_a_unit_leased_that_was_committed_too_late_is_left_to_whoever_starts_next(shop: Shop) -> None:
    chat = Scripted()
    async with delivering(shop, chat) as delivery:
        pass
    shop.hears(said("r-1"))
    now = delivery._clock.seconds()
    attempts, _soonest = shop.store.write_sync(delivery._lease, now, 4)
    assert [attempt.key for attempt, _drawn in attempts] == ["card:1"]
    delivery._begin(attempts, now + TIMING.lease)
    assert (chat.keys, delivery._sending) == ([], set())
    async with delivering(shop, chat):
        await eventually(everything_is_shown(shop))
    assert chat.keys == ["card:1"]


async def test_a_card_of_a_team_that_only_another_replicas_app_yaml_names_waits_for_that_replica(shop: Shop) -> None:
    """During a rolling restart. A SQLite file has no other replica, so there the message is parked and reported at once."""
    chat, whole = Scripted(), shop.company
    shop.company = whole.model_copy(update={"teams": {}})
    async with delivering(shop, chat):
        shop.store.write_sync(receive, whole, [Arrival(shop.source, said("r-1"), shop.now)])
        told = await eventually(lambda: (row := shop.store.read_sync(messages.by_key, "card:1")).reason and row)
        assert "no longer in app.yaml" in told.reason
        assert told.state == ("parked" if shop.store.sqlite else "waiting")
        shop.company = whole
        if not shop.store.sqlite:
            await eventually(everything_is_shown(shop))
    assert chat.keys == ([] if shop.store.sqlite else ["card:1"])
