"""Trustpilot: new reviews of a business, without e-mail addresses. No signature is documented, so the secret is part of the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from handlers.feedback import Feedback, FieldError, Metric

UNCONFIRMED = "whether it signs, and the names of the events of changed and deleted reviews, which are ignored"

SECRET_IN_ADDRESS = True
_TABLE: paths.Table = {
    "id": "eventData.id",
    "score": "eventData.stars",
    "comment": "eventData.text",
    "occurred_at": "eventData.createdAt",
    "tags": "eventData.tags",
    "customer.key": "eventData.referenceId",
    "customer.name": "eventData.consumer.name",
}


class Options(bot.listening.Options):
    """Only the keys every source has."""


verify = signatures.by(signatures.Signature(scheme="url"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:  # noqa: ARG001 - part of the interface
    events = reading.as_object(payload, "").get("events")
    if not isinstance(events, list):
        raise FieldError("events", "is missing" if events is None else "must be an array")
    pieces = [_review(event, f"events[{place}]") for place, event in enumerate(events) if _is_new(event, f"events[{place}]")]
    if not pieces:
        raise Ignored("no new review")
    return pieces


def _is_new(event: Any, path: str) -> bool:
    return reading.as_object(event, path).get("eventName") == "service-review-created"


def _review(event: Any, path: str) -> Feedback:
    found = paths.gather(event, _TABLE)
    title = paths.look(event, "eventData.title")
    if isinstance(title, str) and isinstance(found["comment"], str) and not found["comment"].startswith(title.rstrip("….")):
        found["comment"] = f"{title}\n{found['comment']}"
    found["tags"] = paths.names(found["tags"])
    if isinstance(found["id"], str):  # `eventData.link` leads to their API
        found["link"] = f"https://www.trustpilot.com/reviews/{quote(found['id'], safe='', errors='replace')}"
    return reading.feedback(found | {"metric": Metric.STARS}, {ours: f"{path}.{theirs}" for ours, theirs in _TABLE.items()})
