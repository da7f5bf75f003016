"""Migrations: from nothing to head, from head to head, down and up with data, and never past a later release."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Dialect, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from storage import followups, patience, schema
from storage.database import Busy, Store
from storage.models.columns import UtcTime
from storage.postgresql_connection import LIMITS
from tests.conftest import ANA, Shop, said


@pytest.fixture
def empty(empty_database: str) -> Iterator[Store]:
    with closing(Store(empty_database, alone=True)) as store:
        yield store


@pytest.fixture
def database(empty_database: str) -> str:
    """Each test here gets a database of its own, because they change the schema."""
    with closing(Store(empty_database)) as store:
        schema.migrate(store)
    return empty_database


def alembic(tx: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = tx
    return config


SHAPES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'",
    "postgresql": """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_stat_user_indexes WHERE relname NOT LIKE 'alembic%'
        UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'alembic%'
        UNION ALL SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default, identity_generation)
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'
    """,
}


def shape(store: Store) -> dict[str, str]:
    """Returns every table and index as the database describes them, with white space normalised."""
    listed = text(SHAPES[store.url.get_backend_name()])
    return {name: " ".join(sql.split()) for name, sql in store.read_sync(lambda tx: tx.execute(listed).all())}


def test_an_empty_database_is_brought_to_our_head(empty: Store) -> None:
    assert empty.read_sync(schema.current) is None
    assert schema.migrate(empty) == "nothing"
    assert empty.read_sync(schema.current) == schema.head()
    tables = set(empty.read_sync(lambda tx: inspect(tx).get_table_names()))
    assert tables == set(SQLModel.metadata.tables) | {"alembic_version"}


def test_a_database_at_our_head_is_left_as_it_is(store: Store) -> None:
    before = shape(store)
    assert schema.migrate(store) is None
    assert shape(store) == before


def test_the_migrations_make_what_the_models_say(store: Store) -> None:
    def drift(tx: Connection) -> Any:
        options = {"compare_type": True, "compare_server_default": True}
        return compare_metadata(MigrationContext.configure(tx, opts=options), SQLModel.metadata)

    assert store.write_sync(drift) == []


def test_the_indexes_are_the_ones_the_models_say_also_in_their_conditions(empty: Store) -> None:
    def indexes() -> dict[str, str]:
        return {name: sql for name, sql in shape(empty).items() if "INDEX" in sql.upper().split("(")[0]}

    schema.migrate(empty)
    migrated = indexes()
    empty.write_sync(lambda tx: command.downgrade(alembic(tx), "base"))
    empty.write_sync(SQLModel.metadata.create_all)
    assert len(migrated) > 10
    assert indexes() == migrated


def test_down_and_up_again_gives_the_same_tables_and_takes_new_data(shop: Shop) -> None:
    shop.hears(said(customer={"key": "c-1"}))
    shop.tap("claim", ANA)
    before = shape(shop.store)
    shop.store.write_sync(lambda tx: command.downgrade(alembic(tx), "base"))
    assert shape(shop.store) == {}
    assert schema.migrate(shop.store) == "nothing"
    assert shape(shop.store) == before
    shop.hears(said())
    shop.tap("claim", ANA)
    assert shop.row().owner_user_id == "ana"


def test_a_migration_that_breaks_leaves_the_database_where_it_was(empty: Store) -> None:
    empty.write_sync(lambda tx: tx.execute(text("CREATE TABLE person (id INTEGER PRIMARY KEY)")))  # in the way of the first tables
    with pytest.raises(Exception, match="person"):
        schema.migrate(empty)
    assert empty.read_sync(schema.current) is None
    assert set(empty.read_sync(lambda tx: inspect(tx).get_table_names())) <= {"person"}


def test_a_database_of_a_later_release_is_refused_with_what_to_do(store: Store) -> None:
    store.write_sync(lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    before = shape(store)
    with pytest.raises(schema.Newer, match="Install the release that wrote it"):
        schema.migrate(store)
    assert shape(store) == before


def test_our_head_is_what_alembic_takes_for_it_and_the_line_is_straight() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert scripts.get_heads() == [schema.head()]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "`migrate` compares revisions as texts"


def test_several_that_migrate_at_once_all_succeed(empty_database: str) -> None:
    with ExitStack() as opened, ThreadPoolExecutor(10) as pool:
        stores = [opened.enter_context(closing(Store(empty_database))) for _ in range(10)]
        came_from = list(pool.map(schema.migrate, stores))
        assert set(came_from) <= {"nothing", None}
        assert stores[0].read_sync(schema.current) == schema.head()


def test_a_replica_waits_for_one_that_migrates_longer_than_any_tap_may_take(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, "statement_timeout", "300")
    monkeypatch.setitem(LIMITS, "lock_timeout", "200")
    monkeypatch.setattr(patience, "LONGEST_S", 0.3)
    with closing(Store(empty_database)) as first, closing(Store(empty_database)) as second, ThreadPoolExecutor(2) as pool:
        busy, done = Event(), Event()

        def takes_long(tx: Connection) -> None:
            schema._wait_for_our_turn(tx)
            busy.set()
            assert done.wait(30)

        migrating = pool.submit(first.write_unhurried, takes_long)
        assert busy.wait(30)
        waiting = pool.submit(schema.migrate, second)
        with pytest.raises(TimeoutError):
            waiting.result(1.5)
        done.set()
        migrating.result(30)
        assert waiting.result(30) == "nothing"


def test_while_somebody_reads_the_tables_a_migration_gives_way_to_the_replicas_that_serve(
    fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "SHORTLY", "300ms")
    with closing(Store(fresh_postgres)) as serving, closing(Store(fresh_postgres)) as upgrading, ThreadPoolExecutor(1) as pool:
        schema.migrate(serving)
        serving.write_sync(lambda tx: command.downgrade(alembic(tx), "0001"))
        with psycopg.connect(fresh_postgres) as dump:
            dump.execute("LOCK TABLE follow_up, feedback, act, message IN ACCESS SHARE MODE")
            migrating = pool.submit(schema.migrate, upgrading)
            assert serving.read_sync(followups.case, 1) is None
            with pytest.raises(Busy):
                migrating.result(10)
            assert serving.read_sync(schema.current) == "0001"
        assert schema.migrate(upgrading) == "0001"


def test_the_database_itself_refuses_a_state_nobody_knows(shop: Shop) -> None:
    shop.hears(said())
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        shop.store.write_sync(lambda tx: tx.execute(text("UPDATE follow_up SET state = 'lost'")))
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        shop.store.write_sync(lambda tx: tx.execute(text("UPDATE message SET state = 'lost'")))


def test_the_database_itself_refuses_a_second_follow_up_of_the_same_answer(shop: Shop) -> None:
    shop.hears(said())
    columns = "workspace, feedback_id, team, route, moment, state, version, created_at, claim_by, close_by, promised_at, promises, state_since, rungs_unclaimed, rungs_claimed, done, reason"
    with pytest.raises(Exception, match=r"(?i)unique constraint.*follow_up.feedback_id"):
        shop.store.write_sync(lambda tx: tx.execute(text(f"INSERT INTO follow_up ({columns}) SELECT {columns} FROM follow_up")))


@pytest.mark.parametrize("table", ["follow_up", "feedback", "customer", "person", "act"])
def test_no_table_lets_go_of_a_row_that_others_point_at(shop: Shop, table: str) -> None:
    shop.hears(said(customer={"key": "c-1"}))
    shop.tap("claim", ANA)
    shop.tap("release", ANA)
    with pytest.raises(Exception, match=r"(?i)foreign key constraint"):
        shop.store.write_sync(lambda tx: tx.execute(text(f"DELETE FROM {table}")))


def test_the_file_is_plain_sqlite_that_any_tool_opens(migrated_file: Path) -> None:
    with sqlite3.connect(migrated_file) as other:
        assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.head(),)]
    other.close()


@given(
    st.datetimes(
        timezones=st.sampled_from([UTC, ZoneInfo("Europe/Oslo"), ZoneInfo("Asia/Kathmandu")]), min_value=datetime(1900, 1, 1)
    )
)
def test_a_time_is_stored_as_sqlalchemy_stores_it_and_comes_back_in_utc(at: datetime) -> None:
    dialect = sqlite.dialect()
    ours, theirs = (kind.dialect_impl(dialect).bind_processor(dialect) for kind in (UtcTime(), UTCDateTime()))
    back = UtcTime().result_processor(dialect, None)
    assert ours
    assert theirs
    assert back
    assert ours(at) == theirs(at)
    assert back(ours(at)) == at.astimezone(UTC)
    assert back(ours(at)).tzinfo is UTC


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_a_time_without_a_zone_is_not_stored(dialect: Dialect) -> None:
    ours = UtcTime().bind_processor(dialect)
    assert ours
    with pytest.raises(ValueError, match="no time zone"):
        ours(datetime(2026, 11, 20, 10, 0))


def test_every_time_in_every_table_is_stored_that_way() -> None:
    kinds = {type(column.type) for table in SQLModel.metadata.tables.values() for column in table.c}
    assert UtcTime in kinds
    assert UTCDateTime not in kinds
