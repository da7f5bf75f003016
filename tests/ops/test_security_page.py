"""docs/security.md: each threat names its test, and each test that is named exists. Licences are listed and allow the use."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.ops import licences

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")
THREATS = re.findall(r"^\| (.+?) \| (.+?) \| (`test_.+?) \|$", PAGE.partition("## Threats")[2].partition("\n## ")[0], re.MULTILINE)


@cache
def all_tests() -> set[str]:
    """Read as text: to take every file apart costs seconds."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for path in files for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)}


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat[0][:40])
def test_each_threat_names_tests_that_exist(threat: tuple[str, str, str]) -> None:
    named = re.findall(r"`(test_\w+)`", threat[2])
    assert named
    assert [name for name in named if name not in all_tests()] == []


def test_no_line_of_the_table_is_without_a_test() -> None:
    lines = [line for line in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines() if line.startswith("| ")]
    assert len(lines) - 2 == len(THREATS) > 20


def test_every_library_is_listed_with_terms_that_allow_its_use() -> None:
    page = licences.PAGE.read_text("utf-8")
    listed = dict(re.findall(r"^\| (\S+) \| (.*) \|$", page.partition("| --- | --- |")[2], re.MULTILINE))
    assert sorted(listed, key=str.lower) == licences.locked(), "run make licences"
    assert page == licences.page(page), "run make licences"
    assert [name for name, terms in listed.items() if terms == "unknown" or re.search(r"\bA?GPL", terms)] == []
