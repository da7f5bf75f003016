"""Survicate: one event per answered question. The question named in app.yaml gives the score, with its own comment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bot.listening
from bot.listening import Ignored, Sent, paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback, Metric

UNCONFIRMED = "how the digest in its header Hmac is written; we take it for hex"

_SIGNATURE = signatures.Signature(scheme="hmac-sha256-hex", header="Hmac")
_EVENT = "event.questionAnswered"
_BANDS = ("promoter", "passive", "detractor")
_TABLE: paths.Table = {
    "id": f"{_EVENT}.responseUuid",
    "score": f"{_EVENT}.choice.body",
    "comment": f"{_EVENT}.choice.comment",
    "occurred_at": f"{_EVENT}.timestamp",
    "touchpoint": f"{_EVENT}.survey.name",
    "customer.key": f"{_EVENT}.respondent.attributes.user_id",
    "customer.email": f"{_EVENT}.respondent.attributes.email",
    "customer.phone": f"{_EVENT}.respondent.attributes.phone",
    "customer.company": f"{_EVENT}.respondent.attributes.organization",
}


class Options(Asked, bot.listening.Options):
    """`question_id` is the number of the question that gives the score; other questions are ignored."""

    question_id: int


def verify(sent: Sent, options: Options) -> None:
    signatures.verify(_SIGNATURE, sent, options)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    reading.as_object(payload, "")
    if paths.look(payload, f"{_EVENT}.question.id") != options.question_id:
        raise Ignored("another question, or another event")
    found = options.question | paths.gather(payload, _TABLE)
    body = paths.look(payload, _TABLE["score"])
    if options.metric is Metric.NPS and body in _BANDS:  # then the score is the choice's id
        found["score"] = reading.as_number(paths.look(payload, f"{_EVENT}.choice.id"))
    else:
        found["score"] = options.score(body, _TABLE["score"])
    names = (paths.look(payload, f"{_EVENT}.respondent.attributes.{name}") for name in ("first_name", "last_name"))
    found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    return (reading.feedback(found, _TABLE),)
