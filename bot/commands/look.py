"""Commands that look at the world: doctor, send-test."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.terminal import APP_YAML, Config, Database, Json, progress, refusing, settings_of

STANDS_S = 60


def doctor(json: Json = False, config: Config = APP_YAML, database: Database = None) -> None:
    """Ask the chats, the database and this machine whether all is well, and say what to do where it is not."""
    from bot import logs
    from bot.doctor import examine
    from bot.doctor.report import exit_code, told

    settings = settings_of(config, database)
    logs.set_up(silent=True)  # what goes wrong is in the report
    with refusing():
        found = asyncio.run(examine(settings))
    typer.echo(told(found, json=json))
    raise typer.Exit(exit_code(found))


def send_test(
    route: Annotated[str, typer.Option("--route", help="A route of app.yaml, by its name.", metavar="NAME")],
    seconds: Annotated[int, typer.Option("--seconds", help="How long the card stands.", min=0, max=3600)] = STANDS_S,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show a practice customer, marked as a test, in the real channel of a route; take it away after a minute."""
    from bot import logs
    from bot.send_test import send_test as shown

    settings = settings_of(config, database)
    logs.set_up(silent=True)

    async def a_while() -> None:
        with progress("Ctrl-C takes it away at once", seconds) as passed:
            for _ in range(seconds):
                await asyncio.sleep(1)
                passed(1)

    with refusing():
        try:
            asyncio.run(shown(settings, route, typer.echo, a_while))
        except KeyboardInterrupt:
            typer.echo("Taken away.")
