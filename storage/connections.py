"""How connections are opened: what each database is told before the first statement."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event


def engine(url: URL, *, writes: bool) -> Engine:
    """The pool of connections to `url`; on SQLite those of a reader cannot write."""
    if url.get_backend_name() != "sqlite":
        options = {
            "connect_timeout": 5,
            "options": "-c statement_timeout=5000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC",
        }
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_size=8, pool_pre_ping=True, connect_args=options)
    pool = create_engine(
        url, pool_size=1 if writes else 4, max_overflow=0, connect_args={"check_same_thread": False, "timeout": 10}
    )
    event.listen(pool, "connect", partial(_sqlite_connection, writes=writes))
    event.listen(pool, "begin", partial(_sqlite_begin, "BEGIN IMMEDIATE" if writes else "BEGIN"))
    return pool


def _sqlite_connection(connection: Any, _record: Any, *, writes: bool) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own; `_sqlite_begin` does
    cursor = connection.cursor()
    # Only the writer may checkpoint: a checkpoint beside a commit is what the WAL-reset bug needs.
    for pragma in (
        ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"]
        if writes
        else ["wal_autocheckpoint=0", "query_only=ON"]
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(statement: str, tx: Connection) -> None:
    tx.exec_driver_sql(statement)


def settle(connection: Any, *, sqlite: bool, rebuild: bool) -> None:
    """What Store.settle promises, on a connection of the driver's own, outside any transaction."""
    if sqlite:
        if rebuild:
            connection.execute("VACUUM")
        # TRUNCATE waits for its turn among the writers, so no commit runs beside it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    elif rebuild:
        connection.rollback()
        connection.autocommit = True
        try:
            connection.execute("SET statement_timeout = 0")
            connection.execute("VACUUM FULL")
        finally:
            connection.execute("RESET statement_timeout")
            connection.autocommit = False


def sqlite_version_is_mended() -> bool:
    """Whether this SQLite has the WAL-reset fix."""
    return is_mended(sqlite3.sqlite_version_info)


def is_mended(version: tuple[int, ...]) -> bool:
    """3.51.3 has it, and so have 3.50.7 and 3.44.6."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
