"""Lanes are opened for what waits in them, and may send once their wait is over; delivery is woken only when necessary."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection

from storage import lanes, messages, sending, slack
from storage.database import Store
from storage.messages import Wanted
from storage.units import is_woken
from tests.conftest import FRIDAY
from tests.statements import statements

NOW = 4_000_000_000.0
"""Seconds since the epoch, later than any clock here."""
HERE, THERE = ("slack", "T1", "C1"), ("slack", "T2", "C1")


def wakes(store: Store, do: Callable[..., object], *told: Any) -> bool:
    """Run it in a unit of its own. Returns whether that wakes delivery."""

    def unit(tx: Connection) -> bool:
        do(tx, *told)
        return is_woken(tx)

    return store.write_sync(unit)


def leased(store: Store, now: float) -> list[sending.Attempt]:
    return store.write_sync(sending.lease, ["slack"], now, 10.0, 20.0, 10)[0]


def wanted(*keys: str, lane: tuple[str, str, str] = HERE) -> list[Wanted]:
    return [Wanted(key, "ops", *lane) for key in keys]


def test_delivery_is_woken_for_a_lane_that_is_new_or_slept_and_not_for_one_it_comes_back_to_anyway(store: Store) -> None:
    assert wakes(store, lanes.open_gates, [HERE])
    assert not wakes(store, lanes.open_gates, [HERE])
    assert wakes(store, lanes.open_gates, [HERE, THERE]), "one of them is new"
    assert leased(store, NOW) == [], "nothing waits, so both fall asleep"
    assert wakes(store, lanes.open_gates, [HERE])
    assert not wakes(store, lanes.open_gates, [HERE])


def test_lanes_are_taken_in_one_order_whatever_order_they_are_named_in(store: Store) -> None:
    named = [("slack", "T1", f"C{n}") for n in range(4)]
    with statements() as asked:
        store.write_sync(lanes.open_gates, named[::-1])
    told = " ".join(f"{said.statement} {said.parameters}" for said in asked)
    places = [told.index(":".join(lane)) for lane in named]
    assert places == sorted(places), "two units that take the same lanes would wait for each other"


def test_what_waited_for_a_workspace_is_said_once_it_installed_the_app_and_nothing_in_any_other(store: Store) -> None:
    wanted = [Wanted(":".join(lane), "ops", *lane) for lane in (HERE, THERE)]
    store.write_sync(messages.want, wanted, FRIDAY)
    for attempt in leased(store, NOW):
        assert store.write_sync(sending.put_off, attempt, NOW + 60, "this workspace has not installed the app")
    installed = {"workspace": "T1", "name": "", "team_id": "T1", "enterprise_id": "", "bot_user": "U1", "token": "", "refresh": ""}
    assert wakes(store, slack.install, {**installed, "expires_s": 0.0, "installed_at": FRIDAY})
    assert [attempt.workspace for attempt in leased(store, NOW + 1)] == ["T1"]


def test_nobody_is_woken_for_a_lane_that_may_speak_but_has_nothing_to_say(store: Store) -> None:
    store.write_sync(lanes.open_gates, [HERE])
    assert leased(store, NOW) == []
    assert not wakes(store, lanes.let_speak, lanes.gate.c.channel == "C1")


def test_what_is_sent_again_settles_anew_and_what_is_in_doubt_elsewhere_does_not(store: Store) -> None:
    store.write_sync(messages.want, wanted("a") + wanted("b", lane=THERE), FRIDAY)
    for attempt in leased(store, NOW):
        assert store.write_sync(sending.put_off, attempt, NOW, "no answer", doubt=True)
    again = next(attempt for attempt in leased(store, NOW + 10) if attempt.key == "a")
    assert store.write_sync(sending.begin_again, again, NOW + 10)
    sent = {key: row.sent_s for key in "ab" if (row := store.read_sync(messages.by_key, key))}
    assert sent == {"a": NOW + 10, "b": NOW}


ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""SQLite has one writer, and returns rows in one order."""


@ON_POSTGRESQL
def test_the_oldest_is_sent_first_however_the_database_comes_upon_it(database: str) -> None:
    with closing(Store(f"{database}?options=-cenable_indexscan%3Doff%20-cenable_bitmapscan%3Doff")) as store:
        store.write_sync(messages.want, wanted("a", "b"), FRIDAY)
        for attempt in leased(store, NOW):
            assert store.write_sync(sending.put_off, attempt, NOW, "wait"), "now its row lies behind that of the other"
        assert [attempt.key for attempt in leased(store, NOW)] == ["a"]


@ON_POSTGRESQL
def test_while_a_holder_begins_again_nobody_takes_its_lane_even_where_its_time_is_over(store: Store) -> None:
    store.write_sync(messages.want, wanted("a"), FRIDAY)
    [held] = leased(store, NOW)

    def unit(tx: Connection) -> list[sending.Attempt]:
        assert sending.begin_again(tx, held, NOW)
        return leased(store, NOW + 60)  # in another transaction, concurrently

    assert store.write_sync(unit) == []
    assert [attempt.key for attempt in leased(store, NOW + 60)] == ["a"]


@ON_POSTGRESQL
def test_while_a_lane_is_leased_another_replica_passes_it_over_without_waiting(store: Store) -> None:
    store.write_sync(messages.want, wanted("a") + wanted("b", lane=THERE), FRIDAY)

    def unit(tx: Connection) -> tuple[list[sending.Attempt], list[sending.Attempt]]:
        mine, _ = sending.lease(tx, ["slack"], NOW, 10.0, 20.0, 1)
        return mine, leased(store, NOW)

    mine, theirs = store.write_sync(unit)
    assert len(mine) == len(theirs) == 1
    assert mine[0].gate != theirs[0].gate
