"""The command line: `hero`, or `python -m bot`. Each command imports what it needs and nothing before."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import data, look
from bot.terminal import APP_YAML, Config, Database
from bot.terminal import database_of as _database
from bot.terminal import refusing as _refusing
from bot.terminal import settings_of as _settings
from bot.terminal import stop as _stop
from bot.terminal import store_of as _store

hero = typer.Typer(
    help="When a customer says that we let them down, somebody gets back to them, and everybody can see it happened.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", help="The port to listen on; 0 takes a free one.", min=0, max=65535)]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address.")]


@hero.callback(invoke_without_command=True)
def choose(context: typer.Context) -> None:
    """Without a command: serve what app.yaml says, or say what can be done where there is none."""
    if context.invoked_subcommand is not None:
        return
    if APP_YAML.exists():
        serve()
        return
    typer.echo("There is no app.yaml here. Three ways on:")
    typer.echo("  hero demo     see it work in a minute, with made-up people")
    typer.echo("  hero init     write an app.yaml for your team")
    typer.echo("  hero --help   everything else")


@hero.command()
def serve(config: Config = APP_YAML, database: Database = None, host: Host = None, port: Port = None) -> None:
    """Listen, post, nudge: run the bot."""
    from bot import logs
    from bot.clock import HouseClock
    from bot.serve import listen
    from bot.serve import serve as run

    settings = _settings(config, database)
    logs.set_up()
    practice = "practice" in settings.chats
    wanted_host = "127.0.0.1" if practice else host or settings.server.host  # made-up people never leave this computer
    with _refusing(), listen(wanted_host, settings.server.port if port is None else port) as listening:
        address = _address(listening)
        _run(run(settings, HouseClock(), listening, lambda _: _say(f"Open {address}" if practice else f"Listening on {address}")))


@hero.command()
def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the week as plain text, without a server.")] = False,
    port: Port = None,
    no_browser: NoBrowser = False,
) -> None:
    """See it work: the practice chat with a week of made-up customers. No account, nothing leaves this computer."""
    from bot import logs

    logs.set_up(quiet=True)
    with _refusing():
        if script:
            from bot.demo.script import script as transcript

            typer.echo("\n".join(asyncio.run(transcript())))
        else:
            from bot.demo.page import run

            _run(run(port=8080 if port is None else port, browser=not no_browser))


@hero.command()
def check(
    config: Config = APP_YAML,
    database: Database = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    no_env: Annotated[bool, typer.Option("--no-env", help="Do not ask for the ${NAMES} of the environment.")] = False,
    format: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> None:
    """Read app.yaml and say everything that is wrong with it, offline."""
    from bot.config import load
    from bot.config.check import findings
    from bot.config.findings import Format, exit_code, report

    if format not in list(Format):
        raise typer.BadParameter("choose text, json or github", param_hint="--format")
    _database(database)
    found = findings(load(config, need_env=not no_env))
    typer.echo(report(found, format))
    raise typer.Exit(exit_code(found, strict=strict))


@hero.command()
def init(
    config: Config = APP_YAML,
    chat: Annotated[str | None, typer.Option(help="practice, slack or msteams.")] = None,
    team: Annotated[str | None, typer.Option(help="What the team is called.")] = None,
    timezone: Annotated[str | None, typer.Option(help="As in Europe/Oslo.")] = None,
    hours: Annotated[str | None, typer.Option(help='As in "mon-fri 09:00-17:00, sat 10:00-14:00".')] = None,
    promise: Annotated[str | None, typer.Option(help="Opening hours within which somebody claims, as in 4h.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults for what is not given.")] = False,
) -> None:
    """Write an app.yaml and an .env from five questions."""
    from bot.config import check as checking
    from bot.config import load, timezone_here
    from bot.config.findings import report
    from bot.config.init import Answers, Refused, ask, next_steps, room_for
    from bot.config.init import init as write

    given = {"chat": chat, "team": team, "timezone": timezone, "hours": hours, "promise": promise}
    known = {name: value for name, value in given.items() if value is not None}
    answers = Answers(**{"timezone": timezone_here()} | known)
    try:
        room_for(config)  # before anybody answers five questions for nothing
        if not yes:
            asked = frozenset(known)
            answers = ask(answers, lambda question, default: str(typer.prompt(question, default=default)), typer.echo, asked)
        write(config, answers)
    except typer.Abort:
        typer.echo(err=True)
        _stop("nothing was written. Answer the five questions, or take the defaults with --yes.", 1)
    except (Refused, ValueError) as error:
        _stop(str(error), 2)
    typer.echo(next_steps(answers, config))
    typer.echo(report(checking.findings(load(config))))


@hero.command()
def rehearse(
    source: Annotated[str, typer.Argument(help="A source of app.yaml.")],
    file: Annotated[str, typer.Argument(help="The payload as your survey tool sends it; - for standard input.")],
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show which route a payload takes, where its card would go and what is promised. Stores and posts nothing."""
    from bot.rehearse import rehearse as told

    settings = _settings(config, database)
    body = sys.stdin.buffer.read() if file == "-" else _bytes(Path(file))
    with _refusing():
        typer.echo(told(settings, source, body))


