"""The database layer on a SQLite file: one writer, shared commits, what disks and other programs do to it, and crashes."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from storage.connections import MUCH, write_back
from storage.database import Store, Unavailable
from storage.sqlite_file import Occupied
from storage.sqlite_writer import REST_S, TOGETHER
from storage.units import afterwards, savepoint, wake
from tests.running import eventually
from tests.storage.notes import NOTES, keep, keep_all, kept, statements_on, together

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


@pytest.fixture
def bare(file: Path) -> Iterator[Store]:
    """A store with a single table of the test's own."""
    store = Store(f"sqlite:///{file}", alone=True)
    store.write_sync(lambda tx: tx.execute(text(NOTES)))
    yield store
    store.close()


@pytest.fixture
def commits(bare: Store) -> list[str]:
    """Every statement on the writer's connection, as SQLite traces it."""
    return statements_on(bare._engine)


async def test_units_that_wait_together_share_one_commit(bare: Store, commits: list[str]) -> None:
    await together(bare, *(lambda n=n: bare.write(keep, f"w{n}") for n in range(50)))
    assert len(kept(bare)) == 50
    assert commits.count("COMMIT") == 2, "one for the unit that kept the writer busy, one for all the others"


async def test_a_unit_sees_what_its_neighbours_before_it_wrote(bare: Store) -> None:
    def number(tx: Connection) -> int:
        keep(tx, f"w{(n := tx.execute(text('SELECT count(*) FROM note')).scalar_one())}")
        return n

    assert await together(bare, *(lambda: bare.write(number) for _ in range(20))) == list(range(20))


async def test_when_the_commit_itself_fails_everybody_is_told_and_nothing_is_kept(bare: Store) -> None:
    bare.write_sync(
        lambda tx: tx.execute(text("CREATE TABLE answer (note_id INTEGER REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)"))
    )

    def breaks_at_the_end(tx: Connection) -> None:
        tx.execute(text("INSERT INTO answer VALUES (999)"))

    results = await together(
        bare, lambda: bare.write(keep, "a"), lambda: bare.write(breaks_at_the_end), lambda: bare.write(keep, "b")
    )
    assert all(isinstance(result, Exception) for result in results)
    assert kept(bare) == []
    assert await bare.write(keep, "c") == "c"


async def test_units_keep_their_order_between_the_calls_for_many(bare: Store) -> None:
    asked = [
        (lambda n=n: bare.write_together(keep_all, f"w{n}")) if n % 3 else (lambda n=n: bare.write(keep, f"w{n}"))
        for n in range(20)
    ]
    await together(bare, *asked)
    assert kept(bare) == [f"w{n}" for n in range(20)]


async def test_more_than_fit_into_one_commit_are_all_done(bare: Store, commits: list[str]) -> None:
    number = TOGETHER * 2 + 10
    await together(bare, *(lambda n=n: bare.write(keep, f"w{n}") for n in range(number)))
    assert len(kept(bare)) == number
    assert commits.count("COMMIT") == 4


async def test_delivery_is_woken_once_after_the_commit_and_only_when_asked(bare: Store, file: Path) -> None:
    seen: list[int] = []

    def look() -> None:
        with sqlite3.connect(file) as other:
            seen.append(other.execute("SELECT count(*) FROM note").fetchone()[0])
        other.close()

    bare.on_wake = look
    await bare.write(keep, "silent")
    assert seen == []

    def loud(tx: Connection, words: str) -> None:
        keep(tx, words)
        wake(tx)

    await together(bare, *(lambda n=n: bare.write(loud, f"w{n}") for n in range(5)))
    await bare.write(keep, "silent again")
    await bare.write(keep, "and again")
    assert seen == [6], "a wish of an earlier commit is not carried along"


async def test_every_write_begins_immediately_and_every_read_does_not(bare: Store, commits: list[str]) -> None:
    reads = statements_on(bare._reading)
    for n in range(5):
        await bare.write(keep, f"w{n}")
        await bare.read(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one())
    await bare.write(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one())
    begins = [statement for statement in commits if statement.startswith("BEGIN")]
    assert begins == ["BEGIN IMMEDIATE"] * 6
    assert {statement for statement in reads if statement.startswith("BEGIN")} == {"BEGIN"}


def test_whoever_opens_a_fresh_file_while_another_begins_to_write_waits_for_them(tmp_path: Path) -> None:
    file = tmp_path / "fresh.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute(NOTES)
        other.execute("BEGIN IMMEDIATE")
        ending = threading.Timer(0.3, other.execute, ["COMMIT"])
        ending.start()
        with closing(Store(f"sqlite:///{file}")) as store:
            store.write_sync(keep, "hello")
            assert kept(store) == ["hello"]
        ending.join()


