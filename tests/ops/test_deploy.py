"""What is shipped to put the bot somewhere: it can be read by its tools, and what it names exists and is what the docs say."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.__main__ import hero
from tests.faults.processes import app_yaml, served, slack_of

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "docker/Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "docker/compose.yaml").read_text("utf-8"))
COMMANDS = {command.name or command.callback.__name__.replace("_", "-") for command in hero.registered_commands if command.callback}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / "systemd/action-hero.service").read_text("utf-8"))
    return parser


def test_the_image_is_built_of_files_that_exist_and_are_not_left_out() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert len(copied) > 5
    assert [name for name in copied if not (ROOT / name).exists() or name not in let_in] == []


def test_the_image_is_slim_runs_as_nobody_in_particular_and_is_pinned_by_hashes() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(base.endswith("-slim") for base in bases)
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert "--require-hashes" in DOCKERFILE


def test_the_image_has_all_that_the_package_needs() -> None:
    packages = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert packages
    for name in re.findall(r'"(\w+)"', packages[1]):
        assert f"COPY {name} {name}\n" in DOCKERFILE


def test_the_image_listens_is_asked_and_is_published_on_one_port_whatever_app_yaml_says() -> None:
    words = words_of(r"^CMD (\[\"serve.*\])", DOCKERFILE)
    port = words[words.index("--port") + 1]
    assert f"EXPOSE {port}\n" in DOCKERFILE
    assert f"http://127.0.0.1:{port}/healthz" in DOCKERFILE
    assert [each.rpartition(":")[2] for each in COMPOSE["services"]["hero"]["ports"]] == [port]


def test_the_health_check_of_the_image_asks_the_bot_itself_whatever_proxy_is_named_for_the_way_out(tmp_path: Path) -> None:
    words = words_of(r"^  CMD (\[\"python.*\])", DOCKERFILE)
    away = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    environment = {name: value for name, value in os.environ.items() if name.casefold() != "no_proxy"} | away
    with slack_of(1) as slack, served(app_yaml(tmp_path, slack, 1), slack) as [server]:
        asking = [sys.executable, *words[1:-1], words[-1].replace("127.0.0.1:8080", ":".join(server.address))]
        alive = subprocess.run(asking, env=environment, capture_output=True, text=True, check=False)
        server.kill()
        dead = subprocess.run(asking, env=environment, capture_output=True, text=True, check=False)
    assert (alive.returncode, alive.stderr) == (0, "")
    assert dead.returncode == 1


def words_of(pattern: str, text: str) -> list[str]:
    found = re.search(pattern, text, re.MULTILINE)
    assert found
    return re.findall(r'"([^"]+)"', found[1])


def test_the_commands_of_image_and_unit_are_ours_with_options_they_know() -> None:
    shipped = [words_of(r"^CMD (\[\"serve.*\])", DOCKERFILE), unit()["Service"]["ExecStart"].split()[1:]]
    for words in shipped:
        assert words[0] in COMMANDS
        told = subprocess.run(
            [sys.executable, "-m", "bot", words[0], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert [word for word in words if word.startswith("--") and word not in told.stdout] == []


def test_every_command_named_in_the_docs_exists() -> None:
    named = {
        name for page in PAGES for name in re.findall(r"(?:^\$ |`|^    )hero ([a-z][a-z-]*)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) > 10
    assert named - COMMANDS == set()


def test_the_compose_file_names_what_exists_and_gives_the_bot_little() -> None:
    bot, database = COMPOSE["services"]["hero"], COMPOSE["services"]["database"]
    assert (DEPLOY / "docker" / bot["build"]["context"]).resolve() == ROOT
    assert (ROOT / bot["build"]["dockerfile"]).exists()
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert "ports" not in database, "the database is for the bot alone"
    assert {volume.partition(":")[0] for volume in database["volumes"]} <= set(COMPOSE["volumes"])
    assert re.search(r"\$\{POSTGRES_PASSWORD:\?", database["environment"]["POSTGRES_PASSWORD"])


def test_the_compose_file_for_sqlite_is_the_other_without_its_database_and_keeps_its_data_in_a_volume() -> None:
    alone: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "docker/compose.sqlite.yaml").read_text("utf-8"))
    bot = COMPOSE["services"]["hero"]
    expected = {key: value for key, value in bot.items() if key != "depends_on"}
    expected |= {"volumes": [*bot["volumes"], "data:/data"], "tmpfs": ["/tmp"]}
    assert alone == {"name": COMPOSE["name"], "services": {"hero": expected}, "volumes": {"data": None}}
    assert "VOLUME /data\n" in DOCKERFILE, "a new volume belongs to whom the folder of the image belongs to"


def test_the_unit_stops_patiently_and_starts_again_for_ever_but_on_a_mistake_in_the_configuration() -> None:
    from bot.commands.terminal import UNUSABLE
    from bot.serve import DRAIN_S

    service = unit()["Service"]
    assert service["RestartPreventExitStatus"] == str(UNUSABLE)
    assert unit()["Unit"]["StartLimitIntervalSec"] == "0", "a database that is away at the start comes back"
    assert int(service["TimeoutStopSec"]) > 2 * DRAIN_S
    assert COMPOSE["services"]["hero"]["stop_grace_period"] == f"{service['TimeoutStopSec']}s"
    assert service["DynamicUser"] == "yes"


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="only systemd itself can judge its unit; what we promise of it is tested without",
)
def test_systemd_reads_the_unit_without_a_complaint(tmp_path: Path) -> None:
    text = (
        (DEPLOY / "systemd/action-hero.service")
        .read_text("utf-8")
        .replace("/opt/action-hero/.venv/bin/hero", shutil.which("true") or "")
    )
    copy = tmp_path / "action-hero.service"
    copy.write_text(text)
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    assert [line for line in told.stderr.splitlines() if "action-hero" in line] == []


@pytest.mark.parametrize("name", ["caddy/Caddyfile", "nginx/action-hero.conf"])
def test_the_proxies_pass_on_to_the_bots_port_bound_bodies_and_keep_the_metrics_inside(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert text.count("{") == text.count("}")
    assert "127.0.0.1:8080" in text
    # More than the bot's own limit: its refusal says why and is counted; a proxy's is a page of HTML, or only a cut connection.
    assert re.search(r"max_size 2MiB|client_max_body_size\s+2m", text)
    assert re.search(r"/metrics\s*\{?\s*(return 404|\n\s*respond @inside 404)", text)


def test_nginx_passes_on_only_what_is_asked_of_the_bots_own_name() -> None:
    """It gives whatever name nobody else has to the default server; without one, to the bot, which then hears `Host: localhost`."""
    first = (DEPLOY / "nginx/action-hero.conf").read_text("utf-8").partition("server_name")[0]
    assert re.search(r"listen 443 ssl default_server;\s+listen \[::\]:443 ssl default_server;[^}]*return 444;\s+}", first)
    assert "proxy_pass" not in first


def test_the_proxies_leave_it_to_the_bot_to_say_that_its_database_is_away() -> None:
    """A proxy that finds its only bot unready answers with a page of its own, to survey tools and to whoever taps."""
    for name in ("caddy/Caddyfile", "nginx/action-hero.conf"):
        told = (DEPLOY / name).read_text("utf-8")
        assert re.search(r"/readyz|health_uri|proxy_intercept_errors\s+on", told) is None
    assert "/healthz" in DOCKERFILE
    assert "healthcheck" not in COMPOSE["services"]["hero"]


def test_every_file_under_deploy_is_explained() -> None:
    told = (ROOT / "docs/operations.md").read_text("utf-8")
    shipped = [path.relative_to(ROOT).as_posix() for path in DEPLOY.rglob("*") if path.is_file() and path.name != "Dockerfile"]
    assert [path for path in shipped if path not in told] == []


def test_sigterm_ends_the_bot_in_order_with_status_zero(tmp_path: Path) -> None:
    with slack_of(1) as slack, served(app_yaml(tmp_path, slack, 1), slack) as [server]:
        assert server.stop(signal.SIGTERM) == 0
        log = server.log.read_text()
    assert "serve.stopping" in log
    assert "Traceback" not in log
    assert (tmp_path / "hero.db").exists()