@hero.command()
def digest(
    team: Annotated[str, typer.Option("--team", help="A team of app.yaml.")],
    preview: Annotated[bool, typer.Option("--preview", help="Show it. Nothing is posted from here.")] = False,
    week: Annotated[str | None, typer.Option("--week", help="As in 2026-W47; the last one that is over unless named.")] = None,
    month: Annotated[str | None, typer.Option("--month", help="As in 2026-10: the monthly review of who leads the team.")] = None,
    why: Annotated[bool, typer.Option("--why", help="Which facts chose each story, too.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show what the weekly post of a team, or its monthly review, says, or said, in the words of the chats."""
    from datetime import UTC, datetime

    from bot.digest_preview import preview as told
    from bot.digest_preview import preview_month

    if month is not None and (week is not None or why):
        raise typer.BadParameter("a month has neither a week nor stories; leave --week and --why out", param_hint="--month")
    if not preview:
        raise typer.BadParameter("the bot posts it by itself; add --preview to look at it", param_hint="--preview")
    settings = _settings(config, database)
    with _refusing(), _store(config, settings.database) as store:
        if month is not None:
            typer.echo(preview_month(settings, store, team, month, datetime.now(UTC)))
        else:
            typer.echo(told(settings, store, team, week, datetime.now(UTC), why=why))


@hero.command()
def simulate(
    config: Annotated[
        Path | None, typer.Option("--config", help="Play the teams, hours, promises and ladder of this app.yaml.", metavar="PATH")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Other customers and colleagues; the same seed plays the same weeks.")] = 1,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52)] = 10,
    teams: Annotated[int | None, typer.Option("--teams", min=1, max=200, help="Of the made-up company; 20 unless said.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Play weeks of made-up customers through a ladder, before going live. Posts nothing, and touches no database of yours."""
    from bot import logs
    from bot.simulate.command import simulated

    if config is not None and teams is not None:
        raise typer.BadParameter("is for the made-up company; an app.yaml brings its own teams", param_hint="--teams")
    logs.set_up(quiet=True)
    company = None if config is None else _settings(config, None).company
    with _refusing():
        typer.echo(simulated(company, seed=seed, weeks=weeks, teams=teams or 20, json=json))


@hero.command()
def deliveries(
    key: Annotated[str | None, typer.Argument(help="One message, to show all about it.")] = None,
    replay: Annotated[bool, typer.Option("--replay", help="Send it again; without a key, all that are parked.")] = False,
    drop: Annotated[str | None, typer.Option("--drop", help="Give it up for good, with this reason.", metavar="REASON")] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """List what is not shown yet: waiting, in doubt, or parked with its reason."""
    from bot.deliveries import give_up, listed, send_again, shown
    from storage import schema

    with _refusing(), _store(config, database) as store:
        schema.require(store)
        if drop is not None:
            typer.echo(give_up(store, key, drop))
        elif replay:
            typer.echo(send_again(store, key))
        elif key is not None:
            typer.echo(shown(store, key, json=json))
        else:
            typer.echo(listed(store, json=json))


@hero.command()
def sources(
    replay: Annotated[
        str | None, typer.Option("--replay", help="Read the kept payloads of this source again.", metavar="SOURCE")
    ] = None,
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show how far each source was read and what could not be; --replay reads it again after app.yaml was mended."""
    from datetime import UTC, datetime

    from bot.replaying import replay as read_again
    from bot.replaying import told

    settings = _settings(config, database)
    with _refusing(), _store(config, database) as store:
        typer.echo(told(settings, store) if replay is None else read_again(settings, store, replay, datetime.now(UTC)))


@hero.command()
def migrate(config: Config = APP_YAML, database: Database = None) -> None:
    """Bring the database to this release's schema; serve does so by itself."""
    from storage import schema

    with _refusing(), _store(config, database, alone=True) as store:
        before = schema.migrate(store)
        came = "already" if before is None else "now; the database was empty" if before == "nothing" else f"now; it was {before}"
        typer.echo(f"The schema is {schema.head()} {came}.")


@hero.command()
def move(
    source: Annotated[str, typer.Argument(help="The database to leave, as in sqlite:///action-hero.db.", metavar="FROM")],
    target: Annotated[str, typer.Argument(help="An empty one, as in postgresql://user@host/name.", metavar="TO")],
) -> None:
    """Copy everything into another database, while the bot is stopped. Run it again if it was interrupted."""
    from bot.moving import moved

    with _refusing():
        typer.echo(moved(source, target, lambda line, end: typer.echo(line, err=True, nl=end)))


@hero.command()
def manifest(
    chat: Annotated[str, typer.Argument(help="slack")],
    config: Config = APP_YAML,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of YAML.")] = False,
) -> None:
    """Print the app manifest to paste where Slack apps are made."""
    from bot.chats.slack import manifest as slack
    from bot.config import load

    if chat != "slack":
        raise typer.BadParameter("only slack has a manifest; for Microsoft Teams: hero package msteams", param_hint="CHAT")
    loaded = load(config, need_env=False)
    options = (loaded.file.data or {}).get("chats")
    given = options.get("slack") if isinstance(options, dict) else None
    installs = isinstance(given, dict) and "client_id" in given
    typer.echo(slack.printed(loaded.parts.server.public_url if loaded.parts.server else None, installs=installs, json=json))


@hero.command()
def package(
    chat: Annotated[str, typer.Argument(help="msteams")],
    config: Config = APP_YAML,
    out: Annotated[Path, typer.Option("--out", help="Where to write the zip.", metavar="FILE")] = Path("action-hero-msteams.zip"),
) -> None:
    """Write the app package that an admin uploads to Microsoft Teams."""
    from bot.chats.msteams import package as teams
    from bot.config import load

    if chat != "msteams":
        raise typer.BadParameter("only msteams has a package; for Slack: hero manifest slack", param_hint="CHAT")
    loaded = load(config, need_env=False)  # the package needs no secret, so whoever makes it need not have one
    at, given = ("chats", "msteams", "app_id"), (loaded.file.data or {}).get("chats")
    options = given.get("msteams") if isinstance(given, dict) else None
    app_id = options.get("app_id") if isinstance(options, dict) and not loaded.file.is_waiting(at) else None
    server = loaded.parts.server
    if not isinstance(app_id, str) or not app_id.strip():
        _stop(f"{config} has no chats.msteams whose app_id is known here, and the package names it: see docs/msteams.md.", 2)
    if server is None or not server.public_url:
        _stop(f"{config} has no server.public_url, the https address at which Microsoft Teams reaches the bot.", 2)
    try:
        out.write_bytes(teams.package(app_id.strip(), server.public_url))
    except ValueError as error:
        _stop(str(error), 2)
    except OSError as error:
        _stop(f"{out} cannot be written ({error.strerror}).", 2)
    typer.echo(f"Wrote {out}. Upload it in Teams: Apps, Manage your apps, Upload an app, Upload a custom app.")


hero.command()(data.export)
hero.command("import")(data.import_)
hero.command()(data.erase)
hero.command()(data.backup)
hero.command()(look.doctor)
hero.command()(look.send_test)


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


def _address(listening: Any) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        _stop(f"{path} cannot be read ({error.strerror}).", 2)


def main() -> None:
    """The entry point of the installed command."""
    hero()


if __name__ == "__main__":
    main()
