"""Keeps the schema current: Alembic migrations, applied on start, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from storage.database import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_263_001
"""Our PostgreSQL advisory lock: replicas that start together wait here and find the work done."""


class Newer(Exception):
    """The database was migrated by a later release than this one."""


class Older(Exception):
    """The database is not there yet, or was last migrated by an earlier release than this one."""


def head() -> str:
    """The newest migration we bring; their files are named after their revision."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current(tx: Connection) -> str | None:
    """The migration the database stands at; None for an empty one."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate(store: Store) -> str | None:
    """Bring the database to our head. Answers the revision it stood at before when there was work to do. Raises Newer."""
    before = store.look(current)
    if before == head():
        return None
    if before is not None:
        _refuse_newer(before)
    store.do(_upgrade)
    return before or "nothing"


def require(store: Store) -> None:
    """For commands that only look: raise Older or Newer unless the database is at our head. A SQLite file is not made by it."""
    if store.sqlite and not Path(store.url.database or "").exists():
        raise Older(f"there is no database {store.url.database} yet. hero serve makes it; or say where it is: --database URL")
    before = store.look(current)
    if before is None:
        raise Older("this database is empty. hero serve fills it, or hero migrate; or name another: --database URL")
    if before < head():
        raise Older(f"this database is at schema {before}, older than this release's {head()}. Run: hero migrate")
    _refuse_newer(before)


@contextmanager
def ready(url: str) -> Iterator[Store]:
    """The database at `url`, open, for commands beside the bot: raises Older or Newer unless it is at our head."""
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
    if current(tx) == head():  # somebody else has done it meanwhile, and more may be waiting behind us
        return
    from alembic import command  # imported when there is work to do: it costs 0.1 s at each start otherwise
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _wait_for_our_turn(tx: Connection) -> None:
    """On SQLite the writer's BEGIN IMMEDIATE was that."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL statement_timeout = 0"))  # waiting for our turn, and migrating, may take longer than a tap
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def forget_everything(tx: Connection) -> None:
    """Empty every table, and number rows from 1 again: for the demo, which starts again."""
    tables = SQLModel.metadata.sorted_tables
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY"))
        return
    for table in reversed(tables):
        tx.execute(table.delete())
