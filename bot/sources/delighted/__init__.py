"""Delighted's webhooks: the score as soon as it is given, the comment in a later update of the same response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from handlers.feedback import Feedback, FieldError, Metric

GIVES_SECRET = True
UNCONFIRMED = "that the signing key is the API key, and the names of survey types other than nps"
_RESPONSES = ("survey_response.created", "survey_response.updated")

Property = Literal["key", "phone", "company", "value", "currency", "segment", "touchpoint"]


class Question(BaseModel):
    """What a survey type asks. `scale` is (worst, best); None means the metric's usual scale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Metric
    scale: tuple[float, float] | None = None


_QUESTIONS = {
    "nps": Question(metric=Metric.NPS),
    "csat": Question(metric=Metric.CSAT, scale=(1, 5)),
    "ces": Question(metric=Metric.CES, scale=(1, 7)),
    "stars": Question(metric=Metric.STARS, scale=(1, 5)),
}


class Options(bot.listening.Options):
    """`properties` maps our fields to Delighted's person properties; `survey_types` adds or corrects questions."""

    properties: dict[Property, str] = Field(default_factory=dict)
    survey_types: dict[str, Question] = Field(default_factory=dict)


verify = signatures.by(signatures.Signature(scheme="hmac-sha256-hex", header="X-Delighted-Webhook-Signature"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    event_type = reading.as_object(payload, "").get("event_type")
    if not isinstance(event_type, str):
        raise FieldError("event_type", "is missing" if event_type is None else "must be text")
    if event_type not in _RESPONSES:
        raise Ignored("not a survey response")
    data = reading.as_object(payload.get("event_data"), "event_data")
    question = _question(data.get("survey_type"), options)
    person = _optional_object(data, "person")
    who = {"key": reading.as_text(person.get("id")), "name": person.get("name"), "email": person.get("email")}
    paths.numbered(who, "delighted")
    properties, said = _from_properties(_optional_object(data, "person_properties"), options)
    when = "updated_at" if data.get("updated_at") else "created_at"
    found = {
        "id": reading.as_text(data.get("id")),
        "metric": question.metric,
        "score": data.get("score"),
        "scale": list(question.scale) if question.scale else None,
        "comment": data.get("comment"),
        "occurred_at": data.get(when),
        "link": data.get("permalink"),
        "tags": _tags(data.get("tags")),
        "touchpoint": properties.pop("touchpoint", None),
        "customer": who | properties,
    }
    return (reading.feedback(found, {**said, "occurred_at": f"event_data.{when}"}),)


def _question(survey_type: Any, options: Options) -> Question:
    question = {**_QUESTIONS, **options.survey_types}.get(survey_type) if isinstance(survey_type, str) else None
    if question is None:
        raise FieldError("event_data.survey_type", "is not a survey we know; name it under survey_types of this source in app.yaml")
    return question


def _optional_object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return {} if value is None else reading.as_object(value, f"event_data.{name}")


def _from_properties(given: Mapping[str, Any], options: Options) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Returns the values of the configured person properties, and the sender's path of each field."""
    if not options.properties:
        return {}, _SAID
    tidy: dict[str, Any] = {}
    said = dict(_SAID)
    for ours, theirs in options.properties.items():
        value = given.get(theirs)
        if value is not None:
            tidy[ours] = reading.as_number(value) if ours == "value" else reading.as_text(value)
            said[ours if ours == "touchpoint" else f"customer.{ours}"] = f"event_data.person_properties.{theirs}"
    return tidy, said


def _tags(tags: Any) -> Any:
    """Delighted's documentation shows only an empty list; an entry may be a text or an object with a name."""
    return [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else tags


_SAID = {
    "id": "event_data.id",
    "metric": "event_data.survey_type",
    "score": "event_data.score",
    "comment": "event_data.comment",
    "link": "event_data.permalink",
    "tags": "event_data.tags",
    "customer.key": "event_data.person.id",
    "customer.name": "event_data.person.name",
    "customer.email": "event_data.person.email",
}
