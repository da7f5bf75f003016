"""One folder per survey tool, found by the kind that app.yaml names. bot/listening says what a folder provides and may use."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from bot.listening import Source, payload
from handlers.feedback import Customer, Feedback
from handlers.survey_tools import Tool

if TYPE_CHECKING:
    from bot.config.parts import SourceSettings


@dataclass(frozen=True)
class LoadedSource:
    """A source as app.yaml names it, with its parsed options. The name is part of its URL and stored with its feedback.

    What its module lacks is looked up once: a module that lacks a name composes an error each time it is asked.
    """

    name: str
    source: Any
    options: Any

    @classmethod
    def of(cls, name: str, settings: SourceSettings) -> LoadedSource:
        """Returns the source of that name with the module of its kind."""
        return cls(name, load(settings.kind), settings.options)

    def parse(self, payload: Any) -> Sequence[Feedback]:
        """Parse a payload into feedback."""
        pieces: Sequence[Feedback] = self.source.parse(payload, self.options)
        return pieces

    def customers(self, payload: Any) -> Sequence[Customer]:
        """Parse a payload of a customer directory into customers."""
        told: Sequence[Customer] = self.source.customers(payload, self.options)
        return told

    @cached_property
    def tells_of_customers(self) -> bool:
        return hasattr(self.source, "customers")

    @property
    def sends(self) -> bool:
        return hasattr(self.source, "verify")

    @cached_property
    def names(self) -> bool:
        return hasattr(self.source, "notice")

    @cached_property
    def read(self) -> Callable[[bytes], Any]:
        """Parses a body. Raises payload.Unreadable."""
        return getattr(self.source, "read", payload.read)

    @property
    def is_asked(self) -> bool:
        return hasattr(self.source, "poll")


def kinds() -> tuple[str, ...]:
    """Returns every kind that has a folder."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


@cache
def tools() -> tuple[Tool, ...]:
    """Returns the kinds that send and need nothing but a secret: those ops may connect in chat. Imports all kinds."""
    return tuple(tool for tool in map(_tool, kinds()) if tool is not None)


def _tool(kind: str) -> Tool | None:
    source = load(kind)
    if not hasattr(source, "verify") or hasattr(source, "notice") or hasattr(source, "poll"):
        return None
    try:
        source.Options(secret="whsec_c2VjcmV0")  # noqa: S106 - a made-up secret
    except ValueError:  # it requires more options
        return None
    given, in_address = getattr(source, "GIVES_SECRET", False), getattr(source, "SECRET_IN_ADDRESS", False)
    return Tool(kind, getattr(source, "TITLE", kind.capitalize()), given, in_address, directory=hasattr(source, "customers"))


def load(kind: str) -> Source:
    """Returns the module of that kind. Raises ModuleNotFoundError, listing the known kinds, when it is unknown."""
    if kind not in kinds():
        raise ModuleNotFoundError(
            f"there is no source of kind {kind!r}; there are {', '.join(kinds())}", name=f"bot.sources.{kind}"
        )
    source: Source = importlib.import_module(f"bot.sources.{kind}")
    return source
