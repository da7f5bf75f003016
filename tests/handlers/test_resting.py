"""A private reminder waits while its person asked their chat not to be disturbed, and at most until a promise would be missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from tests.conftest import ANA, Shop, said
from tests.handlers.test_ladder import MONDAY, bundles

STEP = timedelta(minutes=15)
USUAL = MONDAY + timedelta(hours=8, minutes=15)
"""When somebody who does not rest is reminded: at three quarters of the promise."""


@pytest.fixture
def claimed(shop: Shop) -> Shop:
    """Ana has a customer since Friday, and will be reminded on Monday."""
    shop.hears(said())
    shop.tap("claim", ANA)
    return shop


def first_reminder(shop: Shop, rests_until: datetime | None) -> datetime:
    """When Ana is first reminded, if she rests until then."""
    who = shop.row().owner_id
    while not bundles(shop, ANA):
        shop.now += STEP
        assert shop.now < MONDAY + timedelta(days=9), "it never came"
        resting = {who: rests_until} if rests_until and shop.now < rests_until else {}
        shop.store.write_sync(look, shop.company, shop.now)
        shop.store.write_sync(send_bundles, shop.company, shop.now, resting)
    return shop.now


@pytest.mark.parametrize(
    ("until", "comes"),
    [
        (None, USUAL),
        (USUAL - STEP, USUAL),
        (USUAL + timedelta(hours=1, minutes=15), USUAL + timedelta(hours=1, minutes=15)),
        (USUAL + timedelta(hours=5), MONDAY + timedelta(days=1) + STEP),  # it ends while the team is closed
    ],
)
def test_a_reminder_comes_when_the_rest_ends(claimed: Shop, until: datetime | None, comes: datetime) -> None:
    assert first_reminder(claimed, until) == comes


def test_it_does_not_wait_for_longer_than_the_promise(claimed: Shop) -> None:
    promise = claimed.row().close_by
    came = first_reminder(claimed, promise + timedelta(days=3))
    assert promise <= came < promise + STEP + timedelta(minutes=1)


def test_past_the_promise_nothing_is_held_back(claimed: Shop) -> None:
    first_reminder(claimed, None)
    promise, who, before = claimed.row().close_by, claimed.row().owner_id, len(bundles(claimed, ANA))
    while len(bundles(claimed, ANA)) == before:
        claimed.now += STEP
        claimed.store.write_sync(look, claimed.company, claimed.now)
        claimed.store.write_sync(send_bundles, claimed.company, claimed.now, {who: claimed.now + timedelta(days=9)})
    assert promise <= claimed.now < promise + timedelta(hours=1)


def test_somebody_elses_rest_holds_nothing_back(claimed: Shop) -> None:
    who = claimed.row().owner_id
    while not bundles(claimed, ANA):
        claimed.now += STEP
        claimed.store.write_sync(look, claimed.company, claimed.now)
        claimed.store.write_sync(send_bundles, claimed.company, claimed.now, {who + 1: claimed.now + timedelta(days=9)})
    assert claimed.now < claimed.row().close_by
