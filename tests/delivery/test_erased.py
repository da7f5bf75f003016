"""A customer is erased while their card is on its way: whatever a chat comes to show of them is drawn anew."""

from __future__ import annotations

import asyncio

import pytest

from bot.chats import Pace
from handlers.arrivals.customers import merge
from handlers.forgetting.erase import Erasure, erase
from handlers.pictures import picture
from storage import delivery_log, sending
from tests.conftest import ANA, Shop, said
from tests.delivery.desk import LATER, Desk, Watched
from tests.delivery.test_delivery import delivering, everything_is_shown
from tests.delivery.test_rounds import UNHURRIED, Holding
from tests.running import eventually

pytestmark = pytest.mark.anyio

ERASED = "Dismissed · Erased, as the customer wished"


@pytest.fixture
def desk(shop: Shop) -> Desk:
    """The card of a customer waits to be posted."""
    shop.hears(said("r-1", customer={"key": "c-1", "name": "Dana Reyes"}))
    return Desk(shop, Watched(pace=Pace(0, 0, edits_together=True)))


def erased(shop: Shop) -> Erasure:
    return shop.store.write_sync(erase, "c-1", shop.now)


def left(shop: Shop, gone: Erasure) -> list[str]:
    """The messages of which `hero erase` says that they could not be changed yet."""
    return [row.key for row in shop.store.read_sync(delivery_log.left, gone.keys)]


async def test_a_card_that_is_being_posted_is_drawn_anew_as_soon_as_it_is_there(shop: Shop) -> None:
    chat = Holding()
    async with delivering(shop, chat, UNHURRIED):  # erasing takes a while on a slow machine
        await asyncio.to_thread(shop.hears, said("r-1", customer={"key": "c-1"}))
        await eventually(lambda: chat.begun)
        gone = await asyncio.to_thread(erased, shop)
        assert left(shop, gone) == ["card:1"], "nobody is told that it is done before it is"
        chat.let_go.set()
        await eventually(everything_is_shown(shop))
    assert [words for _, words, _ in chat.posts if "Waited 45 minutes" in words], "it was drawn before"
    assert chat.edits == [ERASED]


async def test_so_is_every_message_about_them_that_is_being_posted_for_the_first_time(desk: Desk) -> None:
    shop = desk.shop
    await desk.sends(desk.leased())
    shop.tap("claim", ANA)
    shop.tap("note", ANA, note="Dana Reyes is a regular.")
    now = desk.clock.seconds() + LATER
    attempts, _ = shop.store.write_sync(sending.lease, ["slack"], now, 5.0, 60.0, 10)
    kinds = {attempt.key.partition(":")[0]: attempt for attempt in attempts if attempt.posted is None}
    assert kinds.keys() == {"private", "line"}
    drawn = {key: shop.store.read_sync(picture, shop.company, each.id, shop.now) for key, each in kinds.items()}
    gone = erased(shop)
    for kind, attempt in kinds.items():
        await desk.sender.serve(attempt, drawn[kind], now + LATER)
        assert attempt.key in left(shop, gone)


async def test_a_post_whose_answer_was_lost_is_found_and_drawn_anew(desk: Desk) -> None:
    desk.chat.faults = ["dropped"]
    await desk.sends(desk.leased())
    gone = erased(desk.shop)
    await desk.sends(desk.leased(LATER))
    assert desk.chat.keys == ["card:1"], "it is found, and not posted again"
    assert left(desk.shop, gone) == ["card:1"]
    await desk.sends(desk.leased(2 * LATER))
    assert (desk.chat.edits, left(desk.shop, gone)) == ([ERASED], [])


async def test_a_post_that_was_parked_in_doubt_is_looked_for_and_drawn_anew(desk: Desk) -> None:
    desk.chat.faults = ["dropped"]
    await desk.sends(desk.leased())
    desk.shop.store.write_sync(sending.park, desk.leased(LATER), 0.0, "500, 8 times, while other messages went through")
    gone = erased(desk.shop)
    await desk.sends(desk.leased(2 * LATER))
    await desk.sends(desk.leased(3 * LATER))
    assert (desk.chat.keys, desk.chat.edits, left(desk.shop, gone)) == (["card:1"], [ERASED], [])


async def test_what_was_never_sent_is_drawn_once_and_as_it_is_then(desk: Desk) -> None:
    erased(desk.shop)
    await desk.sends(desk.leased())
    assert (desk.chat.edits, desk.shop.keys()) == ([], [])
    [(_, words, _)] = desk.chat.posts
    assert "Waited" not in words


async def test_a_card_being_posted_while_its_customer_becomes_one_with_another_is_drawn_anew(desk: Desk) -> None:
    desk.shop.hears(said("r-0", score=10, customer={"key": "c-0"}))
    attempt = desk.leased()
    desk.shop.store.write_sync(merge, "c-0", "c-1", desk.shop.now)
    await desk.sends(attempt)
    assert desk.row().wanted == 2
