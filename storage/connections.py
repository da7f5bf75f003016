"""How connections are opened, and the settings each database gets before the first statement."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from storage import sqlite_file
from storage.prepared import Prepared

CACHE_KIB = 8 * 1024
"""The writer's page cache in SQLite: a look at a thousand among a million touches more than the default 2 MiB; 16 is no faster."""
CHECKPOINT = 16_000
"""Pages of WAL (64 MiB) after which a commit runs the checkpoint itself, and somebody waits for it. Usually the writer has done so
before, while idle: see `write_back`."""
MUCH = 1000
"""Changed rows after which a checkpoint is worthwhile."""
LOCKED_S = 10.0
"""Seconds to wait for another process that is writing to the SQLite file."""
LOOK_AGAIN_S = 0.01
WRITERS = 4
"""Connections that write, on PostgreSQL, beside those of a crowd."""


def engine(url: URL, *, writes: bool) -> Engine:
    """Returns the connection pool for `url`; a reader's cannot write. Errors omit parameters, which may quote customers."""
    if url.get_backend_name() != "sqlite":
        return postgresql(url, writes=writes)
    wire = {"check_same_thread": False, "timeout": LOCKED_S}
    pool = create_engine(
        url, pool_size=1 if writes else 4, max_overflow=0, connect_args=wire, hide_parameters=True, json_serializer=_json
    )
    event.listen(pool, "do_connect", lambda *_: sqlite_file.make_private(url.database or ""))
    event.listen(pool, "connect", partial(_sqlite_connection, writes=writes))
    return pool


def postgresql(url: URL, *, writes: bool, opens: Callable[[Mapping[str, Any]], Any] | None = None) -> Engine:
    """Returns a pool of connections to PostgreSQL, which `opens` opens with psycopg's keywords.

    No pre-ping: the unit of work notices a connection that died meanwhile, and is retried on another.
    """
    from storage.postgresql_connection import opened  # SQLite does without what it loads

    pool = create_engine(libpq(url), pool_size=WRITERS, max_overflow=WRITERS, hide_parameters=True, json_serializer=_json)
    event.listen(pool, "do_connect", lambda _dialect, _record, _args, keywords: (opens or opened)(keywords))
    if not writes:
        event.listen(pool, "connect", _cannot_write)
    return pool


def _cannot_write(connection: Any, _record: Any) -> None:
    """Begin transactions that cannot write. Were it a default of the server, `?target_session_attrs=read-write` would find none."""
    connection.read_only = True


def leave(pool: Engine) -> None:
    """Have each connection replaced when it is next asked for; those in use are closed then, which `dispose` would leave open."""
    pool.pool._invalidate(None)  # type: ignore[arg-type]  # noqa: SLF001  (SQLAlchemy does so itself once a connection is lost)


def keywords(url: URL) -> Mapping[str, Any]:
    """Returns the URL as keywords for psycopg's `connect`, several hosts with their ports among them. Raises ArgumentError."""
    told: Mapping[str, Any] = libpq(url).get_dialect()().create_connect_args(url)[1]
    return {name: " ".join(value) if isinstance(value, tuple) else value for name, value in told.items()}


def libpq(url: URL) -> URL:
    """Returns `url` with the one driver we install, whichever it names."""
    return url.set(drivername="postgresql+psycopg")


def _sqlite_connection(connection: Any, _record: Any, *, writes: bool) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own; `begun` does
    cursor = connection.cursor()
    if writes:
        _write_ahead(cursor)
    # Only the writer may checkpoint: the WAL-reset bug needs a checkpoint that runs beside a commit.
    for pragma in (
        [
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",  # otherwise the pages that a savepoint changes are written to a temporary file
            f"cache_size=-{CACHE_KIB}",
            f"wal_autocheckpoint={CHECKPOINT}",
        ]
        if writes
        else ["wal_autocheckpoint=0", "query_only=ON"]
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


_BEGIN_TO_WRITE, _BEGIN = Prepared(text("BEGIN IMMEDIATE")), Prepared(text("BEGIN"))


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to WAL mode. Retries, since the busy timeout does not cover another connection that writes without WAL."""
    until = time.monotonic() + LOCKED_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(LOOK_AGAIN_S)
        else:
            return


@contextmanager
def begun(tx: Connection, *, writes: bool) -> Iterator[None]:
    """Run the block in a transaction: committed at the end, rolled back if anything is raised.

    A writer on SQLite takes its lock right away. BEGIN is sent here and not by an event listener, since a listener slows down every
    statement.
    """
    with tx.begin():
        if tx.dialect.name == "sqlite":
            (_BEGIN_TO_WRITE if writes else _BEGIN).count(tx)
        yield
        still_begun(tx)


def lift_limits(tx: Connection, *, locks: bool) -> None:
    """Let the statements of this transaction, and with `locks` their waiting for locks, take as long as they need."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET LOCAL statement_timeout = 0")
        if locks:
            tx.exec_driver_sql("SET LOCAL lock_timeout = 0")


def still_begun(tx: Connection) -> None:
    """Raise if the transaction is gone, and somebody caught the error that said so: the connection broke, or SQLite rolled it back
    because its disk was full. Its driver would not complain, and each later statement would be committed on its own."""
    if tx.invalidated:
        raise OperationalError("COMMIT", None, ConnectionError("the connection was lost"), connection_invalidated=True)
    if tx.dialect.name == "sqlite" and not tx.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        tx.exec_driver_sql("COMMIT")


def _json(value: Any) -> str:
    """Serialise to JSON. Each row of the log holds two objects, and pydantic is four times as fast as the standard library."""
    return to_json(value).decode()


def checkpoint(connection: Any, *, sqlite: bool, vacuum: bool) -> None:
    """Implements Store.checkpoint on a driver connection, outside any transaction."""
    if sqlite:
        if vacuum:
            connection.execute("PRAGMA temp_store=FILE")  # VACUUM writes a second database first, which memory may not hold
            try:
                connection.execute("VACUUM")
            finally:
                connection.execute("PRAGMA temp_store=MEMORY")
        # TRUNCATE waits for the write lock, so no commit runs beside it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    elif vacuum:
        from storage.postgresql_connection import LIMITS  # SQLite does without what it loads

        connection.rollback()
        connection.autocommit = True
        try:
            connection.execute("SET statement_timeout = 0")
            connection.execute("VACUUM FULL")
        finally:
            connection.execute(f"SET statement_timeout = {LIMITS['statement_timeout']}")
            connection.autocommit = False


def write_back(connection: sqlite3.Connection, changes: int) -> int:
    """Checkpoint SQLite's WAL if many rows changed since the count `changes`. Returns the count to pass next time."""
    if connection.total_changes - changes < MUCH:
        return changes
    # PASSIVE waits for nobody: pages that readers still need stay until next time.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return connection.total_changes


def is_mended(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Returns whether SQLite has the fix of the WAL-reset bug: it is in 3.51.3, and backported to 3.50.7 and 3.44.6."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
