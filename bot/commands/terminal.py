"""What the commands share: common options, settings, database access, and exit with one sentence."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.config import Settings
    from storage.database import Store

UNUSABLE = 78
"""Exit status when the configuration is refused (EX_CONFIG of sysexits.h)."""

APP_YAML = Path("app.yaml")
_given: ContextVar[Path] = ContextVar("given", default=APP_YAML)


def _remembered(path: Path) -> Path:
    _given.set(path)
    return path


# `load` says why a file cannot be read, and with which status that ends.
Config = Annotated[Path, typer.Option("--config", help="Where app.yaml is.", metavar="PATH", callback=_remembered, readable=False)]
Database = Annotated[str | None, typer.Option("--database", help="Another database than app.yaml names.", metavar="URL")]
Unread = Annotated[
    Path | None, typer.Option("--config", help="Every command takes it; this one reads none.", metavar="PATH", readable=False)
]
Unasked = Annotated[
    str | None, typer.Option("--database", help="Every command takes it; this one asks none of yours.", metavar="URL")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def settings_of(config: Path, database: str | None) -> Settings:
    """Load app.yaml by the rules of `check`. With errors, prints the report and exits with UNUSABLE."""
    from bot.config import load
    from bot.config.check import findings
    from bot.config.findings import exit_code, report

    loaded = load(config)
    found = findings(loaded)
    if loaded.settings is None or exit_code(found) == 2:
        typer.echo(report(found, path=config), err=True)
        raise typer.Exit(UNUSABLE)
    address = database_of(database)
    return loaded.settings.model_copy(update={"database": address}) if address else loaded.settings


def arranged_settings_of(config: Path, database: str | None) -> Settings:
    """`settings_of` plus what ops arranged in chat. If the database cannot be read, says so and returns app.yaml alone. From
    then on nothing is logged: a command says in a sentence what goes wrong."""
    from datetime import UTC, datetime

    from sqlalchemy.exc import DBAPIError

    from bot import logs
    from bot.arranged import as_arranged
    from storage import schema
    from storage.address import read
    from storage.database import Unavailable
    from storage.rights import lacked_right
    from storage.sqlite_file import Unusable, is_there

    settings = settings_of(config, database)
    logs.set_up(silent=True)
    address = read(settings.database)
    try:
        if address.get_backend_name() == "sqlite" and not is_there(address.database or ""):
            return settings  # nothing was ever arranged, and looking must not create a file
        with schema.ready(settings.database) as store:
            return store.read_sync(as_arranged, settings, datetime.now(UTC))
    except (Unavailable, schema.Older, schema.Newer, Unusable) as error:
        why = str(error)
    except DBAPIError as error:
        if (denied := lacked_right(error)) is None:
            raise
        why = ". ".join(denied)
    why = " ".join(why.split()).rstrip(".")
    say(f"hero: what ops arranged in chat is not known here, so app.yaml alone counts ({why})", err=True)
    return settings


def database_of(given: str | None) -> str | None:
    """Validate the value of --database by the rule for `database:` in app.yaml."""
    from pydantic_core import PydanticCustomError

    from bot.config.keys import address_of_database

    try:
        return None if given is None else address_of_database(given)
    except PydanticCustomError as error:
        stop(f"--database: {error}; {(error.context or {})['help']}", 2)


def store_of(config: Path, database: str | None) -> AbstractContextManager[Store]:
    """Open the database for a command that may run beside the bot. Raises Older or Newer unless it has this release's schema."""
    from bot import logs
    from storage import schema

    logs.set_up(silent=True)  # an error is reported in one sentence instead
    return schema.ready(address_of(config, database))


def address_of(config: Path, database: str | None) -> str:
    """Returns the database URL of --database, else that of app.yaml."""
    return database_of(database) or settings_of(config, None).database


def refusing() -> Any:
    """Turn errors that ops can fix into one sentence and an exit status, without a traceback."""
    from bot.refusals import refusing as turning

    return turning(stop)


def say(words: str, *, err: bool = False) -> None:
    """Print `words` with the commands in them completed by the --config that this command was given."""
    typer.echo(as_typed(words), err=err)


def as_typed(words: str) -> str:
    """Returns `words` as `say` would print them."""
    from bot.config.called import complete

    return complete(words, _given.get())


def stop(words: str, status: int) -> NoReturn:
    say(f"hero: {words}", err=True)
    raise typer.Exit(status)
