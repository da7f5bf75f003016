"""The command line: `hero`, or `python -m bot`. Each command imports what it needs and nothing before."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Annotated

import typer

from bot.commands import data, inspecting, run, set_up
from bot.commands.streams import plainly
from bot.commands.terminal import APP_YAML, say

GARBAGE = 50_000
"""New objects after which garbage is collected. At Python's default of 700 a seventh of a command's time went into looking for some
among the modules that were just loaded."""

hero = typer.Typer(
    help=(
        "When a customer says that we let them down, somebody gets back to them, and everybody can see it happened.\n\n"
        "Without a command: serve, where there is an app.yaml; else it says what can be done."
    ),
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@hero.callback(invoke_without_command=True)
def choose(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Say which release this is.")] = False,
) -> None:
    """Without a command: serve what app.yaml says, or say what can be done where there is none."""
    if version:
        from importlib.metadata import version as release

        typer.echo(f"Action Hero {release('action-hero')}")
        raise typer.Exit
    if context.invoked_subcommand is not None:
        return
    if APP_YAML.exists():
        run.serve()
        return
    say("There is no app.yaml here. Three ways on:")
    say("  hero demo     see it work in a minute, with made-up people")
    say("  hero init     write an app.yaml for your team")
    say("  hero --help   everything else")


COMMANDS: tuple[Callable[..., None], ...] = (
    *(run.serve, run.demo, set_up.init, set_up.check, set_up.rehearse, run.simulate, set_up.manifest, set_up.package),
    *(inspecting.doctor, inspecting.send_test, inspecting.deliveries, inspecting.sources, inspecting.digest),
    *(data.backup, data.migrate, data.move, data.export, data.erase, data.merge_customers),
)
for command in COMMANDS:
    hero.command()(command)
hero.command("import")(data.import_)


def main() -> None:
    """The entry point of the installed command."""
    gc.set_threshold(GARBAGE)
    plainly(hero)


if __name__ == "__main__":
    main()
