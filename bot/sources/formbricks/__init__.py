"""Formbricks: a response with its answers by question id, signed by Standard Webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import SecretStr, field_validator

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback

_SIGNATURE = signatures.Signature(scheme=signatures.STANDARD)
_TABLE: paths.Table = {
    "id": "data.id",
    "occurred_at": "data.createdAt",
    "touchpoint": "data.survey.title",
    "tags": "data.tags",
    "customer.key": "data.contact.userId",
    "customer.email": "data.contactAttributes.email",
    "customer.name": "data.contactAttributes.name",
}
_UNFINISHED = ("responseCreated", "responseUpdated")

Name = Literal["score", "comment", "name", "email", "phone", "company"]


class Options(Asked, bot.listening.Options):
    """`questions` maps our fields to question ids. `unfinished`: also accept answers before the last page was submitted."""

    questions: dict[Name, str]
    unfinished: bool = False

    @field_validator("secret")
    @classmethod
    def _holds_a_key(cls, secret: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        signatures.check_secrets(_SIGNATURE.scheme, secret)
        return secret


verify = signatures.by(_SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    event = reading.as_object(payload, "").get("event")
    wanted = event == "responseFinished" or (options.unfinished and event in _UNFINISHED)
    if not wanted:
        raise Ignored("not a finished response")
    reading.as_object(payload.get("data"), "data")
    answers = reading.as_object(paths.look(payload, "data.data"), "data.data")
    said = dict(_TABLE)
    found = options.question | paths.gather(payload, _TABLE)
    found["tags"] = paths.names(found["tags"])
    paths.fill(found, said, options.questions, answers, "data.data")
    found["score"] = options.score(found.get("score"), said.get("score", "data.data"))
    if event in _UNFINISHED and found["score"] is None and not found.get("comment"):
        raise Ignored("nothing answered yet")
    return (reading.feedback(found, said),)
