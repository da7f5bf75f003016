"""How connections are opened: what each database is told before the first statement."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from storage import sqlite_file
from storage.prepared import Prepared

CACHE_KIB = 8 * 1024
"""What the writer keeps of a SQLite file in memory: one look at a thousand among a million touches more than the usual 2 MiB, and
with 16 it was no faster."""
CHECKPOINT = 16_000
"""Pages of the log (64 MiB) after which a commit itself copies them into the file, and somebody waits for it. Usually the writer
has done so before, while nothing waited: see `write_back`."""
MUCH = 1000
"""Changed rows after which the log is worth writing back."""
LOCKED_S = 10.0
"""How long one waits for another process that writes to the SQLite file."""
LOOK_AGAIN_S = 0.01
WRITERS = 4
"""Connections that write, on PostgreSQL."""
POSTGRESQL = [
    "statement_timeout=5000",
    "lock_timeout=4000",
    "idle_in_transaction_session_timeout=10000",
    "timezone=UTC",
]
WIRE = {
    "application_name": "action-hero",
    "connect_timeout": 5,
    # A server whose machine is gone answers nothing at all, not even "no"; by these the kernel notices within ten seconds.
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def engine(url: URL, *, writes: bool) -> Engine:
    """The pool of connections to `url`; those of a reader cannot write. What customers said is kept out of its errors."""
    if url.get_backend_name() != "sqlite":
        return _postgresql(url, writes=writes)
    wire = {"check_same_thread": False, "timeout": LOCKED_S}
    pool = create_engine(
        url, pool_size=1 if writes else 4, max_overflow=0, connect_args=wire, hide_parameters=True, json_serializer=_json
    )
    event.listen(pool, "do_connect", lambda *_: sqlite_file.make_private(url.database or ""))
    event.listen(pool, "connect", partial(_sqlite_connection, writes=writes))
    return pool


def _postgresql(url: URL, *, writes: bool) -> Engine:
    """No pre-ping: a connection that died meanwhile is noticed by the unit of work, which is run once more on another."""
    told = POSTGRESQL if writes else [*POSTGRESQL, "default_transaction_read_only=on"]
    wire = WIRE | {"options": options(url, told)}
    return create_engine(
        libpq(url), pool_size=WRITERS, max_overflow=WRITERS, connect_args=wire, hide_parameters=True, json_serializer=_json
    )


def options(url: URL, told: Sequence[str]) -> str:
    """What a connection tells the server: first what the address says, as `?options=-csearch_path=north`, then what we need."""
    return " ".join([*url.normalized_query.get("options", ()), *(f"-c {setting}" for setting in told)])


def libpq(url: URL) -> URL:
    """`url` with the one driver we have, whichever it names."""
    return url.set(drivername="postgresql+psycopg")


def _sqlite_connection(connection: Any, _record: Any, *, writes: bool) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own; `begun` does
    cursor = connection.cursor()
    if writes:
        _write_ahead(cursor)
    # Only the writer may checkpoint: a checkpoint beside a commit is what the WAL-reset bug needs.
    for pragma in (
        [
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",  # else what a savepoint changes is written to a file beside it, page by page
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
    """Give a fresh file its log. SQLite waits for others by itself, but refuses at once where one has begun to write without it."""
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
    """A transaction that is committed at the end, or rolled back when something is raised.

    On SQLite a writer's lock is taken right away. Said here and not by a listener: one listener makes every statement slower.
    """
    with tx.begin():
        if tx.dialect.name == "sqlite":
            (_BEGIN_TO_WRITE if writes else _BEGIN).count(tx)
        yield
        still_begun(tx)


def still_begun(tx: Connection) -> None:
    """Raises where SQLite undid the whole transaction, its disk being full, and somebody caught that: the driver would be silent,
    and whatever follows would be stored at once."""
    if tx.dialect.name == "sqlite" and not tx.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        tx.exec_driver_sql("COMMIT")


def _json(value: Any) -> str:
    """Every line of the log holds two objects; pydantic writes them four times as fast as Python's own library."""
    return to_json(value).decode()


def settle(connection: Any, *, sqlite: bool, rebuild: bool) -> None:
    """What Store.settle promises, on a connection of the driver's own, outside any transaction."""
    if sqlite:
        if rebuild:
            connection.execute("PRAGMA temp_store=FILE")  # it writes a second database first: memory may not hold as much
            try:
                connection.execute("VACUUM")
            finally:
                connection.execute("PRAGMA temp_store=MEMORY")
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


def write_back(connection: sqlite3.Connection, changes: int) -> int:
    """Copy SQLite's log into its file, if many rows were changed since the connection's `changes`. Answers its changes then."""
    if connection.total_changes - changes < MUCH:
        return changes
    # PASSIVE waits for nobody: what readers still need stays for the next time.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return connection.total_changes


def sqlite_version_is_mended() -> bool:
    """Whether this SQLite has the WAL-reset fix."""
    return is_mended(sqlite3.sqlite_version_info)


def is_mended(version: tuple[int, ...]) -> bool:
    """3.51.3 has it, and so have 3.50.7 and 3.44.6."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
