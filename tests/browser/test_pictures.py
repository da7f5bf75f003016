"""The README's pictures tell what the practice chat tells: taken anew, they say the same words."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import chromium, pictures

README = (pictures.FOLDER.parents[1] / "README.md").read_text("utf-8")
SHOWN = dict(re.findall(r'<img src="docs/pictures/([a-z]+)\.png" width="\d+" alt="([^"]+)">', README))
"""The pictures in the README, and what stands there for those who do not see them."""


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures as `make pictures` takes them, in a folder of their own."""
    if chromium.found() is None:
        pytest.fail(chromium.MISSING, pytrace=False)
    folder = tmp_path_factory.mktemp("pictures")
    command = [sys.executable, "-W", "error", "-m", "tests.browser.pictures", "--to", str(folder)]
    took = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert took.returncode == 0, took.stderr
    return folder


def words(picture: Path) -> str:
    """The text that a picture carries inside."""
    _, _, rest = picture.read_bytes().partition(b"iTXtDescription\0\0\0\0\0")
    return rest[: -12 - 4].decode()


def size(picture: Path) -> tuple[int, int]:
    """Its width and height in pixels."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_the_readme_shows_each_picture_there_is_and_only_those(anew: Path) -> None:
    there = {picture.stem for picture in pictures.FOLDER.glob("*")}
    assert len(SHOWN) == README.count("<img")
    assert there == {picture.stem for picture in anew.glob("*.png")} == set(SHOWN)


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_picture_taken_today_says_the_same_and_is_as_large(anew: Path, name: str) -> None:
    kept, today = pictures.FOLDER / f"{name}.png", anew / f"{name}.png"
    said = kept.with_suffix(".txt").read_text("utf-8")
    assert today.with_suffix(".txt").read_text("utf-8") == said, "the page has changed: make pictures"
    assert words(kept) == words(today) == said, "a picture and its text have parted: make pictures"
    assert size(kept) == size(today)
    assert kept.stat().st_size < 40_000


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_what_stands_for_a_picture_quotes_it_rightly(name: str) -> None:
    said = (pictures.FOLDER / f"{name}.txt").read_text("utf-8")
    quoted = re.findall("“([^”]+)”", SHOWN[name])
    assert quoted
    assert [words for words in quoted if words not in said] == []
