"""A folder a survey tool, found by the name that app.yaml uses. What a folder holds, and what it may use, is in bot/listening."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.listening import Source
from handlers.arranged.tools import Tool
from handlers.feedback import Customer, Feedback


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A source as app.yaml names it, with its options read. The name is part of its URL and of every piece of feedback."""

    name: str
    source: Any
    options: Any

    def parse(self, payload: Any) -> Sequence[Feedback]:
        """What its folder reads in a payload."""
        pieces: Sequence[Feedback] = self.source.parse(payload, self.options)
        return pieces

    def customers(self, payload: Any) -> Sequence[Customer]:
        """Whom its folder, that of a directory, finds in a payload."""
        told: Sequence[Customer] = self.source.customers(payload, self.options)
        return told

    @property
    def tells_of_customers(self) -> bool:
        return hasattr(self.source, "customers")

    @property
    def sends(self) -> bool:
        return hasattr(self.source, "verify")

    @property
    def names(self) -> bool:
        return hasattr(self.source, "notice")

    @property
    def is_asked(self) -> bool:
        return hasattr(self.source, "poll")


def kinds() -> tuple[str, ...]:
    """Every kind there is a folder for."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


@cache
def tools() -> tuple[Tool, ...]:
    """The kinds that send and need nothing but a secret: those ops may connect in chat. Imports all there are."""
    return tuple(tool for tool in map(_tool, kinds()) if tool is not None)


def _tool(kind: str) -> Tool | None:
    source = load(kind)
    if not hasattr(source, "verify") or hasattr(source, "notice") or hasattr(source, "poll"):
        return None
    try:
        source.Options(secret="whsec_c2VjcmV0")  # noqa: S106 - nobody's
    except ValueError:  # it wants to be told more
        return None
    return Tool(kind, getattr(source, "GIVES_SECRET", False), getattr(source, "SECRET_IN_ADDRESS", False))


def load(kind: str) -> Source:
    """The source of that kind. Raises ModuleNotFoundError, naming those there are, for an unknown one."""
    if kind not in kinds():
        raise ModuleNotFoundError(
            f"there is no source of kind {kind!r}; there are {', '.join(kinds())}", name=f"bot.sources.{kind}"
        )
    source: Source = importlib.import_module(f"bot.sources.{kind}")
    return source
