"""Commands about stored data: export, import, erase, backup, migrate, move."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.terminal import (
    APP_YAML,
    Config,
    Database,
    Unasked,
    Unread,
    address_of,
    arranged_settings_of,
    database_of,
    refusing,
    say,
    settings_of,
    stop,
    store_of,
)

Out = Annotated[Path | None, typer.Option("--out", help="A file instead of standard output.", metavar="FILE")]


def export(
    kind: Annotated[str, typer.Argument(help="follow-ups, acts, feedback or raised.")],
    format: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    after: Annotated[
        str | None, typer.Option("--after", help="Only what came or changed since a day or a time.", metavar="2026-11-01")
    ] = None,
    out: Out = None,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Write out what is remembered, for a spreadsheet (csv) or a program (jsonl)."""
    from datetime import UTC, datetime

    from bot.data.exporting import FORMATS, KINDS, moment, written, written_whole

    if kind not in KINDS:
        raise typer.BadParameter(f"choose {', '.join(KINDS)}", param_hint="KIND")
    if format not in FORMATS:
        raise typer.BadParameter(f"choose {' or '.join(FORMATS)}", param_hint="--format")
    if out is None and sys.stdout is None:
        stop("standard output is closed; name a file with --out.", 2)
    with refusing():
        now = datetime.now(UTC)
        since = None if after is None else moment(after, lambda: settings_of(config, None).company.timezone, now)
    with refusing(), store_of(config, database) as store:
        try:
            if out is None:
                written(store, kind, format, sys.stdout, since)
            else:
                number = written_whole(store, kind, format, out, since)
                typer.echo(f"Wrote {number} line{'s' * (number != 1)} to {out}.")
        except FileExistsError:
            stop(f"{out} is there already; name another file.", 2)
        except OSError as error:
            if out is None:
                raise
            stop(f"{out} cannot be written ({error.strerror}).", 2)


def import_(
    kind: Annotated[str, typer.Argument(help="feedback or customers.")],
    file: Annotated[Path, typer.Argument(help="A CSV file with a line of column names, see docs/data.md; - for standard input.")],
    source: Annotated[
        str | None, typer.Option("--source", help="The source to store it under, in place of the file's own column.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Only store it: nobody is asked to follow up.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Take in answers or customers from a CSV file. One with mistakes changes nothing: they are told line by line."""
    from bot.data import importing, importing_customers

    if kind not in ("feedback", "customers"):
        raise typer.BadParameter("choose feedback or customers", param_hint="KIND")
    if kind == "customers" and (history or source is not None):
        option = "--history" if history else "--source"
        raise typer.BadParameter(
            f"customers come from no source and are asked about by nobody; leave {option} out", param_hint=option
        )
    settings = arranged_settings_of(config, database)
    with refusing():
        if kind == "customers":
            told = importing_customers.imported(settings, file, dry_run=dry_run)
        else:
            told = importing.imported(settings, file, source, dry_run=dry_run, history=history)
    typer.echo(told.text)
    raise typer.Exit(2 if told.failed else 0)


def merge_customers(
    keep: Annotated[str, typer.Argument(help="Who they are from now on: a key or an e-mail.")],
    other: Annotated[str, typer.Argument(help="Who is the same customer: a key or an e-mail.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: this cannot be undone.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Make two keys one customer, with one history."""
    from bot.data.merging import merged

    with refusing(), store_of(config, database) as store:
        if not yes:
            stop(f"{merged(store, keep, other, dry=True)} To do it, add --yes. Nothing was changed.", 2)
        typer.echo(merged(store, keep, other))


def erase(
    customer: Annotated[str, typer.Option("--customer", help="Their key or their e-mail.", metavar="KEY|EMAIL")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: this cannot be undone.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Forget a customer for good, also in the posted cards."""
    from bot.data.erasing import forget, would_forget

    settings = arranged_settings_of(config, database)
    with refusing():
        if not yes:
            why = "This cannot be undone, and changes the cards that were posted."
            stop(f"this would erase: {would_forget(settings, customer)}. {why} To do it, add --yes. Nothing was changed.", 2)
        forget(settings, customer, say)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; the file must not exist yet.")],
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Copy the database while the bot runs. docs/data.md says how to put it back."""
    from bot.data.backing_up import back_up

    address = address_of(config, database)
    with refusing():
        typer.echo(back_up(address, file))


def migrate(config: Config = APP_YAML, database: Database = None) -> None:
    """Bring the database to this release's schema. `hero serve` does so by itself."""
    from contextlib import closing

    from bot import logs
    from storage import schema
    from storage.database import Store

    logs.set_up(silent=True)
    with refusing(), closing(Store(address_of(config, database), alone=True)) as store:
        before = schema.migrate(store)
        came = "already" if before is None else "now; the database was empty" if before == "nothing" else f"now; it was {before}"
        typer.echo(f"The schema is {schema.head()} {came}.")


def move(
    source: Annotated[str, typer.Argument(help="The database to leave, as in sqlite:///action-hero.db.", metavar="FROM")],
    target: Annotated[str, typer.Argument(help="An empty one, as in postgresql://user@host/name.", metavar="TO")],
    unread: Unread = None,  # noqa: ARG001 - accepted because every command takes the same options
    unasked: Unasked = None,
) -> None:
    """Copy everything into another database. Stop the bot first; an interrupted move is simply run again."""
    from bot import logs
    from bot.data.moving import moved

    database_of(unasked)
    logs.set_up(silent=True)
    with refusing():
        typer.echo(moved(source, target, lambda line, end: typer.echo(line, err=True, nl=end)))
