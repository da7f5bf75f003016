"""The database layer on PostgreSQL: what happens to a unit when the server, the network or another replica interferes."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text

from storage.bell import CHANNEL, Bell
from storage.database import Store, Unavailable
from storage.patience import LONGEST_S
from storage.units import savepoint, wake
from tests.faults.proxy import Proxy
from tests.postgres import Postgres
from tests.running import eventually
from tests.storage.notes import NOTES_ON_POSTGRESQL, Held, keep, kept

pytestmark = pytest.mark.anyio


@pytest.fixture
def name(postgres: Postgres) -> Iterator[str]:
    """A database with one table."""
    name = postgres.fresh()
    postgres.ask(NOTES_ON_POSTGRESQL, name)
    yield name
    postgres.drop(name)


@pytest.fixture
def bare(postgres: Postgres, name: str) -> Iterator[Store]:
    with closing(Store(postgres.url(name), alone=True)) as store:
        yield store


@pytest.fixture
def proxy(postgres: Postgres) -> Iterator[Proxy]:
    with Proxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def through(postgres: Postgres, proxy: Proxy, name: str) -> Iterator[Store]:
    """The same database through the proxy."""
    with closing(Store(postgres.url(name, proxy.port))) as store:
        yield store


Ask = Callable[..., Awaitable[Any]]


async def alone(store: Store, fn: Callable[..., Any], *args: Any) -> Any:
    return await store.write(fn, *args)


async def shared(store: Store, fn: Callable[..., Any], *args: Any) -> Any:
    """As feedback is taken in: in the event loop, with whatever else is asked at the same time."""
    return await store.write_together(lambda tx, several: [fn(tx, *args) for _ in several], None)


IN_BOTH_WAYS = pytest.mark.parametrize("ask", [alone, shared])


@contextmanager
def own_server() -> Iterator[tuple[Postgres, Store]]:
    """A server that may be stopped and killed, with one table, and a store on it with open connections."""
    with Postgres(durable=True) as server:
        name = server.fresh()
        server.ask(NOTES_ON_POSTGRESQL, name)
        with closing(Store(server.url(name), alone=True)) as store:
            yield server, store


async def test_units_that_lock_crosswise_are_both_done(bare: Store) -> None:
    await bare.write(keep, "a")
    await bare.write(keep, "b")
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []

    def touch(tx: Connection, first: str, then: str) -> None:
        runs.append(first)
        tx.execute(text("UPDATE note SET words = words WHERE words = :w"), {"w": first})
        if runs.count(first) == 1:
            both_hold_one.wait(7)  # nearly as long as a unit may take
        tx.execute(text("UPDATE note SET words = words WHERE words = :w"), {"w": then})

    await asyncio.gather(bare.write(touch, "a", "b"), bare.write(touch, "b", "a"))
    assert len(runs) >= 3, "one of them at least was undone and run again"
    assert set(runs) == {"a", "b"}


@IN_BOTH_WAYS
@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_unit_that_was_undone_is_run_again_and_kept_once(ask: Ask, bare: Store, code: str) -> None:
    runs: list[int] = []

    def undone_once(tx: Connection) -> str:
        runs.append(1)
        keep(tx, f"run {len(runs)}")
        if len(runs) == 1:
            tx.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '{code}'; END $$")
        return f"run {len(runs)}"

    assert await ask(bare, undone_once) == "run 2"
    assert kept(bare) == ["run 2"]


@IN_BOTH_WAYS
async def test_a_unit_that_is_undone_for_ever_is_given_up_as_unavailable(ask: Ask, bare: Store) -> None:
    runs: list[int] = []

    def undone(tx: Connection) -> None:
        runs.append(1)
        tx.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '40001'; END $$")

    with pytest.raises(Unavailable):
        await ask(bare, undone)
    assert 1 < len(runs) < 10


@IN_BOTH_WAYS
async def test_our_own_mistakes_are_not_taken_for_a_database_that_is_away(ask: Ask, bare: Store) -> None:
    await ask(bare, keep, "a")
    runs: list[int] = []

    def twice(tx: Connection) -> None:
        runs.append(1)
        keep(tx, "a")

    with pytest.raises(Exception, match="unique") as told:
        await ask(bare, twice)
    assert not isinstance(told.value, Unavailable)
    assert len(runs) == 1


@IN_BOTH_WAYS
async def test_a_commit_that_fails_spoils_only_its_own_unit(ask: Ask, bare: Store) -> None:
    deferred = "CREATE TABLE answer (note_id INTEGER REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)"
    await ask(bare, lambda tx: tx.exec_driver_sql(deferred))

    def breaks_at_the_end(tx: Connection) -> None:
        tx.execute(text("INSERT INTO answer VALUES (999)"))

    results = await asyncio.gather(ask(bare, keep, "a"), ask(bare, breaks_at_the_end), ask(bare, keep, "b"), return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert sorted(kept(bare)) == ["a", "b"]


@IN_BOTH_WAYS
async def test_connections_that_died_while_nobody_used_them_cost_no_call(ask: Ask) -> None:
    with own_server() as (server, store):
        async with Held(store):
            pass
        await asyncio.gather(*(ask(store, lambda tx: tx.execute(text("SELECT pg_sleep(0.1)")) and None) for _ in range(4)))
        await asyncio.gather(*(store.read(lambda tx: tx.execute(text("SELECT pg_sleep(0.1)"))) for _ in range(4)))
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        assert await asyncio.gather(*(ask(store, keep, f"w{n}") for n in range(20))) == [f"w{n}" for n in range(20)]
        assert len(await store.read(lambda tx: tx.execute(text("SELECT * FROM note")).all())) == 20


@IN_BOTH_WAYS
async def test_a_database_that_is_away_is_unavailable_and_works_again_without_a_restart_of_ours(ask: Ask) -> None:
    with own_server() as (server, store):
        await ask(store, keep, "before")
        await asyncio.to_thread(server.stop)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await ask(store, keep, "while it is away")
            with pytest.raises(Unavailable):
                await store.read(lambda tx: tx.execute(text("SELECT 1")))
        await asyncio.to_thread(server.start)
        assert await ask(store, keep, "after") == "after"
        assert kept(store) == ["before", "after"]


@IN_BOTH_WAYS
async def test_everything_acknowledged_survives_a_server_killed_at_any_moment(ask: Ask) -> None:
    with own_server() as (server, store):
        acknowledged: list[str] = []

        async def person(n: int) -> None:
            for m in range(10_000):
                try:
                    acknowledged.append(await ask(store, keep, f"{len(acknowledged)}:{n}:{m}"))
                except Unavailable:
                    return

        for _ in range(3):
            people = asyncio.gather(*(person(n) for n in range(8)))
            due = len(acknowledged) + 50
            await eventually(lambda due=due: len(acknowledged) >= due)
            await asyncio.to_thread(server.stop, signal.SIGQUIT)
            await people
            await asyncio.to_thread(server.start)
        assert len(acknowledged) >= 150
        assert set(acknowledged) <= set(kept(store))


@IN_BOTH_WAYS
async def test_28_a_network_that_swallows_everything_ends_every_call_by_its_deadline(
    ask: Ask, through: Store, proxy: Proxy
) -> None:
    await ask(through, keep, "before")
    await through.read(lambda tx: tx.execute(text("SELECT 1")))
    proxy.silent.set()
    begun = time.monotonic()
    asked: list[Any] = [ask(through, keep, "swallowed"), through.read(lambda tx: tx.execute(text("SELECT 1")))]
    results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 3 * LONGEST_S)
    assert [type(result) for result in results] == [Unavailable] * 2
    assert time.monotonic() - begun >= LONGEST_S, "it was our patience that ended, and nothing else"
    proxy.silent.clear()
    assert await ask(through, keep, "after") == "after"
    assert await through.read(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one()) == 2


@IN_BOTH_WAYS
async def test_28_a_pooler_that_lets_us_in_and_has_no_connection_to_spare_is_waited_for_no_longer_than_a_server(
    ask: Ask, through: Store, proxy: Proxy
) -> None:
    proxy.takes_no_question = True
    asked: list[Any] = [ask(through, keep, "unheard"), through.read(lambda tx: tx.execute(text("SELECT 1")))]
    results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 3 * LONGEST_S)
    assert [type(result) for result in results] == [Unavailable] * 2
    proxy.takes_no_question = False
    assert await ask(through, keep, "heard") == "heard"
    assert kept(through) == ["heard"]


@IN_BOTH_WAYS
async def test_3_of_twenty_commits_whose_answer_is_lost_none_is_doubled_when_the_sender_tries_again(
    ask: Ask, through: Store, proxy: Proxy
) -> None:
    def once(tx: Connection, words: str) -> None:
        tx.execute(text("INSERT INTO note (words) VALUES (:w) ON CONFLICT DO NOTHING"), {"w": words})

    for n in range(20):
        proxy.loses_commits = True
        with pytest.raises(Unavailable):
            await ask(through, once, f"w{n}")
        proxy.loses_commits = False
        assert f"w{n}" in kept(through), "it was stored, though nobody could be told"
        await ask(through, once, f"w{n}")
    assert len(kept(through)) == 20


@IN_BOTH_WAYS
async def test_a_wire_that_is_cut_before_the_commit_costs_no_call(ask: Ask, through: Store, proxy: Proxy) -> None:
    runs: list[int] = []

    def cut_once(tx: Connection) -> str:
        runs.append(1)
        if len(runs) == 1:
            proxy.cut()
        return keep(tx, f"run {len(runs)}")

    assert await ask(through, cut_once) == "run 2"
    assert kept(through) == ["run 2"]


@IN_BOTH_WAYS
async def test_a_wire_that_is_cut_at_a_savepoint_costs_no_call(ask: Ask, through: Store, proxy: Proxy) -> None:
    runs: list[int] = []

    def cut_once(tx: Connection) -> str:
        runs.append(1)
        if len(runs) == 1:
            proxy.cut()
        with suppress(Exception), savepoint(tx):  # as of delivery, whose mistakes cost no answer
            keep(tx, "aside")
        return f"run {len(runs)}"

    assert await ask(through, cut_once) == "run 2"
    assert kept(through) == ["aside"]


@IN_BOTH_WAYS
async def test_a_database_that_became_read_only_is_unavailable_until_it_is_not(
    ask: Ask, bare: Store, postgres: Postgres, name: str
) -> None:
    def read_only(tx: Connection) -> None:
        tx.exec_driver_sql("SET TRANSACTION READ ONLY")  # as on a standby
        keep(tx, "a")

    with pytest.raises(Unavailable):
        await ask(bare, read_only)
    assert await ask(bare, keep, "b") == "b"


@IN_BOTH_WAYS
async def test_a_server_that_takes_no_writes_any_more_is_left_for_the_one_in_its_place(ask: Ask, bare: Store) -> None:
    """As when a standby took over the name of a server that goes on answering: only a new connection leads there."""

    def in_vain(tx: Connection) -> None:
        tx.exec_driver_sql("SELECT set_config('default_transaction_read_only', 'on', false)")

    def process(tx: Connection) -> int:
        return tx.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]

    read_by = bare.read_sync(process)
    await ask(bare, in_vain)
    with pytest.raises(Unavailable):
        await ask(bare, keep, "a")
    assert await ask(bare, keep, "b") == "b"
    assert bare.read_sync(process) != read_by, "who reads does not go on with the old one"
    assert kept(bare) == ["b"]


@IN_BOTH_WAYS
async def test_a_row_that_another_program_keeps_locked_is_unavailable_until_it_lets_go(
    ask: Ask, bare: Store, postgres: Postgres, name: str
) -> None:
    with psycopg.connect(postgres.url(name)) as other:
        other.execute("LOCK TABLE note IN EXCLUSIVE MODE")
        with pytest.raises(Unavailable):
            await ask(bare, keep, "a")
        assert kept(bare) == [], "reading goes on"
    assert await ask(bare, keep, "b") == "b"


async def test_a_replica_is_woken_by_what_another_one_or_the_command_line_wants(bare: Store, postgres: Postgres, name: str) -> None:
    woken: list[str] = []
    with closing(Store(postgres.url(name), alone=True)) as replica, closing(Store(postgres.url(name))) as command_line:
        replica.on_wake = lambda: woken.append("replica")
        bare.on_wake = lambda: woken.append("bare")
        listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        await eventually(lambda: postgres.ask(listening, name) == [(2,)])
        woken.clear()
        await bare.write(keep, "nothing to show")
        await bare.write(wake)
        await eventually(lambda: "replica" in woken, within=30)
        assert woken.count("bare") == 1, "who wants it wakes by itself, at once, and is not woken again by their own bell"
        woken.clear()
        await command_line.write(wake)
        await eventually(lambda: set(woken) == {"replica", "bare"}, within=30)


async def test_a_wish_is_rung_for_also_when_the_one_who_had_it_closes_at_once(bare: Store, postgres: Postgres, name: str) -> None:
    woken = threading.Event()
    bare.on_wake = woken.set
    for _ in range(5):
        woken.clear()
        with closing(Store(postgres.url(name))) as command_line:
            command_line.write_sync(wake)
        assert await asyncio.to_thread(woken.wait, 10)


async def test_a_bell_that_broke_is_hung_up_anew() -> None:
    woken = threading.Event()
    with own_server() as (server, store):
        store.on_wake = woken.set
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        with closing(Store(str(store.url))) as other:

            async def is_heard() -> bool:
                woken.clear()
                await other.write(wake)
                return await asyncio.to_thread(woken.wait, 0.2)

            await eventually(is_heard)


async def test_a_bell_on_a_wire_that_swallows_its_ring_is_hung_up_anew(proxy: Proxy, name: str, postgres: Postgres) -> None:
    woken: list[int] = []
    with closing(Bell(make_url(postgres.url(name, proxy.port)), lambda: woken.append(1))) as bell:
        bell.listen()
        await eventually(lambda: len(woken) == 1)
        proxy.takes_no_question = True
        bell.ring()
        await eventually(lambda: proxy.unanswered == 1)
        proxy.takes_no_question = False
        try:
            await eventually(lambda: len(woken) == 2, within=30)
        finally:
            proxy.cut()


def test_nobody_is_woken_by_their_own_bell_behind_a_pooler_either(proxy: Proxy, name: str, postgres: Postgres) -> None:
    proxy.hides_process = True
    woken: list[int] = []
    bell = Bell(make_url(postgres.url(name, proxy.port)), lambda: woken.append(1))
    with closing(bell), psycopg.connect(postgres.url(name), autocommit=True) as other:
        other.execute(f"LISTEN {CHANNEL}")
        for _ in range(5):
            bell.ring()
            assert list(other.notifies(timeout=10, stop_after=1))
    assert len(woken) == 1, "when it began to listen"


async def test_a_pooler_that_takes_no_options_of_the_server_is_no_obstacle(proxy: Proxy, name: str, postgres: Postgres) -> None:
    proxy.refuses_options = True
    woken = threading.Event()
    with closing(Store(postgres.url(name, proxy.port), alone=True)) as through, closing(Store(postgres.url(name))) as other:
        through.on_wake = woken.set
        assert kept(through) == []
        for ask in (alone, shared):
            await ask(through, keep, ask.__name__)
        assert await asyncio.to_thread(woken.wait, 10), "it listens"
        woken.clear()
        await other.write(wake)
        assert await asyncio.to_thread(woken.wait, 10)


@IN_BOTH_WAYS
async def test_what_an_administrator_chose_for_everybody_changes_nothing_for_us(ask: Ask, postgres: Postgres, name: str) -> None:
    for chosen in ("client_encoding = 'LATIN1'", "datestyle = 'German'", "default_transaction_isolation = 'serializable'"):
        postgres.ask(f"ALTER DATABASE {name} SET {chosen}")

    def told(tx: Connection) -> tuple[Any, ...]:
        return tx.exec_driver_sql("SELECT words, now(), current_setting('transaction_isolation') FROM note").one()

    with closing(Store(postgres.url(name))) as store:
        await ask(store, keep, "Łódź 😀")
        for words, now, isolation in (await ask(store, told), await store.read(told)):
            assert words == "Łódź 😀"
            assert now.utcoffset() == timedelta(0)
            assert isolation == "read committed"


async def test_every_connection_has_its_limits(bare: Store) -> None:
    def limits(tx: Connection) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone")
        return [tx.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    assert await bare.write(limits) == ["5s", "4s", "10s", "UTC"]
    assert await bare.read(limits) == ["5s", "4s", "10s", "UTC"]
