"""The seam every survey tool fills: a folder with Options, verify(), parse() and samples/."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handlers.feedback import Feedback


class BadSignature(Exception):
    """The request is not from whom it says. The text is for the sender's operator; it never quotes the body."""


class Ignored(Exception):
    """A well-formed event nobody asked for (an unsubscribe, a test ping): answered 200, so the sender does not retry."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it came: header names in lower case, the raw bytes, the query, and when (aware, UTC)."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    at: datetime


class Source(Protocol):
    """A survey tool's folder, bot/sources/<kind>/. `Options` is the pydantic model of its keys in app.yaml."""

    Options: type[Any]

    def verify(self, delivery: Delivery, options: Any) -> None:
        """Raise BadSignature unless the raw bytes are signed as this tool signs. Called before anything is parsed."""

    def parse(self, payload: Any, options: Any) -> Sequence[Feedback]:
        """Read one JSON object. Raises FieldError with the path in the sender's words, or Ignored."""


def load(kind: str) -> Source:
    """The source of that kind. Raises ModuleNotFoundError for an unknown one."""
    source: Source = importlib.import_module(f"bot.sources.{kind}")  # type: ignore[assignment]
    return source
