"""Fixtures of the delivery tests."""

from __future__ import annotations

import pytest

from bot.chats import Pace
from tests.conftest import Shop, said
from tests.delivery.desk import Desk, Watched


@pytest.fixture
def desk(shop: Shop) -> Desk:
    """One card waits to be posted, in a chat that wants ten seconds between posts and three between edits."""
    shop.hears(said("r-1"))
    return Desk(shop, Watched(pace=Pace(10, 3)))
