"""The README and the demo keep what they promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handlers.commands import BY_OPS, COMMANDS
from tests.cli.command import hero, process

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_transcript_in_the_readme_is_what_the_demo_prints_as_plain_text_at_every_run(tmp_path: Path) -> None:
    played = process("demo", "--script", folder=tmp_path)
    assert (played.status, played.err) == (0, "")
    assert f"```text\n{played.out.rstrip()}\n```" in README
    assert "\x1b" not in README


def test_no_picture_stands_in_a_table_where_the_text_beside_it_would_squeeze_it() -> None:
    tables = re.findall(r"<table.*?</table>|^\|.*?$", README, re.DOTALL | re.MULTILINE)
    assert [table for table in tables if "<img" in table] == []


def test_the_shipped_configuration_is_the_demos() -> None:
    assert (ROOT / "app.yaml").read_text("utf-8") == (ROOT / "bot/demo/northwind.yaml").read_text("utf-8")


def test_the_shipped_configuration_is_sound_even_strictly() -> None:
    checked = hero("check", "--strict", folder=ROOT)
    assert checked.status == 0, checked.out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in linked if not (page.parent / link).exists()] == []


def test_every_word_that_can_be_typed_stands_on_the_page_for_whoever_types() -> None:
    page = (ROOT / "docs/words.md").read_text("utf-8")
    assert [word for word in (*COMMANDS, *BY_OPS) if re.search(rf"`{word}\b", page) is None] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^    |`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)}
    assert named <= targets


def test_a_configuration_with_errors_is_refused_by_serve_with_the_report_of_check(tmp_path: Path) -> None:
    config = tmp_path / "app.yaml"
    config.write_text("company: {name: Northwind, timezone: Europe/Olso}\nchats: {practice: {}}\n")
    checked, served = (hero(word, "--config", str(config), folder=ROOT) for word in ("check", "serve"))
    assert (checked.status, served.status) == (2, 78)
    assert served.err.strip() == checked.out.strip()
    assert "Europe/Oslo" in checked.out


def test_init_says_that_there_is_an_app_yaml_before_it_asks_anything() -> None:
    refused = hero("init", folder=ROOT)
    assert (refused.status, refused.out) == (2, "")
    assert "overwrites nothing" in refused.err


def test_rehearse_tells_route_and_promise_and_stores_nothing(tmp_path: Path) -> None:
    payload = tmp_path / "payload.json"
    payload.write_text('{"id": "r-1", "metric": "nps", "score": 3, "customer": {"key": "c-1", "value": 48000}}')
    told = hero("rehearse", "survey", str(payload), folder=ROOT)
    assert told.status == 0, told.err
    assert "→ key accounts matches" in told.out
    assert "Nothing was stored or posted." in told.out
    assert hero("rehearse", "nobody", str(payload), folder=ROOT).status == 2


def test_the_manifest_for_slack_needs_no_address() -> None:
    assert "socket_mode_enabled: true" in hero("manifest", "slack", folder=ROOT).out


def test_deliveries_of_a_fresh_database_says_that_nothing_waits(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'hero.db'}"
    assert hero("migrate", "--database", database, folder=ROOT).status == 0
    assert "Everything is shown" in hero("deliveries", "--database", database, folder=ROOT).out
