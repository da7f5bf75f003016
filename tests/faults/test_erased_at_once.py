"""On PostgreSQL somebody is erased while other units run: whichever commits first, nothing of them is left, and the log tells why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bot.chats import Pace
from handlers.actions import act
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.collect import take_errand
from handlers.arrivals.replay import KeptPayload, keep_payload
from handlers.feedback import Feedback
from handlers.forgetting.erase import Erasure, Rehearsed, erase, rehearse
from handlers.receive import Answer, Receipt, receive
from handlers.situation import Tap
from storage import erased, errands, payloads, sending
from storage.feedback import customer, feedback
from tests import log
from tests.conftest import ANA, Shop, said
from tests.delivery.desk import LATER, Desk, Watched
from tests.handlers.test_erase import everything
from tests.running import eventually
from tests.statements import Asked, hear

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["postgresql"], indirect=True)]
"""SQLite has one writer: there one unit begins when the other is done."""

DANA = {"key": "c-canary", "name": "Dana Canary", "email": "canary@mail.example"}


def waiting(shop: Shop, units: int) -> bool:
    """Whether so many units wait for what another has locked."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return shop.store.read_sync(lambda tx: tx.execute(text(asked)).scalar_one()) == units


@asynccontextmanager
async def begun(shop: Shop, unit: Any, *args: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """Run `unit`, but commit only when this block ends."""
    done, let_go = threading.Event(), threading.Event()

    def held(tx: Connection) -> Any:
        result = unit(tx, *args)
        done.set()
        assert let_go.wait(10)
        return result

    task = asyncio.create_task(shop.store.write(held))
    assert await asyncio.to_thread(done.wait, 10)
    try:
        yield task
    finally:
        let_go.set()
    await task


async def erasing(shop: Shop, behind: int = 0) -> asyncio.Task[Erasure]:
    """Erase her at the same time. Returns once that is done or waits for another unit, as `behind` others do already."""
    task = asyncio.create_task(shop.store.write(erase, "c-canary", shop.now))
    await eventually(lambda: task.done() or waiting(shop, behind + 1))
    return task


async def test_a_card_that_delivery_moves_to_the_lane_for_edits_at_that_moment_is_drawn_anew(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    desk = Desk(shop, Watched(pace=Pace(0, 0, edits_together=True)))
    attempt = desk.leased()
    async with begun(shop, sending.shown, attempt, 1, ("C1", "1"), "edits", 0.0):
        gone = await erasing(shop)
    await gone
    await desk.sends(desk.leased(LATER))
    assert desk.chat.edits == ["Dismissed · Erased, as the customer wished"]


def again(shop: Shop, *others: Feedback) -> asyncio.Task[Sequence[Receipt]]:
    """Her answer arrives once more, behind those of others."""
    arrivals = [Arrival(shop.source, each, shop.now) for each in (*others, said("r-1", comment="Canary words.", customer=DANA))]
    return asyncio.create_task(shop.store.write(receive, shop.company, arrivals))


async def test_an_answer_that_is_delivered_again_while_it_is_erased_is_ignored(shop: Shop) -> None:
    shop.hears(said("r-1", comment="Canary words.", customer=DANA))
    async with begun(shop, erase, "c-canary", shop.now):
        arriving = again(shop)
        await eventually(lambda: waiting(shop, 1))
    [receipt] = await arriving
    assert receipt.answer is Answer.IGNORED
    assert "anary" not in everything(shop.store)


async def test_an_answer_that_was_about_to_be_stored_again_when_it_is_erased_does_not_come_back(shop: Shop) -> None:
    shop.hears(said("r-1", comment="Canary words.", customer=DANA), said("r-2", customer={"key": "a-first"}))
    first = select(customer).where(customer.c.key == "a-first").with_for_update()
    async with begun(shop, lambda tx: tx.execute(first).one()):
        arriving = again(shop, said("r-3", customer={"key": "a-first"}))
        await eventually(lambda: waiting(shop, 1))
        gone = await erasing(shop, behind=1)
    await gone
    assert [receipt.answer for receipt in await arriving] == [Answer.ACCEPTED, Answer.DUPLICATE]
    assert "anary" not in everything(shop.store)


async def test_what_was_taken_in_before_and_is_to_be_kept_while_it_is_erased_is_not_kept(shop: Shop) -> None:
    answer = said("r-1", comment="Canary words.", customer=DANA)
    shop.hears(answer)
    payload = KeptPayload(shop.source, "Canary words.", shop.now, [answer])
    async with begun(shop, erase, "c-canary", shop.now):
        keeping = asyncio.create_task(shop.store.write(keep_payload, payload))
        await eventually(lambda: keeping.done() or waiting(shop, 1))
    await keeping
    assert shop.store.read_sync(payloads.kept, shop.source, 0, 10) == []


def erased_while(shop: Shop, happens: Callable[[], object], statement: str, time: int = 1, by: Any = erase) -> Any:
    """Erase her, and let something happen right before a statement with these words comes for the first time, or a later one."""
    came = count(1)

    def note(asked: Asked) -> None:
        if statement in asked.statement and next(came) == time:
            happens()

    end = hear(note)
    try:
        return shop.store.write_unhurried(lambda tx: by(tx, "c-canary", shop.now), waits=False)
    finally:
        end()


def test_others_are_heard_and_looked_after_while_the_payloads_are_looked_through(shop: Shop) -> None:
    shop.hears(said("r-canary", comment="Canary words.", customer=DANA), said("r-1", customer={"key": "c-1"}))
    done: list[str] = []

    def goes_on() -> None:
        done.extend(receipt.answer for receipt in shop.hears(said("r-2", customer={"key": "c-2"})))
        done.append(shop.tap("claim", target=2).text)

    erased_while(shop, goes_on, "payload.body")
    assert done[0] == Answer.ACCEPTED
    assert "It is yours" in done[1]
    assert "anary" not in everything(shop.store)


def test_an_erasure_that_is_only_tried_lets_others_be_heard_all_the_while(shop: Shop) -> None:
    shop.hears(said("r-canary", customer=DANA))
    done: list[Receipt] = []
    with pytest.raises(Rehearsed):
        erased_while(shop, lambda: done.extend(shop.hears(said("r-2", customer={"key": "c-2"}))), "FROM errand", by=rehearse)
    assert [receipt.answer for receipt in done] == [Answer.ACCEPTED]


async def test_an_erasure_and_one_that_is_only_tried_never_lock_each_other_out(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    runs: list[str] = []
    came, may_go_on = threading.Event(), threading.Event()

    def tried(tx: Connection, *args: Any) -> Any:
        runs.append("tried")
        return rehearse(tx, *args)

    def erasure(tx: Connection) -> Erasure:
        runs.append("erased")
        return erase(tx, "c-canary", shop.now)

    def waits() -> None:
        came.set()
        assert may_go_on.wait(10)

    trying = asyncio.create_task(asyncio.to_thread(erased_while, shop, waits, "INSERT INTO house_key", by=tried))
    assert await asyncio.to_thread(came.wait, 10)
    gone = asyncio.create_task(shop.store.write(erasure))
    await eventually(lambda: waiting(shop, 1))
    may_go_on.set()
    with pytest.raises(Rehearsed):
        await trying
    assert (await gone).customers == 1
    assert runs == ["tried", "erased"], "neither had to be undone and run again"


@pytest.mark.parametrize("body", ["c-canary", "r-canary-2"])
def test_what_comes_after_the_payloads_were_looked_through_is_found_too(shop: Shop, body: str) -> None:
    shop.hears(said("r-canary-1", customer=DANA))
    row = {"source": shop.source, "received_at": shop.now, "rejected": True, "reason": ""}
    shop.store.write_sync(payloads.keep, [row | {"body": '["r-canary-2"]'}])

    def comes() -> None:
        shop.store.write_sync(payloads.keep, [row | {"body": f'["{body}"]'}])
        if body == "r-canary-2":
            shop.hears(said(body, customer=DANA))  # so the first payload is hers as well

    gone = erased_while(shop, comes, "LOCK TABLE house_key", time=2)
    assert gone.payloads == (2 if body == "r-canary-2" else 1)
    assert body not in everything(shop.store)


async def test_a_payload_that_is_being_kept_when_the_search_begins_is_found_too(shop: Shop) -> None:
    answer = said("r-1", comment="Canary words.", customer=DANA)
    shop.hears(answer)
    async with begun(shop, keep_payload, KeptPayload(shop.source, '["c-canary"]', shop.now, [answer])):
        gone = await erasing(shop)
    assert (await gone).payloads == 1
    assert "anary" not in everything(shop.store)


async def test_the_fetching_of_what_a_tool_named_and_its_erasure_never_lock_each_other_out(shop: Shop) -> None:
    shop.hears(said("r-canary", customer=DANA))
    shop.store.write_sync(errands.name, shop.source, ["r-canary"], 0.0)
    runs: list[str] = []

    def fetched(tx: Connection) -> Sequence[Receipt]:
        runs.append("fetched")
        return take_errand(tx, shop.company, 1, 1, [Arrival(shop.source, said("r-canary", customer=DANA), shop.now)]).receipts

    def erasure(tx: Connection) -> Erasure:
        erased.hold_back(tx)
        runs.append("erased")
        assert let_go.wait(10)
        return erase(tx, "c-canary", shop.now)

    let_go = threading.Event()
    gone = asyncio.create_task(shop.store.write(erasure))
    await eventually(lambda: runs)
    fetching = asyncio.create_task(shop.store.write(fetched))
    await eventually(lambda: waiting(shop, 1))
    let_go.set()
    assert (await gone).payloads == 1
    assert [receipt.answer for receipt in await fetching] == [Answer.IGNORED]
    assert runs == ["erased", "fetched"], "neither had to be undone and run again"


async def test_a_claim_that_comes_while_its_customer_is_erased_finds_the_follow_up_ended(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    answer = select(feedback).with_for_update()
    async with begun(shop, lambda tx: tx.execute(answer).one()):  # the erasure is held up after it has read what is open
        gone = await erasing(shop)
        claiming = asyncio.create_task(asyncio.to_thread(shop.tap, "claim"))
        await eventually(lambda: claiming.done() or waiting(shop, 2))
    await gone
    reply = await claiming
    assert "It is yours" not in reply.text
    row, told = shop.row(), log.replay(shop.store.read_sync(log.life, 1))
    assert (row.state, row.reason, row.owner_id, row.key) == ("dismissed", "erased", None, f"erased:{row.customer_id}")
    assert {name: getattr(row, name) for name in told} == told
    assert shop.acts() == ["received", "erased"]


async def test_a_note_that_is_being_stored_when_its_customer_is_erased_is_erased_with_them(shop: Shop) -> None:
    shop.hears(said("r-1", customer=DANA))
    note = Tap("note", 1, ANA, shop.now, {"note": "Dana Canary is a regular."})
    async with begun(shop, act, shop.company, note):
        gone = await erasing(shop)
    assert (await gone).notes == 1
    assert "anary" not in everything(shop.store)
    assert {key.partition(":")[0] for key in (await gone).keys} == {"card", "line"}
