"""The interface of every survey tool: a folder with Options, parse() and samples/, plus the functions by which its data arrives.

A tool that sends has `verify`; one that sends only the names of responses also has `notice` and `fetch`; one that is polled has
`begin` and `poll`. A folder holds only the functions its tool needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from bot.listening.limit import Limit
from bot.secret import Secret
from handlers.feedback import Customer, Feedback


class BadSignature(Exception):
    """The sender is not who the request says. The text is for the sender's operator; it never quotes the body."""


class Ignored(Exception):
    """A well-formed event that we do not use (an unsubscribe, a test ping): answered with 200, so the sender does not retry."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it came: headers by lower-case name, the raw bytes, the query, and when it came (aware, UTC)."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    at: datetime


def seconds(written: object) -> float:
    """Parse `90s`, `5m`, `4h`, `7d` into seconds. Raises ValueError, also for a number: nobody can tell of what."""
    match = re.fullmatch(r"\s*([1-9][0-9]{0,5})\s*([smhd])\s*", str(written))
    if match is None:
        raise ValueError("is not a span of time; write for example 5m")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]


Seconds = Annotated[float, PlainValidator(seconds)]


def _calmly(seconds: float) -> float:
    if seconds < 60:
        raise ValueError("is less than a minute, and the tool would take that for an attack; write for example 5m")
    return seconds


Often = Annotated[Seconds, AfterValidator(_calmly)]
"""How often a tool is asked, in seconds."""


def _as_list(secret: object) -> object:
    return () if secret is None else secret if isinstance(secret, list | tuple) else (secret,)


class Options(BaseModel):
    """The keys of every source that sends. `secret` is one text, or two while a new secret replaces the old; `keep` is for how many
    seconds payloads are kept as they came."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    secret: Annotated[tuple[Secret, ...], BeforeValidator(_as_list), Field(max_length=2)] = ()
    unsigned: bool = False
    limit: Annotated[Limit | None, BeforeValidator(Limit.parse)] = None
    keep: Seconds = 0

    @model_validator(mode="after")
    def _signed_or_says_so(self) -> Options:
        if not self.secret and not self.unsigned:
            raise ValueError("a source without secret must say unsigned: true")
        if self.secret and self.unsigned:
            raise ValueError("a source with a secret cannot say unsigned: true; remove one of the two")
        return self

    @cached_property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets as bytes, stripped of surrounding white space; empty only if the source is unsigned."""
        return tuple(secret.get_secret_value().strip().encode() for secret in self.secret)


class PolledOptions(BaseModel):
    """The keys of a tool that is polled and never sends. `every` is in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    token: Secret
    every: Often = 300
    keep: Seconds = 0


class Asking(Protocol):
    """Makes requests to a tool's API: to the URLs that its `addresses` returns, and to no others. Returns parsed JSON.

    Raises Wait, NotNow and Denied.
    """

    async def get(
        self, address: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any: ...

    async def post(
        self, address: str, *, form: Mapping[str, str] | None = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any: ...


class Wait(Exception):
    """The tool asks us to come again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it asks us to wait {seconds:.0f} s")
        self.seconds = seconds


class NotNow(Exception):
    """The tool was not reached, or is in trouble: retried automatically. The text quotes nothing of a response."""


class Denied(Exception):
    """The tool refuses, and a retry changes nothing: something that is gone, or that it will not give."""


class Gone(Denied):
    """What we ask for is not there: no longer, or not yet, since some tools name a response before they can give it."""


class TokenRefused(Denied):
    """The tool does not accept our token, or grants it too little. That is about every request, and ends once ops mend it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a tool returned: entries for `parse`, the cursor from which to read on, and whether there is `more` right away.

    Reading on from a cursor must not miss anything; an entry that comes twice is stored once.
    """

    entries: Sequence[Any]
    cursor: str
    more: bool


class Source(Protocol):
    """A survey tool's folder, bot/sources/<kind>/. `Options` is the pydantic model of its keys in app.yaml."""

    Options: type[Any]

    def parse(self, payload: Any, options: Any) -> Sequence[Feedback]:
        """Read one JSON object. Raises FieldError with the sender's path, or Ignored."""


class Sends(Source, Protocol):
    """A tool that sends to POST /feedback/{source}. `GIVES_SECRET = True` if it generates the secret itself; `SECRET_IN_ADDRESS =
    True` if the URL ends in the secret, as `?key=…`; `TITLE` is what people call it, if that is not its kind with a capital."""

    def verify(self, sent: Sent, options: Any) -> bytes | None:
        """Raise BadSignature unless the raw bytes are signed as this tool signs. Called before anything is parsed. May return what
        no other request has, if its time is signed: one that comes again then changes nothing."""


class Names(Sends, Protocol):
    """A tool that sends only the names of responses. If its bodies are not JSON, it has `read(body)`: raises payload.Unreadable."""

    def notice(self, payload: Any, options: Any) -> Sequence[str]:
        """Returns references to what must be fetched, in our own format, safe in a URL. Raises FieldError or Ignored."""

    def addresses(self, options: Any) -> Sequence[str]:
        """Returns the URLs that may be requested."""

    async def fetch(self, reference: str, options: Any, ask: Asking) -> Any:
        """Returns one response, for `parse`. Raises what `ask` raises."""


class Directory(Protocol):
    """A system that tells who customers are, and sends no feedback; it sends to the same URL, verified and answered likewise."""

    Options: type[Any]

    def verify(self, sent: Sent, options: Any) -> bytes | None: ...

    def customers(self, payload: Any, options: Any) -> Sequence[Customer]:
        """Returns the customers in one JSON object. Raises FieldError with the sender's path, or Ignored."""


class Polled(Source, Protocol):
    """A tool that is polled every so often, and once a day for its last days again."""

    def addresses(self, options: Any) -> Sequence[str]: ...

    def begin(self, since: datetime, options: Any) -> str:
        """Returns the cursor from which to read everything since then."""

    async def poll(self, cursor: str, options: Any, ask: Asking) -> Page:
        """Read one page from the cursor on. Raises what `ask` raises."""
