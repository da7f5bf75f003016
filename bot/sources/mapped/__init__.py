"""Any JSON: app.yaml gives a JMESPath expression for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import model_validator

import bot.listening
from bot.listening import Sent, finding, paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback, Metric

Name = Literal[
    "id", "score", "comment", "email", "name", "key", "phone", "company", "value", "currency", "segment", "owner",
    "location", "touchpoint", "tags", "link", "occurred_at", "wants_contact",
]  # fmt: skip
_OF_THE_CUSTOMER = ("email", "name", "key", "phone", "company", "value", "currency", "segment", "owner", "location")


class Options(Asked, bot.listening.Options):
    """`fields` gives the path of each field."""

    metric: Metric
    fields: dict[Name, finding.Path]
    signature: signatures.Signature | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Options:
        if (self.signature is None) != self.unsigned:
            raise ValueError(
                "unsigned: true needs no signature"
                if self.unsigned
                else "a source with a secret says its signature: {header, scheme}"
            )
        if self.signature:
            signatures.check_secrets(self.signature.scheme, self.secret)
        for field in ("id", "comment" if self.metric is Metric.COMMENT else "score"):
            if field not in self.fields:
                raise ValueError(f"fields needs `{field}`, the path where it is found")
        return self

    @cached_property
    def finders(self) -> Mapping[str, Callable[[Any], Any]]:
        """Returns for each field the function that finds it in a payload."""
        return {name: finding.finder(path) for name, path in self.fields.items()}

    @cached_property
    def said(self) -> Mapping[str, str]:
        """Returns the sender's path of each of our fields."""
        return {f"customer.{name}" if name in _OF_THE_CUSTOMER else name: path for name, path in self.fields.items()}


def verify(sent: Sent, options: Options) -> bytes:
    return b"" if options.signature is None else signatures.verify(options.signature, sent, options)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = options.question
    customer: dict[str, Any] = {}
    for name, find in options.finders.items():
        if name in _OF_THE_CUSTOMER:
            customer[name] = paths.as_meant(f"customer.{name}", find(payload))
        else:
            found[name] = _as_meant(name, find(payload), options)
    return (reading.feedback({**found, "customer": customer}, options.said),)


def _as_meant(name: str, value: Any, options: Options) -> Any:
    match name:
        case "score":
            return options.score(value, options.fields["score"])
        case "tags":
            return (
                [reading.as_text(tag) for tag in value] if isinstance(value, list) else [value] if isinstance(value, str) else value
            )
        case _:
            return paths.as_meant(name, value)
