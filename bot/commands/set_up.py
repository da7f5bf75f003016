"""Commands for setting up: init, check, rehearse, manifest, package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.terminal import APP_YAML, UNUSABLE, Config, Database, arranged_settings_of, as_typed, database_of, refusing, stop

if TYPE_CHECKING:
    from bot.config import Loaded


def init(
    config: Config = APP_YAML,
    chat: Annotated[str | None, typer.Option(help="practice, slack or msteams.")] = None,
    team: Annotated[str | None, typer.Option(help="What the team is called.")] = None,
    timezone: Annotated[str | None, typer.Option(help="As in Europe/Oslo.")] = None,
    hours: Annotated[str | None, typer.Option(help='As in "mon-fri 09:00-17:00, sat 10:00-14:00".')] = None,
    promise: Annotated[str | None, typer.Option(help="Opening hours within which somebody claims, as in 4h.")] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", help="The database that app.yaml will name; one with a password goes into .env.", metavar="URL"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults for what is not given.")] = False,
) -> None:
    """Write an app.yaml and an .env from five questions."""
    from bot.config import check as checking
    from bot.config import load, timezone_here
    from bot.config.findings import report
    from bot.config.init import Answers, NotWritten, ask, next_steps, room_for
    from bot.config.init import init as write

    given = {"chat": chat, "team": team, "timezone": timezone, "hours": hours, "promise": promise}
    known = {name: value for name, value in given.items() if value is not None}
    answers = Answers(**{"timezone": timezone_here()} | known, database=database_of(database))
    try:
        room_for(config)  # fail before asking five questions for nothing
        if not yes:
            asked = frozenset(known)
            answers = ask(answers, lambda question, default: str(typer.prompt(question, default=default)), typer.echo, asked)
        write(config, answers)
    except typer.Abort:
        typer.echo(err=True)
        stop("nothing was written. Answer the five questions, or take the defaults with --yes.", 1)
    except (NotWritten, ValueError) as error:
        stop(str(error), 2)
    typer.echo(next_steps(answers, config))
    typer.echo(report(checking.findings(load(config)), path=config))


def check(
    config: Config = APP_YAML,
    database: Database = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    no_env: Annotated[bool, typer.Option("--no-env", help="Let pass the ${NAMES} that are not set here.")] = False,
    format: Annotated[str, typer.Option("--format", help="text, json or github.")] = "text",
) -> None:
    """Say everything that is wrong with app.yaml, offline."""
    from bot.config import load
    from bot.config.check import findings
    from bot.config.findings import Format, exit_code, report

    if format not in list(Format):
        raise typer.BadParameter("choose text, json or github", param_hint="--format")
    database_of(database)
    found = findings(load(config, need_env=not no_env))
    typer.echo(report(found, format, config))
    raise typer.Exit(exit_code(found, strict=strict))


def rehearse(
    source: Annotated[str, typer.Argument(help="A source, by its name.")],
    file: Annotated[str, typer.Argument(help="The payload as your survey tool sends it; - for standard input.")],
    config: Config = APP_YAML,
    database: Database = None,
) -> None:
    """Show what would become of a payload: its route, card and promise. Stores and posts nothing."""
    from bot.commands.rehearse import rehearse as told

    settings = arranged_settings_of(config, database)
    body = sys.stdin.buffer.read() if file == "-" else _bytes(Path(file))
    with refusing():
        typer.echo(told(settings, source, body))


def manifest(
    chat: Annotated[str, typer.Argument(help="slack")],
    config: Config = APP_YAML,
    database: Database = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of YAML.")] = False,
) -> None:
    """Print the app manifest to paste where Slack apps are made."""
    from bot.chats.slack import manifest as slack
    from bot.config import load
    from bot.config.findings import report

    if chat != "slack":
        raise typer.BadParameter(
            as_typed("only slack has a manifest; for Microsoft Teams: hero package msteams"), param_hint="CHAT"
        )
    database_of(database)  # not needed; it is accepted because every command takes the same options
    loaded = load(config, need_env=False)
    if loaded.file.data is None and (config != APP_YAML or config.exists()):  # without an app.yaml, print the one to begin with
        typer.echo(report(loaded.findings, path=config), err=True)
        raise typer.Exit(UNUSABLE)
    given = loaded.file.names("chats").get("slack")
    installs = isinstance(given, dict) and "client_id" in given
    typer.echo(slack.printed(_public_url(loaded, config, "the manifest"), installs=installs, json=json))


def _public_url(loaded: Loaded, config: Path, what: str) -> str | None:
    """Returns the address that app.yaml names, for `what` holds it; ends the command if it names one that cannot be read here."""
    if ("server", "public_url") in loaded.file.waiting:
        stop(
            f"server.public_url in {config} is a name that is not set here, and {what} holds that address. "
            "Set it in .env or in the environment.",
            UNUSABLE,
        )
    if loaded.parts.server is None and loaded.file.names("server"):
        stop(f"the section `server` of {config} cannot be read, and {what} needs it. See: hero check", UNUSABLE)
    return loaded.parts.server.public_url if loaded.parts.server else None


def package(
    chat: Annotated[str, typer.Argument(help="msteams")],
    config: Config = APP_YAML,
    database: Database = None,
    out: Annotated[Path, typer.Option("--out", help="Where to write the zip.", metavar="FILE")] = Path("action-hero-msteams.zip"),
) -> None:
    """Write the app package that Microsoft Teams is given."""
    from bot.chats.msteams import package as teams
    from bot.config import load

    if chat != "msteams":
        raise typer.BadParameter(as_typed("only msteams has a package; for Slack: hero manifest slack"), param_hint="CHAT")
    database_of(database)  # not needed; it is accepted because every command takes the same options
    loaded = load(config, need_env=False)  # the package needs no secret, so whoever builds it need not have one
    at, given = ("chats", "msteams", "app_id"), loaded.file.names("chats").get("msteams")
    app_id = given.get("app_id") if isinstance(given, dict) and not loaded.file.is_waiting(at) else None
    public_url = _public_url(loaded, config, "the package")
    if not isinstance(app_id, str) or not app_id.strip():
        stop(f"{config} has no chats.msteams whose app_id is known here, and the package names it: see docs/msteams.md.", 2)
    if not public_url:
        stop(f"{config} has no server.public_url, the https address at which Microsoft Teams reaches the bot.", 2)
    try:
        out.write_bytes(teams.package(app_id.strip(), public_url))
    except ValueError as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"{out} cannot be written ({error.strerror}).", 2)
    typer.echo(f"Wrote {out}. Upload it in Teams: Apps, Manage your apps, Upload an app, Upload a custom app.")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        stop(f"{path} cannot be read ({error.strerror}).", 2)
