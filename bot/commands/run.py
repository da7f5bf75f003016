"""Commands that run: serve, demo, simulate."""

from __future__ import annotations

import asyncio
import gc
import json as jsonlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.terminal import APP_YAML, Config, Database, Json, Unasked, Unread, database_of, refusing, settings_of

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", help="The port to listen on; 0 takes a free one.", min=0, max=65535)]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


def serve(config: Config = APP_YAML, database: Database = None, host: Host = None, port: Port = None) -> None:
    """Listen, post, nudge: run the bot."""
    gc.disable()  # loaded modules stay anyway; collecting was a sixth of start-up. `answer` enables it again

    from bot import logs
    from bot.port import address_of, listen

    settings = settings_of(config, database)
    logs.set_up()
    practice = "practice" in settings.chats
    wanted_host = "127.0.0.1" if practice else host or settings.server.host  # practice people are made up: local access only
    with refusing(), listen(wanted_host, settings.server.port if port is None else port) as listening:
        from bot import metrics
        from bot.clock import HouseClock  # the bot is only loaded where it may run
        from bot.serve import reached_at
        from bot.serve import serve as run

        metrics.started(config.read_bytes())
        address = address_of(listening)
        said = f"Open {address}/" if practice else f"Listening on {address}/"
        _run(run(reached_at(settings, address), HouseClock(), listening, lambda _: _say(said)))


def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the week as plain text, without a server.")] = False,
    port: Port = None,
    no_browser: NoBrowser = False,
    host: Annotated[str | None, typer.Option("--host", help="Servers take it; this one listens on this computer only.")] = None,  # noqa: ARG001
    unread: Unread = None,  # noqa: ARG001 - accepted because every command takes the same options
    unasked: Unasked = None,
) -> None:
    """See it work in a browser, with a week of made-up customers. No account, nothing leaves this computer."""
    from bot import logs

    database_of(unasked)
    logs.set_up(quiet=True)
    with refusing():
        if script:
            from bot.demo.script import script as transcript

            typer.echo("\n".join(asyncio.run(transcript())))
        else:
            from bot.demo.page import run

            _run(run(port=8080 if port is None else port, browser=not no_browser))


def simulate(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="Play the teams, hours, promises and ladder of this app.yaml.", metavar="PATH", readable=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Other customers and colleagues; the same seed plays the same weeks.")] = 1,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many to play.")] = 10,
    teams: Annotated[
        int | None, typer.Option("--teams", min=1, max=200, help="How many the made-up company has; 20 unless said.")
    ] = None,
    unasked: Unasked = None,
    json: Json = False,
) -> None:
    """Play weeks of made-up customers through your ladder. Posts nothing, and touches no database of yours."""
    from bot import logs
    from bot.progress import progress
    from bot.simulate import simulate as played
    from bot.simulate.company import made_up
    from bot.simulate.figures import printed

    database_of(unasked)
    if config is not None and teams is not None:
        raise typer.BadParameter("is for the made-up company; an app.yaml brings its own teams", param_hint="--teams")
    logs.set_up(quiet=True)
    company = made_up(teams or 20) if config is None else settings_of(config, None).company
    with refusing(), progress("Days played", weeks * 7) as passed:
        figures = played(company, seed=seed, weeks=weeks, tell=lambda: passed(1))
    typer.echo(jsonlib.dumps(figures, indent=2, ensure_ascii=False) if json else printed(figures))


def _run(main: Coroutine[Any, Any, None]) -> None:
    from bot.serve import until_stopped

    try:
        import uvloop
    except ImportError:
        asyncio.run(until_stopped(main))
    else:
        uvloop.run(until_stopped(main))


async def _say(line: str) -> None:
    print(line, flush=True)
