"""Keeps the schema current: Alembic migrations, applied on start, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from storage import sqlite_file
from storage.database import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_263_001
"""Our PostgreSQL advisory lock: replicas that start together wait for it, then find the work done."""
SHORTLY = "2s"
"""How long a migration waits for a table on PostgreSQL. Everybody who needs that table waits behind it, and gives up after four
seconds."""


class Newer(Exception):
    """The database was migrated by a later release than this one."""


class Older(Exception):
    """The database does not exist yet, or was last migrated by an earlier release than this one."""


def head() -> str:
    """Returns the newest migration of this release; the files are named after their revision."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current(tx: Connection) -> str | None:
    """Returns the revision of the database; None for an empty one."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate(store: Store) -> str | None:
    """Migrate the database to our head. Returns the revision it had before if there was work to do, else None. Raises Newer, and
    storage's Busy while others, such as a pg_dump, read the tables on PostgreSQL: then nothing is changed yet. NoAddress if a
    pooler that stands before PostgreSQL shares our connections."""
    store.check_pooler()
    before = store.read_sync(current)
    if before == head():
        return None
    if before is not None:
        _refuse_newer(before)
    store.write_unhurried(_upgrade)
    return before or "nothing"


def require(store: Store) -> None:
    """Raise Older or Newer unless the database is at our head; for commands that only look. Does not create a SQLite file."""
    if store.sqlite and not sqlite_file.is_there(store.url.database or ""):
        raise Older(
            f"there is no database {store.url.database} yet. hero serve makes the one that app.yaml names; or say where it is: "
            "--database URL"
        )
    before = store.read_sync(current)
    if before is None:
        raise Older("this database is empty. hero serve fills it, or hero migrate; or name another: --database URL")
    if before < head():
        raise Older(f"this database is at schema {before}, older than this release's {head()}. Run: hero migrate")
    _refuse_newer(before)


@contextmanager
def ready(url: str) -> Iterator[Store]:
    """Open the database at `url`, for commands that run beside the bot. Raises Older or Newer unless it is at our head."""
    with closing(Store(url)) as store:
        require(store)
        yield store


def _refuse_newer(before: str) -> None:
    if before > head():
        raise Newer(
            f"this database is at schema {before}, newer than this release's {head()}. "
            "Going on would risk what customers said. Install the release that wrote it, or a later one."
        )


def _upgrade(tx: Connection) -> None:
    _wait_for_our_turn(tx)
    if current(tx) == head():  # another process has done it meanwhile, and more may be waiting behind us
        return
    from alembic import command  # imported only when there is work to do, since it would cost 0.1 s at each start
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _wait_for_our_turn(tx: Connection) -> None:
    """Take the advisory lock, however long that takes: only replicas that start wait behind us. From then on, tables are waited for
    shortly. SQLite needs no such lock: the writer's BEGIN IMMEDIATE has locked the file."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        tx.exec_driver_sql(f"SET LOCAL lock_timeout = '{SHORTLY}'")


def forget_everything(tx: Connection) -> None:
    """Empty every table and restart the ids, for the demo. On SQLite ids restart by themselves once the tables are empty."""
    tables = SQLModel.metadata.sorted_tables
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY"))
        return
    for table in reversed(tables):
        tx.execute(table.delete())
