"""Google Forms: a script in the form, printed in docs/sources/google-forms.md, signs and posts each response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import bot.listening
from bot.listening import paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback

UNCONFIRMED = "the script, which was written from Google's reference and never run in a Google account of ours"


Name = Literal["score", "comment", "key", "name", "email", "phone", "company", "touchpoint", "wants_contact"]


class Options(Asked, bot.listening.Options):
    """`questions` maps our fields to question titles."""

    questions: dict[Name, str]


verify = signatures.by(
    signatures.Signature(scheme="hmac-sha256-base64-timestamp", header="X-Hero-Signature", timestamp="X-Hero-Timestamp")
)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    body = reading.as_object(payload, "")
    answers = reading.as_object(body.get("answers"), "answers")
    known = {
        "id": body.get("id"),
        "occurred_at": body.get("at"),
        "link": body.get("link"),
        "customer": {"email": body.get("email")},
    }
    found, said = options.question | known, {"occurred_at": "at", "customer.email": "email"}
    paths.fill(found, said, options.questions, answers, "answers")
    found["score"] = options.score(found.get("score"), said.get("score", "answers"))
    return (reading.feedback(found, said),)
