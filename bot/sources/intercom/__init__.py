"""Intercom: a customer's rating of a conversation, with their remark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

import bot.listening
from bot.listening import Ignored, Sent, paths, reading, signatures
from handlers.feedback import Feedback, FieldError, Metric

UNCONFIRMED = "the topic conversation.rating.added, which was read in code; the rating itself and the signature are confirmed"

GIVES_SECRET = True
_SIGNATURE = signatures.Signature(scheme="hmac-sha1-hex", header="X-Hub-Signature")
_RATING = "data.item.conversation_rating"
_TABLE: paths.Table = {
    "id": "data.item.id",
    "score": f"{_RATING}.rating",
    "comment": f"{_RATING}.remark",
    "occurred_at": f"{_RATING}.created_at",
    "customer.key": f"{_RATING}.contact.id",
}


class Options(bot.listening.Options):
    """`link` is the URL of a conversation in your inbox, with {id} in place of its number."""

    link: Annotated[str, Field(pattern=r"^https://[^\s{}]*\{id\}[^\s{}]*$")] | None = None


def verify(sent: Sent, options: Options) -> None:
    signatures.verify(_SIGNATURE, sent, options)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    topic = reading.as_object(payload, "").get("topic")
    if not isinstance(topic, str):
        raise FieldError("topic", "is missing" if topic is None else "must be text")
    if topic != "conversation.rating.added":
        raise Ignored("not a rating")
    found = paths.gather(payload, _TABLE) | {"metric": Metric.CSAT}
    paths.numbered(found["customer"], "intercom")
    if options.link and isinstance(found["id"], str):
        found["link"] = options.link.replace("{id}", found["id"])
    return (reading.feedback(found, _TABLE),)
