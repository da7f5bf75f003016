"""SatisMeter: a response once it is completed. No signature is documented, so the secret is part of the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.listening import Ignored, paths, reading, signatures
from bot.listening.asked import AskedOptions as Options
from handlers.feedback import Feedback, FieldError

TITLE = "SatisMeter"
SECRET_IN_ADDRESS = True
_TABLE: paths.Table = {
    "id": "response.id",
    "score": "response.rating",
    "comment": "response.feedback",
    "occurred_at": "response.created",
    "customer.email": "response.user.email",
    "customer.name": "response.user.name",
}

verify = signatures.by(signatures.Signature(scheme="url"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    event = reading.as_object(payload, "").get("event")
    if not isinstance(event, str):
        raise FieldError("event", "is missing" if event is None else "must be text")
    if event != "completed":
        raise Ignored("not completed")
    found = options.question | paths.gather(payload, _TABLE)
    found["score"] = options.score(found["score"], _TABLE["score"])
    return (reading.feedback(found, _TABLE),)