async def test_the_file_is_kept_as_safely_as_promised(bare: Store) -> None:
    def pragma(tx: Connection) -> list[Any]:
        return [
            tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]

    assert bare.write_sync(pragma) == ["wal", 2, 1, 1]
    assert bare.read_sync(lambda tx: tx.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one()) == 0, (
        "only the writer checkpoints"
    )


def in_the_file_alone(store: Store) -> int:
    """Returns how many notes the database file holds without its WAL, as in a naive copy of that file alone."""
    alone = Path(f"{store.url.database}.alone")
    alone.write_bytes(Path(store.url.database or "").read_bytes())
    with closing(sqlite3.connect(f"file:{alone}?immutable=1", uri=True)) as other, suppress(sqlite3.OperationalError):
        return int(other.execute("SELECT count(*) FROM note").fetchone()[0])
    return 0


async def test_much_that_was_written_goes_into_the_file_while_nobody_waits(bare: Store) -> None:
    committed: list[int] = []

    def much(tx: Connection) -> None:
        keep_all(tx, [f"n{n}" for n in range(2000)])
        afterwards(tx, lambda: committed.append(in_the_file_alone(bare)))

    await bare.write(much)
    await eventually(lambda: in_the_file_alone(bare) == 2000)
    assert committed == [0], "no commit waits for it"
    assert await bare.write(keep, "one more") == "one more"
    assert len(kept(bare)) == 2001


async def test_while_the_file_is_written_anew_for_long_a_writer_says_so_and_lives_on(
    bare: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bare._engine.pool, "_timeout", 0.05)
    bare.write_sync(keep_all, ["a"])
    with closing(bare._engine.raw_connection()):  # as `checkpoint` holds it
        await asyncio.sleep(REST_S + 0.3)
        with pytest.raises(Unavailable):
            await bare.write(keep, "b")
    assert await bare.write(keep, "c") == "c"
    assert kept(bare) == ["a", "c"]


def test_the_file_is_written_anew_beside_it_and_not_in_memory(bare: Store) -> None:
    statements = statements_on(bare._engine)
    bare.checkpoint(vacuum=True)
    anew = statements.index("VACUUM")
    stores = [said.removeprefix("PRAGMA temp_store=") for said in statements if said.startswith("PRAGMA temp_store=")]
    assert statements[anew - 1] == "PRAGMA temp_store=FILE", "as large as the file it may be"
    assert stores == ["FILE", "MEMORY"], "what a savepoint changes goes into memory again"
    assert bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA temp_store").scalar_one()) == 2


def test_little_that_was_written_stays_in_the_log(bare: Store, file: Path) -> None:
    bare.write_sync(keep_all, ["a", "b"])
    with closing(sqlite3.connect(file)) as other:
        other.executemany("INSERT INTO note (words) VALUES (?)", [(f"n{n}",) for n in range(MUCH - 1)])
        other.commit()
        assert write_back(other, 0) == 0
    assert (in_the_file_alone(bare), len(kept(bare))) == (0, MUCH + 1)


async def test_a_full_database_is_unavailable_and_works_again_once_there_is_room(bare: Store) -> None:
    pages = bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA page_count").scalar_one())
    bare.write_sync(lambda tx: tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}").scalar_one())
    with pytest.raises(Unavailable):
        await bare.write(keep, "x" * 100_000)
    results = await together(bare, *(lambda n=n: bare.write(keep, f"{n}" + "x" * 50_000) for n in range(3)))
    assert all(isinstance(result, Unavailable) for result in results)
    bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA max_page_count = 1000000").scalar_one())
    assert await bare.write(keep, "room again") == "room again"
    assert kept(bare) == ["room again"]


@pytest.mark.parametrize("beside", [0, 2])
async def test_a_unit_that_goes_on_after_a_full_disk_undid_everything_is_not_answered_as_stored(bare: Store, beside: int) -> None:
    """SQLite then rolls back the whole transaction, not just the statement, and code that catches the error may not notice."""
    bare.write_sync(lambda tx: tx.exec_driver_sql("CREATE TABLE ballast AS SELECT 1 AS id, 'light' AS words"))
    pages = bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA page_count").scalar_one())
    bare.write_sync(lambda tx: tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar_one())

    def careless(tx: Connection) -> None:
        keep(tx, "mine")
        with suppress(Exception), savepoint(tx):
            tx.execute(text("UPDATE ballast SET words = :words"), {"words": "x" * 100_000})

    others = (lambda n=n: bare.write(keep, f"w{n}") for n in range(beside))
    results = await together(bare, lambda: bare.write(careless), *others)
    assert all(isinstance(result, Unavailable) for result in results), results
    assert kept(bare) == []


