"""`hero serve` and `hero demo` as processes: where they listen, whom they refuse, and how they end."""

from __future__ import annotations

import hashlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from tests.cli.command import ROOT, START_S, Ended, Server, hero, process, serving
from tests.cli.test_databases import PRACTICE


def ended_in_order(told: Ended) -> None:
    assert told.status == 0, told.err
    assert "Traceback" not in told.err
    assert "Aborted" not in told.err


def page(url: str) -> str:
    answer = httpx.get(url, trust_env=False, timeout=20)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    (folder / "app.yaml").write_text(PRACTICE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def practice(folder: Path) -> Iterator[Server]:
    """`hero` alone, with an app.yaml whose only chat is practice, asked to listen to the whole world."""
    (folder / "app.yaml").write_text(PRACTICE + "server: {host: 0.0.0.0, port: 0}\n", "utf-8")
    with serving(folder=folder) as server:
        yield server


@dataclass(frozen=True)
class FirstStart:
    """A server that was asked to listen to the whole world, on a database that was not there yet, until a signal ended it."""

    folder: Path
    url: str
    told: Ended


@pytest.fixture(scope="module", params=[signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def first_start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    folder = tmp_path_factory.mktemp("first")
    (folder / "app.yaml").write_text(PRACTICE, "utf-8")
    words = ("serve", "--host", "0.0.0.0", "--port", "0")
    with serving(*words, folder=folder) as server, httpx.Client(trust_env=False) as client:
        client.get(server.url)  # somebody's browser, which holds its connection
        return FirstStart(folder, server.url, server.ends(request.param))


def test_without_a_command_the_app_yaml_that_is_there_is_served(practice: Server) -> None:
    assert practice.said.splitlines()[-1] == f"Open {practice.url}"
    assert "Oak Street" in page(practice.url)


def test_whoever_watches_replicas_sees_with_which_app_yaml_each_was_started(practice: Server, folder: Path) -> None:
    digest = hashlib.sha256((folder / "app.yaml").read_bytes()).hexdigest()[:8]
    running = f'action_hero_running{{app_yaml="{digest}",release="{version("action-hero")}"}} 1.0'
    assert running in page(f"{practice.url}metrics").splitlines()


def test_practice_is_for_this_computer_only_whatever_the_host_says(practice: Server, first_start: FirstStart) -> None:
    assert practice.url.startswith("http://127.0.0.1:")
    for elsewhere in ("127.0.0.2", "::1"):  # whoever listens to the whole world answers there, too
        with pytest.raises(OSError, match=r"refused|assign|support|unreachable"):
            socket.create_connection((elsewhere, practice.port), timeout=5).close()
    assert first_start.url.startswith("http://127.0.0.1:"), "--host was 0.0.0.0"


def test_the_first_start_says_that_the_schema_was_made_and_nothing_of_the_parts_of_a_library(first_start: FirstStart) -> None:
    assert "schema.migrated" in first_start.told.err
    assert "plugin" not in first_start.told.err


def test_a_second_process_on_the_same_file_is_refused(practice: Server, folder: Path) -> None:
    for told in (process("serve", "--port", "0", folder=folder), hero("migrate", folder=folder)):
        assert (told.status, told.out) == (75, "")
        assert "another process already serves from" in told.err
        assert "Stop the other one first" in told.err
        assert "Traceback" not in told.err
    assert hero("deliveries", folder=folder).status == 0, "looking is for everybody"
    assert "Oak Street" in page(practice.url)


def test_a_taken_port_is_refused_by_serve_with_a_way_on(practice: Server, folder: Path) -> None:
    told = hero("serve", "--port", str(practice.port), "--database", "sqlite:///other.db", folder=folder)
    assert (told.status, told.out) == (75, "")
    [sentence] = [line for line in told.err.splitlines() if line.startswith("hero: ")]
    assert f"cannot listen on 127.0.0.1:{practice.port} (Address already in use)" in sentence
    assert "pass --port with a free one" in sentence
    assert not (folder / "other.db").exists(), "nothing was started"


def test_a_taken_port_moves_to_a_free_one_for_the_demo_which_says_so_by_its_address(practice: Server, folder: Path) -> None:
    with serving("demo", "--port", str(practice.port), "--no-browser", folder=folder) as demo:
        assert demo.port != practice.port
        assert demo.said == f"Open {demo.url}\n"
        assert "Waited 45 minutes" in page(demo.url)
        ended_in_order(demo.ends(signal.SIGINT))


def test_serve_ends_in_order_and_leaves_a_sound_database(first_start: FirstStart) -> None:
    ended_in_order(first_start.told)
    assert {path.name for path in first_start.folder.iterdir()} == {"app.yaml", "action-hero.db", "action-hero.db.lock"}
    with closing(sqlite3.connect(first_start.folder / "action-hero.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_while_it_starts_ends_in_order_and_leaves_nothing_behind(
    tmp_path: Path, how: signal.Signals
) -> None:
    server = Server([sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"], tmp_path, TMPDIR=str(tmp_path))
    end = time.monotonic() + START_S
    while not list(tmp_path.glob("action-hero-*/practice.db*")) and time.monotonic() < end:
        time.sleep(0.005)
    told = server.ends(how)  # in the middle of the first migration, or of the week that is played
    ended_in_order(told)
    assert "Open" not in told.out
    assert list(tmp_path.iterdir()) == []


def test_the_demo_ends_on_sigterm_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving("demo", "--port", "0", "--no-browser", folder=tmp_path) as demo:
        ended_in_order(demo.ends(signal.SIGTERM))
    assert list(tmp_path.iterdir()) == []


def make(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60)


def test_make_alone_names_every_target_with_what_it_does() -> None:
    told = {line.split()[1]: line.split()[2:] for line in make().stdout.splitlines() if line.startswith("  make ")}
    assert {"install", "demo", "test", "check", "bench", "help"} <= told.keys()
    assert all(len(words) > 2 for words in told.values())


def test_make_demo_opens_the_practice_chat() -> None:
    installed = Path(sys.prefix, ".installed")
    if not installed.exists():
        pytest.fail(f"make demo cannot be tried where make has installed nothing: {installed} is missing")
    # Whatever the time of that file, tests install nothing.
    server = Server(["make", f"VENV={sys.prefix}", "-o", str(installed), "demo", "ARGS=--port 0 --no-browser"], ROOT)
    try:
        server.listens()
        assert server.said.splitlines()[-1].startswith("Open http://127.0.0.1:")
        assert "Waited 45 minutes" in page(server.url)
    finally:
        told = server.ends(signal.SIGTERM)
    assert "Traceback" not in told.err
