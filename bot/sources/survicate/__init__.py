"""Survicate: one event per answered question. One of those named in app.yaml gives the score, the other the words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from bot.listening.asked import Asked
from handlers.feedback import Feedback, FieldError, Metric

UNCONFIRMED = "how the digest in its header Hmac is written; we take it for hex"

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
    """`question_id` is the number of the question that gives the score, `comment_id` of one whose answer is the comment; other
    questions are ignored."""

    question_id: int
    comment_id: int | None = None


verify = signatures.by(signatures.Signature(scheme="hmac-sha256-hex", header="Hmac"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    reading.as_object(payload, "")
    asked = paths.look(payload, f"{_EVENT}.question.id")
    found = options.question | paths.gather(payload, _TABLE)
    if asked == options.question_id:
        found |= _scored(payload, options)
    elif asked is not None and asked == options.comment_id:
        found |= _said(payload)
    else:
        raise Ignored("another question, or another event")
    names = (paths.look(payload, f"{_EVENT}.respondent.attributes.{name}") for name in ("first_name", "last_name"))
    found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    return (reading.feedback(found, _TABLE),)


def _scored(payload: Any, options: Options) -> dict[str, Any]:
    body = paths.look(payload, _TABLE["score"])
    if options.metric is Metric.NPS and body in _BANDS:  # then the score is the choice's id
        return {"score": reading.as_number(paths.look(payload, f"{_EVENT}.choice.id"))}
    return {"score": options.score(body, _TABLE["score"])}


def _said(payload: Any) -> dict[str, Any]:
    """Returns the words of a response. Its score has an event of its own, which also tells the time: were these words to come first
    with a later time, the score would look older."""
    text, choices = paths.look(payload, f"{_EVENT}.text"), paths.look(payload, f"{_EVENT}.choices")
    if text is None:
        chosen = choices if isinstance(choices, list) else [paths.look(payload, f"{_EVENT}.choice")]
        each = [choice for choice in chosen if isinstance(choice, dict)]
        text = reading.as_words([words for choice in each for words in (choice.get("body"), choice.get("comment"))])
    if not isinstance(text, str):
        raise FieldError(f"{_EVENT}.text", "must be text")
    if not text.strip():
        raise Ignored("nothing said")
    return {"score": None, "comment": text, "occurred_at": None}
