"""Trustmary: an answer with its fields by name. No signature is documented, so the secret is part of the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.listening import paths, reading, signatures
from bot.listening.asked import AskedOptions as Options
from handlers.feedback import Feedback

SECRET_IN_ADDRESS = True
_TABLE: paths.Table = {
    "id": "answer_id",
    "score": "answer_values.nps",
    "comment": "answer_values.feedback",
    "occurred_at": "created_at",
    "customer.email": "answer_values.email",
    "customer.name": "answer_values.name",
}

verify = signatures.by(signatures.Signature(scheme="url"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = options.question | paths.gather(reading.as_object(payload, ""), _TABLE)
    found["score"] = options.score(found["score"], _TABLE["score"])
    return (reading.feedback(found, _TABLE),)
