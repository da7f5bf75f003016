"""What a newcomer reads first, and what it costs: no chat library is loaded to say it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from bot.__main__ import hero as command
from bot.config.called import complete, program
from tests.cli.command import AS_CALLED, ROOT, environment, hero, process

COMMANDS = sorted(get_command(command).commands)  # type: ignore[attr-defined]
HEAVY = {
    *("slack_bolt", "slack_sdk", "botbuilder", "aiohttp", "uvicorn", "httpx", "apscheduler", "jinja2"),
    *("sqlalchemy", "sqlmodel", "alembic"),
}


def test_without_an_app_yaml_three_ways_on_are_named(tmp_path: Path) -> None:
    told = process(folder=tmp_path)
    assert (told.status, told.err) == (0, "")
    ways = [f"{AS_CALLED} {word}" for word in ("demo", "init", "--help")]
    lines = told.out.splitlines()[1:]
    assert all(line.strip().startswith(way) for line, way in zip(lines, ways, strict=True)), lines
    assert list(tmp_path.iterdir()) == []


def test_every_command_that_is_printed_is_as_this_program_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "bin/hero"
    found.parent.mkdir()
    found.touch(0o755)
    (tmp_path / "hero").touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(found.parent))
    assert program(["bin/hero"]) == program([str(found)]) == "hero", "the shell finds it by its name"
    assert program([".venv/bin/hero", "check"]) == ".venv/bin/hero"
    assert program(["hero"]) == "./hero"
    assert program(["my tools/hero"]) == "'my tools/hero'"
    assert program([str(ROOT / "bot/__main__.py")], "python3") == "python3 -m bot"
    assert program(["/usr/bin/pytest"]) == "hero"
    monkeypatch.setattr(sys, "argv", [".venv/bin/hero"])
    path = Path("north/app.yaml")
    assert complete("run: hero check", path) == "run: .venv/bin/hero check --config north/app.yaml"
    assert complete("hero demo needs none; hero --help", path) == ".venv/bin/hero demo needs none; .venv/bin/hero --help"
    assert complete("a hero checks in", path) == "a hero checks in"


def test_the_help_says_what_happens_without_a_command(tmp_path: Path) -> None:
    assert "Without a command: serve, where there is an app.yaml" in " ".join(hero("--help", folder=tmp_path).out.split())


def test_the_help_of_a_backup_leads_to_the_page_that_says_which_files_to_move_away_before_it_is_put_back(tmp_path: Path) -> None:
    assert "docs/data.md says how to put it back" in " ".join(hero("backup", "--help", folder=tmp_path).out.split())
    putting_back = (ROOT / "docs/data.md").read_text("utf-8").partition("## Copy it and put it back")[2]
    assert "Move `action-hero.db`, `action-hero.db-wal` and `action-hero.db-shm` away" in putting_back


def test_the_release_is_said(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    told = hero("--version", folder=tmp_path)
    assert (told.status, told.out, told.err) == (0, f"Action Hero {project['version']}\n", "")


def test_the_help_lists_every_command_in_a_line(tmp_path: Path) -> None:
    told = hero("--help", folder=tmp_path)
    assert told.status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in told.out
    assert {"serve", "demo", "check", "init", "rehearse", "deliveries", "migrate", "manifest", "package"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_of_it_is_explained(tmp_path: Path, name: str) -> None:
    told = hero(name, "--help", folder=tmp_path)
    assert told.status == 0
    options = [line for line in told.out.splitlines() if line.startswith("  --")]
    assert "--help" in told.out
    assert len(told.out.split("\n\n")[1].strip()) > 10, "the command says what it does"
    assert [line for line in options if len(line.split("  ")) < 2] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_same_options_and_every_server_an_address(tmp_path: Path, name: str) -> None:
    told = hero(name, "--help", folder=tmp_path).out
    for option in ("--config", "--database", *(("--host", "--port") if name in ("serve", "demo") else ())):
        assert f"  {option} " in told


@pytest.mark.parametrize("words", [["demo", "--script"], ["simulate"], ["move", "sqlite:///a.db", "sqlite:///b.db"]])
def test_an_address_that_is_none_is_refused_also_where_no_database_is_asked(tmp_path: Path, words: list[str]) -> None:
    told = hero(*words, "--database", "mysql://x/y", folder=tmp_path)
    assert (told.status, told.out) == (2, "")
    assert "--database" in told.err


def test_neither_help_nor_a_check_loads_a_heavy_library(tmp_path: Path) -> None:
    asked = "; ".join(f"run({name!r}, '--help')" for name in COMMANDS)
    code = (
        "import sys; from bot.__main__ import hero\n"
        "def run(*words):\n"
        "    try: hero(words, standalone_mode=False)\n"
        "    except SystemExit: pass\n"
        f"run('--help'); {asked}; after_help = set(sys.modules); run('check', '--config', {str(ROOT / 'app.yaml')!r})\n"
        "print('LOADED', *sorted({m.partition('.')[0] for m in after_help}))\n"
        "print('LOADED', *sorted({m.partition('.')[0] for m in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    helped, checked = (set(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("LOADED"))
    assert helped & HEAVY == set()
    assert checked & HEAVY == set()


@pytest.mark.parametrize(
    "words", [["bogus"], ["serve", "--bogus"], ["rehearse"], ["manifest", "irc"], ["serve", "--port", "70000"]]
)
def test_what_cannot_be_asked_for_is_refused_with_where_to_look(tmp_path: Path, words: list[str]) -> None:
    told = hero(*words, folder=tmp_path)
    assert (told.status, told.out) == (2, "")
    assert "--help" in told.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["doctor"], "Start the bot: hero serve --config shop.yaml makes it."),
        (["deliveries"], "hero serve --config shop.yaml makes the one that"),
        (["check"], "run: hero check --config shop.yaml"),
        (["manifest", "msteams"], "hero package --config shop.yaml msteams"),
    ],
)
def test_a_command_that_is_named_reads_the_same_file(tmp_path: Path, words: list[str], hint: str) -> None:
    sound = (ROOT / "app.yaml").read_text("utf-8")
    (tmp_path / "shop.yaml").write_text("teams: {}" if words == ["check"] else sound, "utf-8")
    told = hero(*words, "--config", "shop.yaml", folder=tmp_path)
    assert hint in " ".join(told.all.replace("│", " ").split())
    (tmp_path / "app.yaml").write_text(sound, "utf-8")
    assert "--config app.yaml" not in hero(*words, folder=tmp_path).all


def test_every_command_that_reads_app_yaml_is_completed_and_no_other() -> None:
    for name, each in get_command(command).commands.items():  # type: ignore[attr-defined]
        reads = any(option.name == "config" for option in each.params)
        whole = f"hero {name} --config shop.yaml KEY" if reads else f"hero {name} KEY"
        assert complete(f"hero {name} KEY", Path("shop.yaml")) == whole
