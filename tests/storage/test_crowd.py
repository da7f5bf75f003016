"""Units that share a transaction on PostgreSQL run in the event loop, which meanwhile goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from storage.crowd import AT_ONCE, MOST, TOGETHER
from storage.database import Store, Unavailable
from storage.patience import LONGEST_S
from storage.prepared import Prepared
from storage.units import wake
from tests.faults.proxy import Proxy
from tests.postgres import Postgres
from tests.running import eventually
from tests.storage.notes import NOTES_ON_POSTGRESQL, keep_all, kept

KEY = 8
"""Of the advisory lock for which a unit waits until a test lets go of it."""


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """A database with one table."""
    name = postgres.fresh()
    postgres.ask(NOTES_ON_POSTGRESQL, name)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def bare(url: str) -> Iterator[Store]:
    with closing(Store(url)) as store:
        yield store


@pytest.fixture
def gate(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Holds the lock."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [KEY])
        yield other


_lock = Prepared(text("SELECT pg_advisory_xact_lock(:key)"))


def let_go(gate: psycopg.Connection[Any]) -> None:
    gate.execute("SELECT pg_advisory_unlock(%s)", [KEY])


def keep_behind_the_gate(tx: Connection, several: Sequence[str]) -> list[str]:
    told = keep_all(tx, several)
    tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
    return told


async def waits(gate: psycopg.Connection[Any], number: int = 1) -> None:
    """Returns once so many transactions wait for the lock."""
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    await eventually(lambda: gate.execute(asked).fetchone() == (number,))


@pytest.mark.anyio
async def test_while_one_transaction_waits_the_loop_goes_on_and_so_does_the_next(
    bare: Store, gate: psycopg.Connection[Any]
) -> None:
    first = asyncio.ensure_future(bare.write_together(keep_behind_the_gate, "first"))
    await waits(gate)
    assert await bare.write_together(keep_all, "second") == "second"
    assert kept(bare) == ["second"]
    let_go(gate)
    assert await first == "first"


@pytest.mark.anyio
@pytest.mark.parametrize(("number", "most"), [(AT_ONCE * TOGETHER - 3, TOGETHER), (3 * MOST - 5, MOST)])
async def test_of_a_crowd_everybody_is_told_and_no_commit_is_of_more_than_so_many(bare: Store, number: int, most: int) -> None:
    sizes: list[int] = []

    def note_size(tx: Connection, several: Sequence[str]) -> list[str]:
        sizes.append(len(several))
        return keep_all(tx, several)

    words = [f"{n:04}" for n in range(number)]
    assert await asyncio.gather(*(bare.write_together(note_size, word) for word in words)) == words
    assert sorted(kept(bare)) == words
    assert sum(sizes) == number
    assert max(sizes) == most


@pytest.mark.anyio
async def test_what_waits_behind_the_transactions_under_way_is_begun_when_one_ends(
    bare: Store, gate: psycopg.Connection[Any]
) -> None:
    kinds = [lambda tx, several, n=n: keep_behind_the_gate(tx, several) for n in range(AT_ONCE)]
    held = [asyncio.ensure_future(bare.write_together(kind, f"held {n}")) for n, kind in enumerate(kinds)]
    await waits(gate, AT_ONCE)
    later = [asyncio.ensure_future(bare.write_together(keep_all, f"later {n}")) for n in range(3)]
    gone = later.pop()
    gone.cancel()
    let_go(gate)
    assert await asyncio.gather(*held, *later) == [*(f"held {n}" for n in range(AT_ONCE)), "later 0", "later 1"]
    assert "later 2" not in kept(bare), "what nobody waits for any more was not begun"


def test_a_loop_that_ends_in_the_middle_leaves_nothing_behind_and_the_next_one_goes_on(
    bare: Store, gate: psycopg.Connection[Any]
) -> None:
    async def begun() -> None:
        task = asyncio.ensure_future(bare.write_together(keep_behind_the_gate, "begun"))
        await waits(gate)
        assert not task.done()

    asyncio.run(begun())
    assert asyncio.run(asyncio.wait_for(bare.write_together(keep_all, "after"), LONGEST_S)) == "after"
    let_go(gate)
    assert kept(bare) == ["after"]


def test_a_unit_cut_off_by_the_end_of_its_loop_is_not_begun_once_more(bare: Store, gate: psycopg.Connection[Any]) -> None:
    runs: list[Sequence[str]] = []

    def count(tx: Connection, several: Sequence[str]) -> list[str]:
        runs.append(several)
        _lock.all(tx, {"key": KEY})
        return keep_all(tx, several)

    async def begun() -> None:
        task = asyncio.ensure_future(bare.write_together(count, "a"))
        await waits(gate)
        assert not task.done()

    asyncio.run(begun())
    assert len(runs) == 1


def test_a_loop_that_was_closed_with_units_under_way_keeps_no_later_one_waiting(bare: Store) -> None:
    loop = asyncio.new_event_loop()
    asked = [loop.create_task(bare.write_together(lambda tx, several: several, n)) for n in range(AT_ONCE)]
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert asyncio.run(asyncio.wait_for(bare.write_together(keep_all, "after"), LONGEST_S)) == "after"
    del asked


def test_who_closes_the_store_from_elsewhere_waits_for_what_is_under_way(url: str, gate: psycopg.Connection[Any]) -> None:
    def keep_and_wake(tx: Connection, several: Sequence[str]) -> list[str]:
        wake(tx)
        return keep_behind_the_gate(tx, several)

    async def closed_meanwhile() -> list[str]:
        store = Store(url, alone=True)
        kinds = [lambda tx, several, n=n: keep_and_wake(tx, several) for n in range(AT_ONCE + 1)]
        asked = [asyncio.ensure_future(store.write_together(kind, f"{n}")) for n, kind in enumerate(kinds)]
        await waits(gate, AT_ONCE)
        closes = asyncio.ensure_future(asyncio.to_thread(store.close))
        await eventually(lambda: store._closed)
        assert not closes.done()
        let_go(gate)
        await closes
        assert all(each.done() for each in asked)
        return await asyncio.gather(*asked)

    assert asyncio.run(closed_meanwhile()) == [f"{n}" for n in range(AT_ONCE + 1)]


@pytest.mark.anyio
async def test_a_unit_that_raises_what_no_future_takes_is_told_all_the_same(bare: Store) -> None:
    def stops(tx: Connection, several: Sequence[str]) -> list[str]:
        raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        await bare.write_together(stops, "a")
    assert await bare.write_together(keep_all, "b") == "b"


@pytest.mark.anyio
@pytest.mark.parametrize("opened_before", [False, True])
async def test_the_loop_goes_on_while_a_connection_is_opened_by_a_server_that_is_silent(
    url: str, postgres: Postgres, opened_before: bool
) -> None:
    with Proxy(postgres.port) as proxy, closing(Store(postgres.url(url.rpartition("/")[2], proxy.port))) as far:
        if opened_before:
            await far.write_together(keep_all, "before")
        proxy.silent.set()
        proxy.cut()
        task = asyncio.ensure_future(far.write_together(keep_all, "a"))
        turns = 0
        while not task.done() and turns < 50:
            await asyncio.sleep(0.01)
            turns += 1
        assert turns == 50, "the server had said nothing yet"
        proxy.silent.clear()
        proxy.cut()
        with pytest.raises(Unavailable):
            await task
        assert await far.write_together(keep_all, "b") == "b"
