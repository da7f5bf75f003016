"""Weekly posts are what their files say, in every chat, and no platform would turn one away."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from tests.digests import goldens
from tests.emulators.msteams.cards import check_card
from tests.emulators.slack.blocks import check_blocks


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return goldens.all_drawn()


FILES = [f"{scene}.{kind}" for scene in goldens.SCENES for kind in goldens.KEPT]


@pytest.mark.parametrize("file", FILES)
def test_a_post_is_what_its_file_says(drawn: dict[str, str], file: str) -> None:
    assert drawn[file] == (goldens.FOLDER / file).read_text("utf-8"), "python -m tests.digests.goldens writes them anew"


@pytest.mark.parametrize("scene", goldens.SCENES)
def test_slack_takes_each_of_them(drawn: dict[str, str], scene: str) -> None:
    message = json.loads(drawn[f"{scene}.slack.json"])
    assert check_blocks(message["blocks"], "message").problems == []


@pytest.mark.parametrize("scene", goldens.SCENES)
def test_microsoft_teams_takes_each_of_them(drawn: dict[str, str], scene: str) -> None:
    message: dict[str, Any] = json.loads(drawn[f"{scene}.msteams.json"])
    assert [why for attachment in message["attachments"] for why in check_card(attachment["content"])] == []


AS_THEY_ARE = [scene for scene in goldens.SCENES if scene != "awkward-words"]
"""Those words are cut and cleaned by each platform in its own way."""


@pytest.mark.parametrize("scene", AS_THEY_ARE)
def test_every_line_that_is_read_as_text_is_read_in_every_chat(drawn: dict[str, str], scene: str) -> None:
    text = [line.strip().removeprefix("“").removesuffix("”") for line in drawn[f"{scene}.txt"].splitlines()]
    shown = {kind: "\n".join(_strings(json.loads(drawn[f"{scene}.{kind}"]))) for kind in ("slack.json", "msteams.json")}
    shown["html"] = _read(drawn[f"{scene}.html"])
    buttons = {label for line in text if line.startswith("[") for label in line[1:-1].split("] [")}
    for line in [*(line for line in text if not line.startswith("[")), *buttons]:
        assert all(line in words for words in shown.values()), line


def _read(page: str) -> str:
    """Without its tags; a line in which each part stands in a tag of its own is one line again."""
    return unescape(" ".join(re.sub(r"<[^>]+>", "", page).split()))


def _strings(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    return [
        text
        for part in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        for text in _strings(part)
    ]
