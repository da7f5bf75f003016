"""Each file in broken/ gets exactly the report that stands beside it."""

import json
import re
from pathlib import Path

import pytest

from bot.config import load
from bot.config.check import findings
from bot.config.findings import Level, exit_code, report

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


@pytest.fixture(autouse=True)
def in_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_gets_the_report_that_is_written_beside_it(path: Path) -> None:
    found = findings(load(path.name, environ={}))
    assert report(found) + "\n" == path.with_suffix(".txt").read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_report_shows_a_secret(path: Path) -> None:
    found = findings(load(path.name, environ={}))
    for text in (report(found), report(found, "json"), report(found, "github")):
        assert re.search(r"hunter2|xoxb-1|8f742231", text) is None


@pytest.mark.parametrize("address", [
    '"postgresql://hero:it\'s hunter2@db/hero"',
    '"postgresql://hero:h@hunter2@db/hero"',
    '"postgresql://hero:h hunter2@x@db/hero"',
    "postgresql://hero:h?u&n=hunter2@db/hero",
    "postgresql://hero@db:5432/hero?sslpassword=hunter2&foo=1",
    "postgresql://hero@db/hero?passwd=hunter2",
    "postgresql://hero@db/hero?password=h&hunter2&foo=1",
])  # fmt: skip
def test_no_password_of_a_database_is_shown_however_it_is_written(tmp_path: Path, address: str) -> None:
    for rest in ("", "routes: [", "database: twice"):
        (tmp_path / "app.yaml").write_text(f"company: 1\ndatabase: {address}\n{rest}\n", "utf-8")
        found = findings(load(tmp_path / "app.yaml", environ={}))
        assert any(finding.line == 2 for finding in found) or rest == "routes: ["
        for text in (report(found), report(found, "json"), report(found, "github")):
            assert "hunter2" not in text


def test_of_the_address_of_a_database_all_is_shown_that_is_no_secret(tmp_path: Path) -> None:
    shown = {
        "postgresql://hero:${PASSWORD}@db:5432/hero?foo=1": "postgresql://hero:${PASSWORD}@db:5432/hero?foo=•••",
        "postgresql://db:5432/hero?sslpassword=hunter2&foo=1": "postgresql://db:5432/hero?sslpassword=•••&foo=•••",
        "sqlite:///hero:1.db?mode=ro": "sqlite:///hero:1.db?mode=ro",
    }
    for address, excerpt in shown.items():
        (tmp_path / "app.yaml").write_text(f"database: {address}\n", "utf-8")
        found = findings(load(tmp_path / "app.yaml", environ={"PASSWORD": "x"}))
        assert f"database: {excerpt}" in {finding.excerpt.text for finding in found if finding.excerpt}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_carets_stand_under_what_the_column_says(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for finding in findings(load(path.name, environ={})):
        if finding.excerpt and "•••" not in finding.excerpt.text and finding.line <= len(lines):
            there = lines[finding.line - 1].replace("\t", " ")[finding.column - 1 :]
            shown = finding.excerpt.text[finding.excerpt.start :].rstrip("…")
            assert there.startswith(shown)
            assert finding.excerpt.start + finding.excerpt.width <= max(len(finding.excerpt.text), finding.excerpt.start + 1)


def test_every_code_has_an_example() -> None:
    shown = set(re.findall(r"[XWN]\d{3}", "".join(path.with_suffix(".txt").read_text("utf-8") for path in FILES)))
    explained = set(
        re.findall(r"^### ([XWN]\d{3})$", (BROKEN.parents[2] / "docs/configuration.md").read_text("utf-8"), re.MULTILINE)
    )
    not_about_what_is_in_a_file = {"X001", "X002", "X003", "X008"}
    assert shown == explained - not_about_what_is_in_a_file


def test_all_mistakes_come_at_once_errors_first_each_in_the_order_of_the_file() -> None:
    found = findings(load("open-to-the-world.yaml", environ={})) + findings(load("practice-beside-slack.yaml", environ={}))
    assert {finding.level for finding in found} == set(Level)
    one = findings(load("practice-beside-slack.yaml", environ={}))
    assert [finding.level for finding in one] == sorted(
        (finding.level for finding in one), key=lambda level: level is Level.WARNING
    )
    for level in Level:
        places = [(finding.line, finding.column) for finding in one if finding.level is level]
        assert places == sorted(places)


def test_json_has_a_list_of_objects_for_programs() -> None:
    found = json.loads(report(findings(load("settle-too-long.yaml", environ={})), "json"))
    assert found == [
        {
            "file": "settle-too-long.yaml",
            "line": 2,
            "column": 20,
            "level": "error",
            "code": "X203",
            "message": "`delivery.settle` is longer than 30 s: a card in doubt would be late",
            "help": "write 30s or less",
        }
    ]


def test_github_gets_one_annotation_a_line() -> None:
    text = report(findings(load("settle-too-long.yaml", environ={})), "github")
    words = "`delivery.settle` is longer than 30 s: a card in doubt would be late (write 30s or less)"
    assert text == f"::error file=settle-too-long.yaml,line=2,col=20,title=X203::{words}"


def test_the_exit_code_tells_errors_from_warnings() -> None:
    errors = findings(load("settle-too-long.yaml", environ={}))
    warnings = findings(load("never-matches.yaml", environ={}))
    assert [exit_code(errors), exit_code(warnings), exit_code(warnings, strict=True), exit_code([], strict=True)] == [2, 0, 1, 0]
