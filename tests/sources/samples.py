"""Finds every sample of every source: bot/sources/<kind>/samples/<name>.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot import sources
from bot.sources import LoadedSource

FOLDER = Path(sources.__path__[0])


@dataclass(frozen=True)
class Sample:
    """One recorded request, or one recorded answer. `signed` is None where nothing is signed; `expect` is what must be made of `payload`.

    A `fetched` payload, and any of a tool that is asked, came as the answer to a question: it is never sent. A `form` is sent as one.
    """

    kind: str
    name: str
    headers: dict[str, str]
    signed: dict[str, Any] | None
    options: dict[str, Any]
    payload: Any
    expect: Any
    fetched: bool = False
    form: bool = False

    @property
    def sent(self) -> bool:
        return self.loaded().sends and not self.fetched

    def body(self, payload: Any) -> bytes:
        return urlencode(payload, errors="replace").encode() if self.form else json.dumps(payload).encode()

    @property
    def secret(self) -> str:
        """The secret a sender still uses: of two, the old one."""
        secret = self.options["secret"]
        return str(secret if isinstance(secret, str) else secret[-1])

    def loaded(self, name: str = "sample") -> LoadedSource:
        source = sources.load(self.kind)
        return LoadedSource(name, source, source.Options.model_validate(self.options))


def every_sample() -> list[Sample]:
    return [_read(path) for path in sorted(FOLDER.glob("*/samples/*.json"))]


def _read(path: Path) -> Sample:
    told = json.loads(path.read_text("utf-8"))
    return Sample(
        path.parent.parent.name, path.stem, told.get("headers", {}), told.get("signed"), told["options"], told["payload"],
        told["expect"], told.get("fetched", False), told.get("form", False),
    )  # fmt: skip
