"""The seam every survey tool fills: a folder with Options, verify(), parse() and samples/."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot.sources.limit import Limit
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


def _as_list(secret: object) -> object:
    return () if secret is None else secret if isinstance(secret, list | tuple) else (secret,)


class Options(BaseModel):
    """The keys every source has in app.yaml. `secret` is one text, or two while a new one replaces the old."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    secret: Annotated[tuple[Annotated[SecretStr, Field(min_length=1)], ...], BeforeValidator(_as_list), Field(max_length=2)] = ()
    unsigned: bool = False
    limit: Annotated[Limit | None, BeforeValidator(Limit.parse)] = None

    @model_validator(mode="after")
    def _signed_or_says_so(self) -> Options:
        if not self.secret and not self.unsigned:
            raise ValueError("a source without secret must say unsigned: true")
        if self.secret and self.unsigned:
            raise ValueError("a source with a secret cannot say unsigned: true; remove one of the two")
        return self

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets as bytes, without white space around them; empty only where the source is unsigned."""
        return tuple(secret.get_secret_value().strip().encode() for secret in self.secret)


class Source(Protocol):
    """A survey tool's folder, bot/sources/<kind>/. `Options` is the pydantic model of its keys in app.yaml."""

    Options: type[Any]

    def verify(self, delivery: Delivery, options: Any) -> None:
        """Raise BadSignature unless the raw bytes are signed as this tool signs. Called before anything is parsed."""

    def parse(self, payload: Any, options: Any) -> Sequence[Feedback]:
        """Read one JSON object. Raises FieldError with the path in the sender's words, or Ignored."""


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A source as app.yaml names it, with its options read. The name is part of its URL and of every piece of feedback."""

    name: str
    source: Source
    options: Any


def kinds() -> tuple[str, ...]:
    """Every kind there is a folder for."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def load(kind: str) -> Source:
    """The source of that kind. Raises ModuleNotFoundError, naming those there are, for an unknown one."""
    if kind not in kinds():
        raise ModuleNotFoundError(
            f"there is no source of kind {kind!r}; there are {', '.join(kinds())}", name=f"bot.sources.{kind}"
        )
    source: Source = importlib.import_module(f"bot.sources.{kind}")
    return source
