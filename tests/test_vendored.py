"""Vendored files are exactly those that the docs list, each with its licence beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "bot" / "chats" / "practice" / "static"
WHY = (ROOT / "docs" / "why.md").read_text("utf-8")
VENDORED = sorted(STATIC.glob("*.min.js"))


@pytest.mark.parametrize("file", VENDORED, ids=lambda file: file.name)
def test_a_vendored_file_is_the_one_whose_sum_the_docs_name(file: Path) -> None:
    row = f"| `{file.name}` |"
    [told] = [line for line in WHY.splitlines() if line.startswith(row)]
    assert f"`{hashlib.sha256(file.read_bytes()).hexdigest()}`" in told


@pytest.mark.parametrize("file", VENDORED, ids=lambda file: file.name)
def test_a_vendored_file_has_its_licence_beside_it(file: Path) -> None:
    licence = (STATIC / f"{file.name.partition('-')[0]}-LICENSE.txt").read_text("utf-8")
    assert "WITHOUT WARRANTY OF ANY KIND" in licence or "DISCLAIMS ALL" in licence
