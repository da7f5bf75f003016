"""Wanting a message again by its place: only that message, in that workspace, and only if it can still be changed."""

from __future__ import annotations

import time

import pytest

from storage import messages, sending
from storage.sending import Attempt
from tests.conftest import Shop, said

THERE = ("C1;messageid=1", "1")


def leased(shop: Shop) -> list[Attempt]:
    return shop.store.write_sync(sending.lease, ["slack"], time.time(), 0.4, 0.8, 10)[0]


@pytest.fixture
def standing(shop: Shop) -> Shop:
    """A card that is up to date in its chat."""
    shop.hears(said())
    [attempt] = leased(shop)
    assert shop.store.write_sync(sending.shown, attempt, 1, THERE, None, 0.0)
    assert leased(shop) == []
    return shop


def test_it_is_sent_anew_where_it_stands(standing: Shop) -> None:
    assert standing.store.write_sync(messages.want_back, "slack", "main", THERE)
    [attempt] = leased(standing)
    assert (attempt.key, attempt.posted) == ("card:1", THERE)


def test_wanted_back_many_times_it_is_sent_once(standing: Shop) -> None:
    for _ in range(5):
        assert standing.store.write_sync(messages.want_back, "slack", "main", THERE)
    [attempt] = leased(standing)
    row = standing.store.read_sync(messages.by_id, attempt.id)
    assert standing.store.write_sync(sending.shown, attempt, row.wanted, THERE, None, 0.0)
    assert leased(standing) == []


@pytest.mark.parametrize(
    ("chat", "workspace", "there"),
    [
        ("msteams", "main", THERE),
        ("slack", "strangers", THERE),
        ("slack", "main", ("C2;messageid=1", "1")),
        ("slack", "main", ("C1;messageid=1", "2")),
        ("slack", "main", ("", "")),
    ],
    ids=["another chat", "a stranger's workspace", "another conversation", "another message", "nowhere"],
)
def test_from_anywhere_else_nothing_happens(standing: Shop, chat: str, workspace: str, there: tuple[str, str]) -> None:
    before = standing.store.read_sync(messages.by_key, "card:1")
    assert not standing.store.write_sync(messages.want_back, chat, workspace, there)
    assert standing.store.read_sync(messages.by_key, "card:1") == before
    assert leased(standing) == []


def test_what_is_parked_stays_parked(standing: Shop) -> None:
    assert standing.store.write_sync(messages.want_back, "slack", "main", THERE)
    [attempt] = leased(standing)
    assert standing.store.write_sync(sending.park, attempt, 0.0, "deleted there")
    assert not standing.store.write_sync(messages.want_back, "slack", "main", THERE)
    assert leased(standing) == []