async def test_a_database_that_became_read_only_is_unavailable_until_it_is_not(bare: Store) -> None:
    bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(Unavailable):
        await bare.write(keep, "a")
    assert kept(bare) == []
    driver = bare._engine.raw_connection()
    driver.cursor().execute("PRAGMA query_only = OFF")
    driver.close()
    assert await bare.write(keep, "b") == "b"


async def test_a_database_that_another_program_locked_is_unavailable_until_it_lets_go(bare: Store, file: Path) -> None:
    bare.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA busy_timeout = 100"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await bare.write(keep, "a")
    assert await bare.read(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one()) == 0, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    assert await bare.write(keep, "b") == "b"
    assert kept(bare) == ["b"]


# --- crashes -------------------------------------------------------------------------------------------------------------


def child(program: str, file: Path) -> subprocess.Popen[str]:
    """Start another process with this program, in which `store` is the file opened as the bot opens it."""
    head = (
        f"from storage.database import *\nfrom sqlalchemy import text\nimport sys\nstore = Store('sqlite:///{file}', alone=True)\n"
    )
    arguments = [sys.executable, "-u", "-c", head + textwrap.dedent(program)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


WRITES = """
import asyncio
store.write_sync(lambda tx: tx.execute(text("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, words TEXT UNIQUE NOT NULL)")))
start = store.read_sync(lambda tx: tx.execute(text("SELECT count(*) FROM note")).scalar_one())
def keep(tx, words):
    tx.execute(text("INSERT INTO note (words) VALUES (:w)"), {"w": words})
async def person(n):
    for m in range(100000):
        await store.write(keep, f"{start}:{n}:{m}")
        print(f"{start}:{n}:{m}")
async def main():
    await asyncio.gather(*(person(n) for n in range(8)))
asyncio.run(main())
"""


def test_everything_acknowledged_survives_a_process_killed_at_any_moment(file: Path) -> None:
    acknowledged: list[str] = []
    for lines in (1, 40, 200):
        with child(WRITES, file) as writer:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline().strip() for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
    store = Store(f"sqlite:///{file}", alone=True)
    try:
        assert "" not in acknowledged
        assert len(acknowledged) >= 241
        assert set(acknowledged) <= set(kept(store))
        assert store.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"
    finally:
        store.close()


def test_a_second_process_on_the_same_file_is_refused_until_the_first_is_dead(file: Path) -> None:
    with child("print('open')\nsys.stdin.read()\nimport time\ntime.sleep(60)", file) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with pytest.raises(Occupied, match="Stop the other one first"):
            Store(f"sqlite:///{file}", alone=True)
        first.send_signal(signal.SIGKILL)
    store = Store(f"sqlite:///{file}", alone=True)
    store.close()


def test_the_same_file_by_another_name_is_still_the_same_file(file: Path) -> None:
    store = Store(f"sqlite:///{file}", alone=True)
    link = file.with_name("link.db")
    link.symlink_to(file)
    try:
        with pytest.raises(Occupied):
            Store(f"sqlite:///{link}", alone=True)
    finally:
        store.close()


def test_a_look_from_the_command_line_is_welcome_beside_the_one_that_serves(bare: Store, file: Path) -> None:
    bare.write_sync(keep, "a")
    visitor = Store(f"sqlite:///{file}")
    try:
        assert kept(visitor) == ["a"]
    finally:
        visitor.close()


FULL_DISK = """
import resource
store.write_sync(lambda tx: tx.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT UNIQUE NOT NULL)")))
def keep(tx, words):
    tx.execute(text("INSERT INTO note (words) VALUES (:w)"), {"w": words})
store.write_sync(keep, "before")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
for n in range(3):
    try:
        store.write_sync(keep, f"{n}" + "x" * 200_000)
        print("stored")
    except Unavailable:
        print("unavailable")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.write_sync(keep, "after")
print(store.read_sync(lambda tx: list(tx.execute(text("SELECT words FROM note ORDER BY id")).scalars())))
print(store.write_sync(lambda tx: tx.exec_driver_sql("PRAGMA integrity_check").scalar_one()))
store.close()
"""


def test_a_disk_that_takes_no_more_bytes_is_unavailable_and_recovers_without_a_restart(file: Path) -> None:
    with child(FULL_DISK, file) as shop:
        told, complaints = shop.communicate(timeout=30)
    answers = [line for line in told.splitlines() if "database.unavailable" not in line]  # the log is written there, too
    assert answers == ["unavailable"] * 3 + ["['before', 'after']", "ok"], complaints
