"""Commands that inspect: doctor, send-test, deliveries, sources, digest."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from bot.commands.terminal import (
    APP_YAML,
    Config,
    Database,
    Json,
    arranged_settings_of,
    as_typed,
    refusing,
    say,
    store_of,
)
from bot.progress import progress

STANDS_S = 60


def doctor(json: Json = False, config: Config = APP_YAML, database: Database = None) -> None:
    """Look whether all is well, and say what to do where it is not. Asks the chats, the database and this machine."""
    from bot.doctor import examine
    from bot.doctor.report import exit_code, told

    settings = arranged_settings_of(config, database)
    with refusing():
        found = asyncio.run(examine(settings))
    as_here = [replace(line, means=as_typed(line.means), do=as_typed(line.do)) for line in found]
    typer.echo(told(as_here, json=json))
    raise typer.Exit(exit_code(found))


def send_test(
    route: Annotated[str, typer.Option("--route", help="A route, by its name.", metavar="NAME")],
    team: Annotated[
        str | None, typer.Option("--team", help="Which team, if the route leads to that of the place.", metavar="TEAM")
    ] = None,
    seconds: Annotated[int, typer.Option("--seconds", help="How long the card stands.", min=0, max=3600)] = STANDS_S,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show a marked test card in a real channel for a minute."""
    from bot.commands.send_test import send_test as shown

    settings = arranged_settings_of(config, database)

    async def a_while() -> None:
        with progress("Ctrl-C takes it away at once", seconds) as passed:
            for _ in range(seconds):
                await asyncio.sleep(1)
                passed(1)

    with refusing():
        try:
            asyncio.run(shown(settings, route, typer.echo, a_while, team))
        except KeyboardInterrupt:
            typer.echo("Taken away.")


def deliveries(
    key: Annotated[str | None, typer.Argument(help="One message, to show all about it.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Send it again; without a key, all that are parked.")] = False,
    drop: Annotated[
        str | None, typer.Option("--drop", help="Give up for good what waits or is parked, with this reason.", metavar="REASON")
    ] = None,
    json: Json = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """List what is not shown yet; send it again, or drop it. It waits, is in doubt, or is parked with a reason."""
    from bot.commands.deliveries import give_up, listed, send_again, shown

    with refusing(), store_of(config, database) as store:
        if drop is not None:
            typer.echo(give_up(store, key, drop))
        elif replay:
            typer.echo(send_again(store, key))
        elif key is not None:
            typer.echo(shown(store, key, json=json))
        else:
            (typer.echo if json else say)(listed(store, json=json))


def sources(
    replay: Annotated[
        str | None,
        typer.Option("--replay", help="Read the kept payloads of this source again, and fetch what is parked.", metavar="SOURCE"),
    ] = None,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show how far each source was read. --replay reads what is kept of it again, as after app.yaml was mended."""
    from datetime import UTC, datetime

    from bot.commands.sources import replay as read_again
    from bot.commands.sources import told

    settings = arranged_settings_of(config, database)
    with refusing(), store_of(config, settings.database) as store:
        say(told(settings, store) if replay is None else read_again(settings, store, replay, datetime.now(UTC)))


def digest(
    team: Annotated[str, typer.Option("--team", help="A team, by its name.")],
    _preview: Annotated[
        bool, typer.Option("--preview", help="Changes nothing: this command never posts.", show_default=False)
    ] = True,
    week: Annotated[str | None, typer.Option("--week", help="As in 2026-W47; without it the last that is over.")] = None,
    month: Annotated[
        str | None, typer.Option("--month", help="As in 2026-10: the monthly review that the team's leader reads.")
    ] = None,
    leader: Annotated[bool, typer.Option("--leader", help="Instead, what the team's leader reads of that week.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say which facts chose each story, too.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show what a team's weekly post, its leader's, or the monthly review says, or said."""
    from datetime import UTC, datetime

    from bot.commands.digest_preview import preview as told
    from bot.commands.digest_preview import preview_leader, preview_month

    if month is not None and (week is not None or why or leader):
        said = "a month has neither a week nor stories, and its review is its leader's; leave --week, --why and --leader out"
        raise typer.BadParameter(said, param_hint="--month")
    if leader and why:
        raise typer.BadParameter("the leader's post tells no stories; leave --why out", param_hint="--leader")
    settings = arranged_settings_of(config, database)
    with refusing(), store_of(config, settings.database) as store:
        if month is not None:
            typer.echo(preview_month(settings, store, team, month, datetime.now(UTC)))
        elif leader:
            typer.echo(preview_leader(settings, store, team, week, datetime.now(UTC)))
        else:
            typer.echo(told(settings, store, team, week, datetime.now(UTC), why=why))
