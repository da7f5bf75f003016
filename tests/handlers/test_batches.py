"""What the clock asks of the database: a few statements a batch, however many customers wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from handlers.ladder import Role
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from tests.conftest import ANA, LEA, Shop, said
from tests.handlers.test_ladder import MONDAY, put_on_duty
from tests.statements import kinds, statements

FEW = 25
"""Statements of one batch, whatever its size."""


def asks(shop: Shop, duty: Callable[..., int]) -> int:
    with statements() as asked:
        shop.store.write_sync(duty, shop.company, shop.now)
    return len(kinds(asked))


def posted(shop: Shop, kind: str) -> int:
    keys = shop.keys()
    return sum(key.startswith(f"{kind}:") for key in keys)


@pytest.fixture
def full(shop: Shop) -> Shop:
    """Eighty customers, of whom Ana has forty."""
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(*(said(f"r-{n}") for n in range(80)))
    for target in range(1, 41):
        shop.tap("claim", ANA, target)
    return shop


def test_a_step_that_speaks_in_many_threads_is_few_statements(full: Shop) -> None:
    full.passes(hours=2, minutes=1)
    assert asks(full, look) < FEW
    assert posted(full, "line") == 40


def test_many_reminders_of_one_person_are_few_statements(full: Shop) -> None:
    full.now = MONDAY + timedelta(hours=8, minutes=30)
    assert asks(full, look) < FEW
    assert asks(full, send_bundles) < FEW
    assert posted(full, "bundle") == 2


def test_a_clock_with_nothing_to_see_asks_next_to_nothing(full: Shop) -> None:
    assert asks(full, look) <= 2
    assert asks(full, send_bundles) <= 2
