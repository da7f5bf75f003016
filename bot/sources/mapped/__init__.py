"""Any JSON: app.yaml says with a path (JMESPath) where each field is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce
from typing import Annotated, Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

import bot.sources
from bot.sources import Delivery, reading, signatures
from handlers.feedback import DEFAULT_SCALE, Feedback, FieldError, Metric

Name = Literal[
    "id", "score", "comment", "email", "name", "key", "phone", "company", "value", "currency", "segment",
    "touchpoint", "tags", "link", "occurred_at", "wants_contact",
]  # fmt: skip
_OF_THE_CUSTOMER = ("email", "name", "key", "phone", "company", "value", "currency", "segment")
_YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _compiles(path: str) -> str:
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        raise ValueError(f"{path!r} is not a JMESPath: {str(error).splitlines()[0]}") from None
    return path


def _folded(answers: object) -> object:
    """YAML reads `true` and `1` as more than text; a label is compared as text, in any case."""
    return {str(label).strip().casefold(): score for label, score in answers.items()} if isinstance(answers, dict) else answers


class Options(bot.sources.Options):
    """`scale` is (worst, best), the metric's usual one if left out; `answers` says which score a label stands for."""

    metric: Metric
    scale: tuple[float, float] | None = None
    fields: dict[Name, Annotated[str, AfterValidator(_compiles)]]
    answers: Annotated[dict[str, float], BeforeValidator(_folded)] = Field(default_factory=dict)
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
        if self.metric is Metric.COMMENT:
            return self
        worst, best = self.scale or DEFAULT_SCALE[self.metric]
        if worst == best or (self.metric is Metric.NPS and (worst, best) != (0, 10)):
            raise ValueError("scale is [worst, best], two different numbers; that of nps is [0, 10]")
        for label, score in self.answers.items():
            if not min(worst, best) <= score <= max(worst, best):
                raise ValueError(f"the answer {label!r} stands for {score:g}, outside the scale of {worst:g} to {best:g}")
        return self

    @cached_property
    def finders(self) -> Mapping[str, Callable[[Any], Any]]:
        """For each field the function that finds it in a payload."""
        return {name: _finder(path) for name, path in self.fields.items()}

    @cached_property
    def said(self) -> Mapping[str, str]:
        """What the sender calls each of our paths."""
        return {f"customer.{name}" if name in _OF_THE_CUSTOMER else name: path for name, path in self.fields.items()}


def verify(delivery: Delivery, options: Options) -> None:
    if options.signature is not None:
        signatures.verify(options.signature, delivery, options)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found: dict[str, Any] = {"metric": options.metric, "scale": list(options.scale) if options.scale else None}
    customer: dict[str, Any] = {}
    for name, find in options.finders.items():
        value = _as_meant(name, find(payload), options)
        if name in _OF_THE_CUSTOMER:
            customer[name] = value
        else:
            found[name] = value
    return (reading.feedback({**found, "customer": customer}, options.said),)


def _finder(path: str) -> Callable[[Any], Any]:
    """Names with dots between, which is what nearly everybody writes, need no interpreter: ten times faster, the same answer."""
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", path, re.ASCII):
        names = path.split(".")
        return lambda payload: reduce(lambda value, name: value.get(name) if isinstance(value, dict) else None, names, payload)
    expression = jmespath.compile(path)

    def find(payload: Any) -> Any:
        try:
            return expression.search(payload)
        except Exception as error:  # a function of JMESPath over foreign data may fail in any way
            raise FieldError(path, "could not be looked up in this payload") from error

    return find


def _as_meant(name: str, value: Any, options: Options) -> Any:
    match name:
        case "score":
            return _score(value, options)
        case "value":
            return reading.as_number(value)
        case "tags":
            return (
                [reading.as_text(tag) for tag in value] if isinstance(value, list) else [value] if isinstance(value, str) else value
            )
        case "wants_contact":
            text = reading.as_text(value)
            return _YES_OR_NO.get(text.strip().casefold(), value) if isinstance(text, str) else value
        case "occurred_at":
            return value
        case _:
            return reading.as_text(value)


def _score(value: Any, options: Options) -> Any:
    label = str(value) if isinstance(value, bool) else reading.as_text(value)
    if options.answers and isinstance(label, str) and (folded := label.strip().casefold()) in options.answers:
        return options.answers[folded]
    number = reading.as_number(value)
    if options.answers and isinstance(number, str) and number.strip():
        raise FieldError(options.fields["score"], f"is none of the answers {', '.join(options.answers)}")
    return number
