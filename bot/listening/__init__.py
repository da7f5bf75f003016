"""The seam every survey tool fills: a folder with Options, parse() and samples/, and how it is heard of.

A tool that sends has `verify`; one that sends only names of responses also `notice` and `fetch`; one that is asked has `begin` and
`poll`. A folder holds the functions that its tool needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot.listening.limit import Limit
from handlers.feedback import Customer, Feedback


class BadSignature(Exception):
    """The request is not from whom it says. The text is for the sender's operator; it never quotes the body."""


class Ignored(Exception):
    """A well-formed event nobody asked for (an unsubscribe, a test ping): answered 200, so the sender does not retry."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it came: header names in lower case, the raw bytes, the query, and when (aware, UTC)."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    at: datetime


def seconds(written: object) -> object:
    """`90s`, `5m`, `4h`, `7d` in seconds."""
    if not isinstance(written, str):
        return written
    match = re.fullmatch(r"\s*([1-9][0-9]{0,5})\s*([smhd])\s*", written)
    if match is None:
        raise ValueError("is not a span of time; write for example 5m")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]


Seconds = BeforeValidator(seconds)


def _as_list(secret: object) -> object:
    return () if secret is None else secret if isinstance(secret, list | tuple) else (secret,)


class Options(BaseModel):
    """The keys of every source that sends. `secret` is one text, or two while a new one replaces the old; `keep` is for how many
    seconds payloads are kept as they came."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    secret: Annotated[tuple[Annotated[SecretStr, Field(min_length=1)], ...], BeforeValidator(_as_list), Field(max_length=2)] = ()
    unsigned: bool = False
    limit: Annotated[Limit | None, BeforeValidator(Limit.parse)] = None
    keep: Annotated[float, Seconds] = 0

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


class PolledOptions(BaseModel):
    """The keys of a tool that is asked and never sends. `every` is in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    token: Annotated[SecretStr, Field(min_length=1)]
    every: Annotated[float, Seconds] = 300
    keep: Annotated[float, Seconds] = 0


class Asking(Protocol):
    """Questions to a tool's API: to the addresses that its `addresses` named, and to no other. Answers JSON.

    Raises Wait, NotNow and Denied.
    """

    async def get(
        self, address: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any: ...

    async def post(
        self, address: str, *, form: Mapping[str, str] | None = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any: ...


class Wait(Exception):
    """The tool asks us to come again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it asks us to wait {seconds:.0f} s")
        self.seconds = seconds


class NotNow(Exception):
    """The tool was not reached, or is in trouble: asked again by itself. The text holds nothing of an answer."""


class Denied(Exception):
    """The tool will not answer this, and asking again changes nothing: a token, a permission, something that is gone."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a tool answered: entries for `parse`, and the cursor from which to read on; `more` where there is more right away.

    A cursor must be such that reading on from it misses nothing; what comes twice is stored once.
    """

    entries: Sequence[Any]
    cursor: str
    more: bool


class Source(Protocol):
    """A survey tool's folder, bot/sources/<kind>/. `Options` is the pydantic model of its keys in app.yaml."""

    Options: type[Any]

    def parse(self, payload: Any, options: Any) -> Sequence[Feedback]:
        """Read one JSON object. Raises FieldError with the path in the sender's words, or Ignored."""


class Sends(Source, Protocol):
    """A tool that sends: to POST /feedback/{source}. `ANSWERS_HEAD = True` where it tries the address with HEAD first;
    `GIVES_SECRET = True` where it makes the secret itself; `SECRET_IN_ADDRESS = True` where the address ends in it, as `?key=…`."""

    def verify(self, sent: Sent, options: Any) -> None:
        """Raise BadSignature unless the raw bytes are signed as this tool signs. Called before anything is parsed."""


class Names(Sends, Protocol):
    """A tool that sends only the names of responses. `read(body)` where a body is not JSON: raises payload.Unreadable."""

    def notice(self, payload: Any, options: Any) -> Sequence[str]:
        """What to fetch, each in a text of ours that is safe in an address. Raises FieldError or Ignored."""

    def addresses(self, options: Any) -> Sequence[str]:
        """The addresses that may be asked."""

    async def fetch(self, reference: str, options: Any, ask: Asking) -> Any:
        """One response, for `parse`."""


class Directory(Protocol):
    """A system that tells who customers are, and no feedback; sent to the same address, verified and answered the same way."""

    Options: type[Any]

    def verify(self, sent: Sent, options: Any) -> None: ...

    def customers(self, payload: Any, options: Any) -> Sequence[Customer]:
        """Who a JSON object tells of. Raises FieldError with the path in the sender's words, or Ignored."""


class Polled(Source, Protocol):
    """A tool that is asked, every so often and once a day for its last days anew."""

    def addresses(self, options: Any) -> Sequence[str]: ...

    def begin(self, since: datetime, options: Any) -> str:
        """The cursor from which everything since then is read."""

    async def poll(self, cursor: str, options: Any, ask: Asking) -> Page:
        """Read on from there."""
