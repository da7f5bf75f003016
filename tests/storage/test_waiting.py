"""How many messages wait, and for how long: what operators are woken by."""

from __future__ import annotations

import time

from storage import delivery_log, sending
from storage.sending import Attempt
from tests.conftest import ANA, Shop, said


def sent(shop: Shop) -> list[Attempt]:
    """Show what each lane has first, as delivery would."""
    attempts, _ = shop.store.do(sending.lease, ["slack"], time.time() + 60, 1.0, 60.0, 10)
    for attempt in attempts:
        shop.store.do(sending.shown, attempt, attempt.row.wanted, ("C1", f"{attempt.id}.1"), "edits", 0.0)
    return attempts


def depth(shop: Shop) -> dict[str, tuple[int, bool]]:
    """By state: how many, and whether an age is told."""
    return {row.state: (row.number, row.oldest_s is not None) for row in shop.store.look(delivery_log.depth)}


def test_a_message_that_nobody_sees_yet_has_an_age(shop: Shop) -> None:
    shop.hears(said())
    assert depth(shop) == {"waiting": (1, True)}
    sent(shop)
    assert depth(shop) == {}


def test_a_card_that_is_only_drawn_anew_does_not_count_as_waiting_since_its_first_post(shop: Shop) -> None:
    shop.hears(said())
    sent(shop)
    shop.tap("contacted", ANA)
    shop.tap("claim", ANA)
    assert depth(shop) == {"shown": (1, False), "waiting": (1, True)}, "the card in an older form, and her private message"


def test_what_is_set_aside_is_counted_apart(shop: Shop) -> None:
    shop.hears(said())
    [attempt], _ = shop.store.do(sending.lease, ["slack"], time.time() + 60, 1.0, 60.0, 10)
    shop.store.do(sending.park, attempt, 0.0, "no such channel")
    shop.hears(said("r-2"))
    assert depth(shop) == {"parked": (1, True), "waiting": (1, True)}
