"""Zendesk: a trigger posts the body that our documentation tells users to paste there, once a customer has rated a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

import bot.listening
from bot.listening import Ignored, pasted, reading, signatures
from bot.listening.asked import Answers, Asked
from handlers.feedback import Feedback, Metric

UNCONFIRMED = "the placeholders of the rating, which were read in code and not in its documentation; the signature is confirmed"

GIVES_SECRET = True
_SIGNATURE = signatures.Signature(
    scheme="hmac-sha256-base64-timestamp",
    header="X-Zendesk-Webhook-Signature",
    timestamp="X-Zendesk-Webhook-Signature-Timestamp",
)
_NOT_RATED = ("", "offered", "unoffered")
_GOOD_OR_BAD: Mapping[str, float] = {
    "good": 1,
    "good with comment": 1,
    "good without comment": 1,
    "bad": 0,
    "bad with comment": 0,
    "bad without comment": 0,
}


class Options(Asked, bot.listening.Options):
    """`answers` maps the rating words of the account's language to scores; the default is English good and bad."""

    metric: Metric = Metric.CSAT
    scale: tuple[float, float] | None = (0, 1)
    answers: Answers = Field(default_factory=lambda: dict(_GOOD_OR_BAD))


verify = signatures.by(_SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    rating = reading.as_object(payload, "").get("score")
    if isinstance(rating, str) and rating.strip().casefold() in _NOT_RATED:
        raise Ignored("not rated yet")
    return pasted.parse(payload, options)
