"""Typeform: all answers of a form, found by the reference of each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback, FieldError

_ANSWERS = "form_response.answers"

Name = Literal[
    "score", "comment", "key", "name", "email", "phone", "company", "value", "currency", "segment", "touchpoint", "wants_contact"
]


class Options(Asked, bot.listening.Options):
    """`questions` maps our fields to question references; `hidden` maps them to names of hidden fields."""

    questions: dict[Name, str]
    hidden: dict[Name, str] = Field(default_factory=dict)


verify = signatures.by(signatures.Signature(scheme="hmac-sha256-base64", header="Typeform-Signature"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    if reading.as_object(payload, "").get("event_type") != "form_response":
        raise Ignored("not an answer to a form")
    response = reading.as_object(payload.get("form_response"), "form_response")
    answers = _by_reference(response.get("answers"))
    chosen = {reference: _chosen(answer) for reference, answer in answers.items()}
    words = {reference: _words(answer) for reference, answer in answers.items()}
    said = {"id": "form_response.token", "occurred_at": "form_response.submitted_at"}
    found: dict[str, Any] = {"id": response.get("token"), "occurred_at": response.get("submitted_at"), "customer": {}}
    paths.fill(found, said, options.hidden, response.get("hidden"), "form_response.hidden")
    for ours, theirs in options.questions.items():
        paths.fill(found, said, {ours: theirs}, chosen if ours == "score" else words, _ANSWERS)
    found["score"] = options.score(found.get("score"), said.get("score", _ANSWERS))
    return (reading.feedback(options.question | found, said),)


def _by_reference(answers: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(answers, list):
        raise FieldError(_ANSWERS, "is missing" if answers is None else "must be an array")
    references = [(paths.look(answer, "field.ref"), answer) for answer in answers]
    return {reference: answer for reference, answer in references if isinstance(reference, str)}


def _value(answer: Mapping[str, Any]) -> Any:
    """Returns an answer's value, which is stored under the name of its type."""
    kind = answer.get("type")
    return answer.get(kind) if isinstance(kind, str) else None


def _chosen(answer: Mapping[str, Any]) -> Any:
    """Returns the value; for a choice, the chosen label or labels."""
    value = _value(answer)
    return value.get("label", value.get("labels")) if isinstance(value, dict) else value


def _words(answer: Mapping[str, Any]) -> Any:
    """Returns the same with what was typed under *Other*, which stands for no score."""
    chosen, value = _chosen(answer), _value(answer)
    other = value.get("other") if isinstance(value, dict) else None
    return chosen if other is None else [*chosen, other] if isinstance(chosen, list) else other
