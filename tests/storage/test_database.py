"""The database layer on either database: what it guarantees when units wait together, fail or are cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from sqlalchemy import Connection, text

from storage.database import Store, Unavailable
from storage.sqlite_writer import TOGETHER
from storage.units import wake
from tests.storage.notes import NOTES, NOTES_ON_POSTGRESQL, Held, keep, keep_all, kept, together, writers

pytestmark = pytest.mark.anyio


@pytest.fixture
def bare(empty_database: str) -> Iterator[Store]:
    """A store with a single table of the test's own."""
    with closing(Store(empty_database, alone=True)) as store:
        store.write_sync(lambda tx: tx.execute(text(NOTES if store.sqlite else NOTES_ON_POSTGRESQL)))
        yield store


async def test_one_that_raises_does_not_harm_its_neighbours(bare: Store) -> None:
    def breaks(tx: Connection) -> None:
        keep(tx, "half of it")
        raise ValueError("on purpose")

    first, broken, twice, last = await together(
        bare,
        lambda: bare.write(keep, "a"),
        lambda: bare.write(breaks),
        lambda: bare.write(keep, "a"),
        lambda: bare.write(keep, "b"),
    )
    assert "a" in (first, twice), "on PostgreSQL either may be first"
    [refused] = {first, twice} - {"a"}
    assert "unique" in str(refused).lower()
    assert last == "b"
    assert isinstance(broken, ValueError)
    assert sorted(kept(bare)) == ["a", "b"]


async def test_one_alone_that_raises_leaves_nothing_behind(bare: Store) -> None:
    def breaks(tx: Connection) -> None:
        keep(tx, "half of it")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await bare.write(breaks)
    assert kept(bare) == []
    assert await bare.write(keep, "next") == "next"


async def test_results_are_given_out_only_after_the_commit(bare: Store) -> None:
    seen: list[bool] = []
    with closing(Store(str(bare.url))) as other:

        async def ask(n: int) -> None:
            await bare.write(keep, f"w{n}")
            seen.append(f"w{n}" in kept(other))

        await together(bare, *(lambda n=n: ask(n) for n in range(30)))
    assert seen == [True] * 30


async def test_items_meant_for_one_call_are_handed_over_together(bare: Store) -> None:
    sizes: list[int] = []

    def note_size(tx: Connection, several: Sequence[str]) -> list[str]:
        sizes.append(len(several))
        return keep_all(tx, several)

    results = await together(bare, *(lambda n=n: bare.write_together(note_size, f"w{n}") for n in range(40)))
    assert results == [f"w{n}" for n in range(40)]
    assert sum(sizes) == 40
    assert len(sizes) <= writers(bare), "each writer takes all that waits, and they begin at the same moment"


async def test_in_a_call_for_many_one_bad_item_spoils_only_itself(bare: Store) -> None:
    results = await together(bare, *(lambda w=w: bare.write_together(keep_all, w) for w in ("a", "b", "a", "c")))
    assert sorted(r for r in results if isinstance(r, str)) == ["a", "b", "c"]
    [refused] = [r for r in results if isinstance(r, Exception)]
    assert "unique" in str(refused).lower()
    assert sorted(kept(bare)) == ["a", "b", "c"]


async def test_calls_of_every_kind_that_wait_are_all_done(bare: Store) -> None:
    number = TOGETHER + 10
    asked = [
        (lambda n=n: bare.write_together(keep_all, f"w{n}")) if n % 3 else (lambda n=n: bare.write(keep, f"w{n}"))
        for n in range(number)
    ]
    assert await together(bare, *asked) == [f"w{n}" for n in range(number)]
    assert len(kept(bare)) == number


async def test_somebody_who_stops_waiting_neither_stops_the_writer_nor_their_neighbours(bare: Store) -> None:
    async with Held(bare):
        tasks = [asyncio.ensure_future(bare.write(keep, f"w{n}")) for n in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if isinstance(r, str)] == ["w1", "w3", "w5", "w7", "w9"]
    assert sorted(kept(bare)) == ["w1", "w3", "w5", "w7", "w9"], "what nobody waits for any more was not begun"
    assert await bare.write(keep, "next") == "next"


async def test_somebody_who_stops_waiting_for_a_unit_in_hand_leaves_it_whole(bare: Store) -> None:
    entered, let_go = threading.Event(), threading.Event()

    def slow(tx: Connection) -> None:
        keep(tx, "begun")
        entered.set()
        let_go.wait(5)
        keep(tx, "ended")

    task = asyncio.ensure_future(bare.write(slow))
    await asyncio.to_thread(entered.wait, 5)
    task.cancel()
    let_go.set()
    await together(bare)  # every writer has finished its current unit
    assert kept(bare) == ["begun", "ended"]


async def test_a_wake_after_the_loop_is_gone_does_not_end_the_writer(bare: Store) -> None:
    def gone() -> None:
        raise RuntimeError("Event loop is closed")

    bare.on_wake = gone
    for n in range(2 * writers(bare)):
        await bare.write(wake)
        assert await bare.write(keep, f"next {n}") == f"next {n}"


async def test_a_reader_cannot_write(bare: Store) -> None:
    with pytest.raises(Unavailable):
        await bare.read(keep, "a")
    assert kept(bare) == []


async def test_readers_see_a_moment_and_do_not_wait_for_the_writer(bare: Store) -> None:
    await bare.write(keep, "a")
    async with Held(bare):
        assert await asyncio.wait_for(bare.read(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one()), 2) == 1


async def test_writers_that_wait_see_no_lock_error(bare: Store) -> None:
    await asyncio.gather(*(bare.write(keep, f"w{n}") for n in range(400)), *(asyncio.to_thread(kept, bare) for _ in range(40)))
    assert len(kept(bare)) == 400


async def test_what_waits_when_the_store_closes_is_still_done(bare: Store) -> None:
    store = Store(str(bare.url))
    async with Held(store):
        tasks = [asyncio.ensure_future(store.write(keep, f"w{n}")) for n in range(20)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(asyncio.to_thread(store.close))
        await asyncio.sleep(0)
    await closing
    assert await asyncio.gather(*tasks) == [f"w{n}" for n in range(20)]
    assert len(kept(bare)) == 20
