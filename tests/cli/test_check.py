"""`hero check`: its exit status and forms; and `serve`, which refuses with the same words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.command import AS_CALLED, ROOT, WITHOUT_RIGHTS, as_anybody, hero, process

SOUND = (ROOT / "app.yaml").read_text("utf-8")
WARNED = SOUND.replace("  - {name: everyone else, when: {band: [detractor, unscored]}, team: oak-street, moment: rescue}\n", "")
WRONG = SOUND.replace("Europe/Oslo", "Europe/Olso")
NAMED = SOUND.replace("unsigned: true", 'secret: "${SURVEY_SECRET}"')

COMMANDS = [["serve"], ["rehearse", "survey", "-"], ["migrate"], ["deliveries"]]
"""Those that need a sound file."""


def check(folder: Path, text: str, *options: str) -> tuple[int, str]:
    (folder / "app.yaml").write_text(text, "utf-8")
    told = hero("check", *options, folder=folder)
    assert told.err == ""
    return told.status, told.out


@pytest.mark.parametrize(
    ("text", "status", "strict", "words"),
    [(SOUND, 0, 0, "no errors, no warnings"), (WARNED, 0, 1, "no errors, 1 warning"), (WRONG, 2, 2, "1 error, no warnings")],
)
def test_errors_end_with_two_and_warnings_with_one_only_where_it_is_strict(
    tmp_path: Path, text: str, status: int, strict: int, words: str
) -> None:
    found, told = check(tmp_path, text)
    assert (found, words in told) == (status, True), told
    assert check(tmp_path, text, "--strict")[0] == strict


def test_a_name_that_is_not_set_is_an_error_unless_the_environment_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SURVEY_SECRET", raising=False)
    status, told = check(tmp_path, NAMED)
    assert (status, "SURVEY_SECRET is not set" in told) == (2, True)
    assert check(tmp_path, NAMED, "--no-env", "--strict")[0] == 0


def test_programs_and_github_are_told_the_same_place_as_people(tmp_path: Path) -> None:
    told = check(tmp_path, WRONG)[1]
    [found] = json.loads(check(tmp_path, WRONG, "--format", "json")[1])
    assert told.startswith(f"app.yaml:{found['line']}:{found['column']}: error {found['code']}")
    annotation = check(tmp_path, WRONG, "--format", "github")[1]
    assert annotation.startswith(f"::error file=app.yaml,line={found['line']},col={found['column']}")
    assert check(tmp_path, SOUND, "--format", "json") == (0, "[]\n")
    (tmp_path / "app.yaml").write_text(SOUND, "utf-8")
    assert "text, json or github" in hero("check", "--format", "xml", folder=tmp_path).err


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_file_with_errors_stops_every_command_with_the_report_of_check(tmp_path: Path, words: list[str]) -> None:
    report = check(tmp_path, WRONG)[1]
    told = hero(*words, folder=tmp_path)
    assert (told.status, told.out, told.err) == (78, "", report)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("company: {name: [", "X006"),
        ("a: " * 70, "X006"),
        ("[" * 65 + "]" * 65, "X004"),
        ("# " + "x" * (1 << 20), "X003"),
        ("", "X005"),
        ("- a\n- b\n", "X006"),
        ("company: *nobody\n", "X006"),
    ],
)
def test_what_cannot_be_read_is_refused_at_a_place_and_without_a_traceback(tmp_path: Path, text: str, code: str) -> None:
    status, told = check(tmp_path, text)
    assert (status, code in told) == (2, True), told[:500]
    served = process("serve", folder=tmp_path) if text.startswith("company: {") else hero("serve", folder=tmp_path)
    assert (served.status, served.err.strip().replace(AS_CALLED, "hero")) == (78, told.strip())


def test_nesting_of_64_is_read_and_of_65_refused(tmp_path: Path) -> None:
    def nested(depth: int) -> str:
        return "x: " + "[" * (depth - 1) + "]" * (depth - 1) + "\n"

    assert "nested" not in check(tmp_path, nested(64))[1]
    assert "nested" in check(tmp_path, nested(65))[1]


def test_a_folder_and_a_link_to_itself_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for name, words in (("gone.yaml", "no such file"), (".", "a folder and not a file"), ("loop.yaml", "cannot be read")):
        told = hero("check", "--config", name, folder=tmp_path)
        assert (told.status, words in told.out) == (2, True), told.out
        assert "= help: " in told.out


@WITHOUT_RIGHTS
def test_a_file_that_may_not_be_read_is_a_finding_and_serve_ends_so_that_systemd_does_not_try_for_ever(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(SOUND, "utf-8")
    (tmp_path / "app.yaml").chmod(0)
    with as_anybody():
        told = hero("check", "--format", "json", folder=tmp_path)
    assert (told.status, [each["code"] for each in json.loads(told.out)]) == (2, ["X001"])
    with as_anybody():
        told = hero("serve", "--port", "0", folder=tmp_path)
    assert (told.status, "X001 the file may not be read by this user" in told.err) == (78, True), told.err


def test_practice_beside_a_real_chat_is_refused_unless_that_is_said(tmp_path: Path) -> None:
    both = SOUND.replace("  practice: {}", "  slack: {bot_token: xoxb-1, app_token: xapp-1}\n  practice: {}")
    status, told = check(tmp_path, both)
    assert (status, "allow_practice" in told) == (2, True)
    assert hero("serve", folder=tmp_path).status == 78
    allowed = both.replace("port: 8080", "port: 8080, allow_practice: true")
    assert check(tmp_path, allowed)[0] == 0


def test_another_file_is_named_with_config(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    shutil.copy(ROOT / "app.yaml", tmp_path / "team/hero.yaml")
    told = hero("check", "--config", "team/hero.yaml", "--database", "sqlite:///other.db", folder=tmp_path)
    assert told.status == 0, told.all
