"""Qualtrics event subscriptions: a form-encoded event names the response, which is then fetched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

import bot.listening
from bot.listening import Asking, Ignored, paths, reading, signatures
from bot.listening import payload as bodies
from bot.listening.asked import Asked
from bot.secret import Secret
from handlers.feedback import Feedback, FieldError

UNCONFIRMED = "the hash of the signature, which we take for SHA-512 from its length, and the names of the form's fields"

_USUAL = {"key": "externalDataReference", "email": "recipientEmail"}

Name = Literal["score", "comment", "touchpoint", "key", "name", "email", "phone", "company", "value", "currency", "segment"]


class Options(Asked, bot.listening.Options):
    """`questions` maps our fields to keys of a response's values: `QID1`, `QID2_TEXT`, or the name of embedded data."""

    token: Secret
    api_url: Annotated[str, Field(pattern=r"^https?://")]
    survey: Annotated[str, Field(pattern=r"^SV_[A-Za-z0-9]{1,40}$")]
    questions: dict[Name, str]


def read(body: bytes) -> Any:
    """Parse a form. A signed one holds JSON in its field MSG; an unsigned one has the same data as separate fields."""
    form = bodies.read_form(body)
    return bodies.read(form["MSG"].encode()) if "MSG" in form else form


verify = signatures.by(signatures.Signature(scheme=signatures.FORM))


def notice(payload: Any, options: Options) -> Sequence[str]:
    told = reading.as_object(payload, "")
    if told.get("SurveyID") != options.survey:
        raise Ignored("another survey")
    if told.get("Status", "Complete") != "Complete":
        raise Ignored("not complete")
    response = told.get("ResponseID")
    if not isinstance(response, str) or re.fullmatch(r"[A-Za-z0-9_]{1,64}", response) is None:
        raise FieldError("ResponseID", "is not the id of a response")
    return (response,)


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url,)


async def fetch(reference: str, options: Options, ask: Asking) -> Any:
    headers = {"X-API-TOKEN": options.token.get_secret_value().strip()}
    return await ask.get(f"API/v3/surveys/{options.survey}/responses/{reference}", headers=headers)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    result = reading.as_object(reading.as_object(payload, "").get("result"), "result")
    values = reading.as_object(result.get("values"), "result.values")
    said = {"id": "result.responseId", "occurred_at": "result.values.recordedDate"}
    customer: dict[str, Any] = {}
    found = options.question | {"id": result.get("responseId"), "occurred_at": values.get("recordedDate"), "customer": customer}
    for places in (_USUAL, options.questions):
        paths.fill(found, said, places, values, "result.values")
    if "name" not in customer:
        names = (values.get(f"recipient{part}") for part in ("FirstName", "LastName"))
        customer["name"] = " ".join(name for name in names if isinstance(name, str))
    found["score"] = options.score(found.get("score"), said.get("score", "result.values"))
    return (reading.feedback(found, said),)
