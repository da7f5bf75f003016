"""What the command line does in one go: it may take longer than a tap may, and what it could not finish it says, and does later."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from bot.config import Settings
from bot.data.erasing import forget
from bot.data.merging import merged
from bot.refusals import Mistaken, Unfinished
from handlers.arrivals.arrival import Arrival
from handlers.feedback import Customer
from handlers.receive import receive
from storage import connections, erased, patience, schema
from storage.database import Store
from storage.postgresql_connection import LIMITS
from tests.cli.command import ROOT, hero
from tests.cli.test_data import CANARY, NOW, settings_in
from tests.conftest import said

SLOWLY = """CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END $$"""


@pytest.fixture
def settings(tmp_path: Path, fresh_postgres: str) -> Settings:
    """Of a shop on PostgreSQL that has heard Dana and Olav."""
    settings = settings_in(tmp_path).model_copy(update={"database": fresh_postgres})
    with closing(Store(fresh_postgres)) as store:
        schema.migrate(store)
        hear(store, settings)
    return settings


def hear(store: Store, settings: Settings) -> None:
    heard = {"c-1": CANARY, "c-2": "olav@mail.example"}
    told = [said(f"r-{key}", score=10, customer=Customer(key=key, email=email)) for key, email in heard.items()]
    store.write_sync(receive, settings.company, [Arrival("survey", each, NOW) for each in told])


def test_an_erasure_and_a_merge_may_take_longer_than_any_tap(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Store(settings.database)) as store:
        for statement in (SLOWLY, "CREATE TRIGGER slowly BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION slowly()"):
            store.write_sync(lambda tx, say=statement: tx.exec_driver_sql(say))
    monkeypatch.setitem(LIMITS, "statement_timeout", "400")
    monkeypatch.setitem(LIMITS, "lock_timeout", "400")
    monkeypatch.setattr(patience, "LONGEST_S", 0.2)
    with closing(Store(settings.database)) as store:
        assert merged(store, "c-1", "c-2").startswith("1 answer of c-2 became one of c-1's")
    told: list[str] = []
    forget(settings, CANARY, told.append)
    assert ", 2 answers. A re-delivery of them is ignored." in told[0]


@contextmanager
def reading(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody reads a table, as pg_dump does, so that it cannot be written anew; and we wait for that only shortly."""
    monkeypatch.setitem(LIMITS, "lock_timeout", "300")
    with psycopg.connect(settings.database) as reader:
        reader.execute("SELECT count(*) FROM feedback")
        yield


def test_while_somebody_reads_the_tables_an_erasure_is_done_and_the_same_command_removes_the_old_bytes_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with reading(settings, monkeypatch):
        for _ in range(2):
            with pytest.raises(Unfinished, match=r"^erased, but the database could not be written anew now.*Run the same command"):
                forget(settings, CANARY, told.append)
    assert told[0].startswith("Erased: 1 customer, 1 answer.")
    assert len(told) == 2
    forget(settings, CANARY.upper(), told.append)
    [anew] = told[2:]
    assert anew.startswith("They were erased before, and now the database was written anew, without what was left of them. Postgre")
    with pytest.raises(Mistaken, match="nobody is known"):
        forget(settings, CANARY, told.append)


def test_a_mistyped_customer_is_never_told_as_erased_though_an_erasure_before_is_finished_with_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with reading(settings, monkeypatch):
        with pytest.raises(Unfinished, match=r"^erased, but"):
            forget(settings, "c-1", told.append)
        with pytest.raises(
            Unfinished, match=r"^nobody is known by that key or e-mail, so nothing was erased; nor could the database"
        ):
            forget(settings, "olva@mail.example", told.append)
    said_before = len(told)
    with pytest.raises(
        Mistaken, match=r"so nothing was erased\. Check the spelling.* For an erasure before, the database was written"
    ):
        forget(settings, "olva@mail.example", told.append)
    with pytest.raises(Mistaken, match=r"already\.$"):
        forget(settings, "olva@mail.example", told.append)
    assert len(told) == said_before
    forget(settings, "olav@mail.example", told.append)
    assert told[said_before].startswith("Erased: 1 customer")


@pytest.mark.parametrize("who", ["somebody", "c-1"])
def test_an_erasure_also_writes_the_file_anew_for_one_before_that_could_not(tmp_path: Path, who: str) -> None:
    settings = settings_in(tmp_path)
    with closing(Store(settings.database)) as store:
        answer = said("r-1", score=10, customer=Customer(key="c-1"))
        store.write_sync(receive, settings.company, [Arrival("survey", answer, NOW)])
        store.write_sync(erased.leave_bytes, who)
    told: list[str] = []
    forget(settings, "c-1", told.append)
    assert told[-1].startswith("The database file was written anew, and not a byte of it is left.")


def test_while_pg_dump_reads_the_tables_nothing_is_erased_and_the_database_is_not_blamed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "lock_timeout", "300")
    with psycopg.connect(settings.database) as reader:
        reader.execute("SELECT count(*) FROM house_key")
        told = hero("erase", "--customer", "c-1", "--yes", "--database", settings.database, folder=tmp_path)
    assert (told.status, told.out) == (75, "")
    assert told.err == (
        "hero: others, such as the bot or a pg_dump, are reading or changing the same just now, so nothing was changed. "
        "Run the same command again later.\n"
    )


def test_while_the_bot_writes_to_its_file_nothing_is_erased_and_the_database_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    with closing(Store(settings.database)) as store:
        hear(store, settings)
    monkeypatch.setattr(connections, "LOCKED_S", 0.2)
    with closing(sqlite3.connect(tmp_path / "imported.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        told = hero("erase", "--customer", "c-1", "--yes", folder=tmp_path)
    assert (told.status, told.out) == (75, "")
    assert told.err.startswith("hero: others, such as the bot or a pg_dump, are reading or changing the same just now, so nothing")


def test_on_a_disk_too_full_to_write_the_file_anew_an_erasure_is_done_and_the_same_command_does_the_rest_later(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    with closing(Store(settings.database)) as store:
        hear(store, settings)
        many = [said(f"o-{n}", score=10, comment=f"{CANARY} was here. " * 50) for n in range(300)]
        store.write_sync(receive, settings.company, [Arrival("survey", each, NOW) for each in many])
    most = (tmp_path / "imported.db").stat().st_size  # the log of what VACUUM does is a little larger

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    words = ["erase", "--customer", "c-1", "--yes"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "SQLITE_TMPDIR": str(tmp_path)}
    run = [sys.executable, "-m", "bot", *words]
    told = subprocess.run(run, cwd=tmp_path, env=env, preexec_fn=full, capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stdout[:40]) == (75, "Erased: 1 customer, 1 answer. A re-deliv")
    assert told.stderr.startswith("hero: erased, but the database could not be written anew now"), told.stderr
    again = hero(*words, folder=tmp_path)
    assert (again.status, again.err) == (0, "")
    assert "now the database was written anew, without what was left of them. Backups" in again.out
    assert "nobody is known" in hero(*words, folder=tmp_path).err
