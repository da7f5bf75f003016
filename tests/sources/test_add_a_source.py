"""Who has only docs/add-a-source.md succeeds: what it prints is a source, and its samples are read as they say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.listening import Ignored, Sent
from bot.sources import LoadedSource
from handlers.feedback import FieldError
from tests.sources.signing import sign
from tests.sources.test_samples import assert_holds

PAGE = (Path(__file__).parents[2] / "docs/add-a-source.md").read_text("utf-8")
NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
PRINTED = dict(re.findall(r"`samples/([\w-]+\.json)`:\n\n```json\n(.*?)```", PAGE, re.DOTALL))


def acme(options: dict[str, Any]) -> LoadedSource:
    module: Any = ModuleType("acme")
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "add-a-source.md", "exec"), module.__dict__)
    return LoadedSource("acme", module, module.Options.model_validate(options))


def test_every_sample_that_the_page_lists_is_printed() -> None:
    assert set(re.findall(r"^    ([\w-]+\.json)", PAGE, re.MULTILINE)) == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_what_the_page_prints_reads_the_samples_that_it_prints(name: str) -> None:
    sample = json.loads(PRINTED[name])
    loaded, body = acme(sample["options"]), json.dumps(sample["payload"]).encode()
    signed = sign(sample["signed"], sample["options"]["secret"], body, NOW)
    loaded.source.verify(Sent({key.lower(): value for key, value in signed.headers.items()}, body, {}, NOW), loaded.options)
    if "ignored" in sample["expect"]:
        with pytest.raises(Ignored):
            loaded.parse(sample["payload"])
    elif "error" in sample["expect"]:
        with pytest.raises(FieldError) as refused:
            loaded.parse(sample["payload"])
        assert refused.value.field == sample["expect"]["error"]["field"]
    else:
        for piece, expected in zip(loaded.parse(sample["payload"]), sample["expect"], strict=True):
            assert_holds(piece.model_dump(mode="json"), expected)
