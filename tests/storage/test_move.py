"""`hero move`: everything arrives exactly once, however often it was interrupted, and nothing else is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.data.moving import moved
from bot.refusals import Unfinished
from handlers.commands import answer
from handlers.company import Company
from storage import msteams, payloads, practice, schema
from storage.bell import is_at_work
from storage.database import Store
from storage.move import AT_ONCE, Unfit, differences, move, tables
from tests.cli.command import hero, process
from tests.conftest import ANA, BEN, Shop, said
from tests.faults.proxy import Proxy
from tests.faults.test_at_once import tick, waits
from tests.postgres import Postgres
from tests.running import eventually

FILLED = ("customer", "feedback", "follow_up", "act", "message", "gate", "person", "duty", "nudge", "bundle", "practice_post")


def silent(table: str, done: int, total: int) -> None: ...


@pytest.fixture
def left(tmp_path: Path, migrated_file: Path, company: Company) -> Iterator[Shop]:
    """A shop on a SQLite file, with a bit of everything in its tables."""
    file = tmp_path / "left.db"
    file.write_bytes(migrated_file.read_bytes())
    with closing(Store(f"sqlite:///{file}")) as store:
        here = Shop(store, company)
        waits(here)
        for hours in (2, 4, 20, 46):
            here.passes(hours=hours)
            tick(store, here)
        here.hears(said("odd", comment="\u00e9\u4e16 'quoted' \\ and \U0001f600", customer={"key": "k", "value": 0.1 + 0.2}))
        here.tap("claim", BEN, 2)
        store.write_sync(answer, here.company, "away until monday forward lea@x.example", ANA, ANA.place, here.now)
        for n, name in enumerate(("Zebra", "apple", "\u00c5ngstr\u00f6m", "_")):
            store.write_sync(msteams.learn, [msteams.Seen(id=name, team_id="t", tenant="x", service_url="https://x")], 0.0)
            first = store.write_sync(practice.say, "oak", f"k{n}", {"n": n}, here.now)
            store.write_sync(practice.say, "oak", f"a{n}", {"n": n}, here.now, first)
        yield here


@pytest.fixture
def target(fresh_postgres: str) -> Iterator[Store]:
    with closing(Store(fresh_postgres)) as store:
        yield store


def test_30_everything_arrives_and_new_rows_are_numbered_after_it(left: Shop, target: Store) -> None:
    counts = move(left.store, target, silent)
    assert all(counts[name] for name in FILLED), "the shop of this test has rows of every kind"
    assert differences(left.store, target) == []
    there = Shop(target, left.company, left.now)
    assert there.row(2).owner_name == "Ben"
    [receipt] = there.hears(said("new"))
    assert receipt.id == counts["feedback"] + 1
    assert len(there.keys()) == len(left.keys()) + 1


def test_what_postgresql_cannot_store_is_left_out_of_a_copy_and_the_rest_of_the_text_arrives(left: Shop, target: Store) -> None:
    odd = "INSERT INTO payload (source, body, received_at, rejected, reason) VALUES ('survey', '{}', '2026-11-20', 1, ?)"
    left.store.write_sync(lambda tx: tx.exec_driver_sql(odd, ("x\0y is not a key we know",)))
    move(left.store, target, silent)
    assert [row.reason for row in target.read_sync(payloads.kept, "survey", 0, 10)] == ["xy is not a key we know"]


def test_30_what_was_interrupted_is_gone_on_with(left: Shop, target: Store) -> None:
    left.hears(*(said(f"more-{n}") for n in range(AT_ONCE + 20)))

    class Pulled(Exception):
        """Simulates a power cut."""

    stops = 0
    while True:
        seen = 0

        def plug(table: str, done: int, total: int, after: int = stops) -> None:
            nonlocal seen
            seen += 1
            if seen > after:
                raise Pulled

        try:
            move(left.store, target, plug)
        except Pulled:
            stops += 1
        else:
            break
    assert stops > len(tables())
    assert differences(left.store, target) == []


def test_30_a_target_with_rows_of_its_own_is_refused_and_left_as_it_is(left: Shop, target: Store) -> None:
    schema.migrate(target)
    Shop(target, left.company, left.now).hears(said("theirs"))
    before = {table.name: target.read_sync(lambda tx, t=table: tx.execute(t.select()).all()) for table in tables()}
    with pytest.raises(Unfit, match="already holds other rows"):
        move(left.store, target, silent)
    assert {table.name: target.read_sync(lambda tx, t=table: tx.execute(t.select()).all()) for table in tables()} == before


def test_30_a_copy_that_is_not_equal_is_told(left: Shop, target: Store) -> None:
    move(left.store, target, silent)
    target.write_sync(lambda tx: tx.execute(text("UPDATE feedback SET comment = 'other words' WHERE id = 3")))
    assert differences(left.store, target) == ["feedback"]


def test_back_from_postgresql_to_a_file_works_too(left: Shop, target: Store, tmp_path: Path) -> None:
    move(left.store, target, silent)
    with closing(Store(f"sqlite:///{tmp_path / 'back.db'}")) as back:
        move(target, back, silent)
        assert differences(left.store, back) == []


def test_the_command_says_how_far_it_is_and_what_to_do_next(left: Shop, fresh_postgres: str, tmp_path: Path) -> None:
    source = str(left.store.url)
    told = hero("move", source, fresh_postgres, folder=tmp_path)
    assert told.status == 0, told.all
    assert "feedback: 13 of 13" in told.err
    assert f"database: {fresh_postgres}" in told.out
    again = hero("move", source, fresh_postgres, folder=tmp_path)
    assert again.status == 0, "a second time finds it all there"


def test_30_into_a_database_that_has_its_tables_already_everything_is_copied_too(
    left: Shop, target: Store, fresh_postgres: str, tmp_path: Path
) -> None:
    """As after an interruption. In a process of its own: this one has long loaded what lists the tables."""
    schema.migrate(target)
    told = process("move", str(left.store.url), fresh_postgres, folder=tmp_path)
    assert told.status == 0, told.all
    assert "feedback: 13 of 13" in told.err
    assert differences(left.store, target) == []


def test_a_database_that_goes_away_in_the_middle_is_told_with_what_was_copied_and_what_to_do(
    left: Shop, postgres: Postgres, fresh_postgres: str
) -> None:
    source, wire = str(left.store.url), Proxy(postgres.port)

    def falls(line: str, _ended: bool) -> None:
        if line.startswith("feedback"):
            wire.__exit__()

    with pytest.raises(Unfinished, match=r"What was copied by then stays; .* run the same command again\.$"):
        moved(source, fresh_postgres.replace(str(postgres.port), str(wire.port)), falls)
    with closing(Store(fresh_postgres)) as target:
        assert differences(left.store, target), "it was in the middle"
        assert "their number and contents agree" in moved(source, fresh_postgres, lambda _line, _ended: None)
        assert differences(left.store, target) == []


def test_a_file_that_a_bot_still_serves_is_not_moved(left: Shop, fresh_postgres: str, tmp_path: Path) -> None:
    with closing(Store(str(left.store.url), alone=True)):
        refused = hero("move", str(left.store.url), fresh_postgres, folder=tmp_path)
    assert refused.status == 75
    assert "another process already serves" in refused.err


@pytest.mark.anyio
async def test_a_postgresql_that_a_bot_serves_is_neither_left_nor_filled(
    left: Shop, target: Store, fresh_postgres: str, postgres: Postgres, tmp_path: Path
) -> None:
    source, back = str(left.store.url), f"sqlite:///{tmp_path / 'back.db'}"
    postgres.ask("CREATE SCHEMA north", target.url.database or "")
    with closing(Store(fresh_postgres, alone=True)), closing(Store(f"{fresh_postgres}?options=-csearch_path%3Dnorth")) as other:
        await eventually(lambda: target.read_sync(is_at_work))
        for words in ((source, fresh_postgres), (fresh_postgres, back)):
            refused = hero("move", *words, folder=tmp_path)
            assert refused.status == 75
            assert "Stop it, with all its replicas, then run the same command again." in refused.err
        assert target.read_sync(schema.current) is None, "nothing was changed"
        assert not other.read_sync(is_at_work), "another installation on the same server is not stopped for this one"
    await eventually(lambda: not target.read_sync(is_at_work))
    assert hero("move", source, fresh_postgres, folder=tmp_path).status == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", ". Run hero migrate --database 'sqlite:///"),
        ("UPDATE alembic_version SET version_num = '9999'", "schema 9999, newer than this release's"),
        ("DROP TABLE alembic_version", "there is nothing of Action Hero's in the database to move"),
    ],
)
def test_a_database_that_this_release_cannot_move_as_it_is_is_told_with_what_to_do(
    left: Shop, fresh_postgres: str, tmp_path: Path, change: str, said: str
) -> None:
    left.store.write_sync(lambda tx: tx.execute(text(change)))
    refused = hero("move", str(left.store.url), fresh_postgres, folder=tmp_path)
    assert refused.status in (2, 75)
    assert said in refused.err


@pytest.mark.parametrize(
    "words", [["sqlite:///a.db", "sqlite:///a.db"], ["sqlite:///a.db", "mysql://x/y"], ["nonsense", "sqlite:///a.db"]]
)
def test_what_cannot_be_moved_is_said_in_a_sentence(words: list[str], tmp_path: Path) -> None:
    refused = hero("move", *words, folder=tmp_path)
    assert refused.status == 2
    assert "Traceback" not in refused.all
    assert len(refused.err.splitlines()) == 1
