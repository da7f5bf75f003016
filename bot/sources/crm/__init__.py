"""Customer records from a CRM or similar: value, segment, owner and so on. No feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

import bot.listening
from bot.listening import Sent, finding, reading, signatures
from handlers.arrivals.customers import checked
from handlers.feedback import Customer

TITLE = "A customer directory (CRM)"


Name = Literal["key", "email", "name", "phone", "company", "value", "currency", "segment", "owner", "location"]


class Options(bot.listening.Options):
    """`fields` maps our customer fields to paths in the system's own JSON; the default is JSON with our names. `signature` is as
    for `mapped`; the default is Standard Webhooks."""

    fields: dict[Name, finding.Path] = Field(default_factory=dict)
    signature: signatures.Signature = signatures.Signature(scheme=signatures.STANDARD)

    @model_validator(mode="after")
    def _is_whole(self) -> Options:
        if not self.unsigned:
            signatures.check_secrets(self.signature.scheme, self.secret)
        if self.fields and not {"key", "email"} & self.fields.keys():
            raise ValueError("fields needs `key` or `email`: a customer is known by one of them")
        return self

    @cached_property
    def finders(self) -> Mapping[str, Callable[[Any], Any]]:
        return {name: finding.finder(path) for name, path in self.fields.items()}


def verify(sent: Sent, options: Options) -> bytes:
    return b"" if options.unsigned else signatures.verify(options.signature, sent, options)


def customers(payload: Any, options: Options) -> Sequence[Customer]:
    """Parse one customer. Missing and null fields leave what is stored unchanged."""
    if not options.fields:
        return (checked(reading.customer(payload)),)
    found = {name: _as_meant(name, find(payload)) for name, find in options.finders.items()}
    return (checked(reading.customer(found, {str(name): path for name, path in options.fields.items()})),)


def _as_meant(name: str, value: Any) -> Any:
    return reading.as_number(value) if name == "value" else reading.as_text(value)
