"""Intercom: a customer's rating of a conversation, with their remark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

import bot.listening
from bot.listening import Ignored, paths, reading, signatures
from handlers.feedback import Feedback, FieldError, Metric

GIVES_SECRET = True
_RATING = "data.item.conversation_rating"
_ASKED_AT = f"{_RATING}.created_at"
_AUTHOR = "data.item.source.author"
_TABLE: paths.Table = {
    "id": "data.item.id",
    "score": f"{_RATING}.rating",
    "comment": f"{_RATING}.remark",
    "occurred_at": f"{_RATING}.updated_at",
    "customer.key": f"{_RATING}.contact.external_id",
    "customer.name": f"{_AUTHOR}.name",
    "customer.email": f"{_AUTHOR}.email",
}


class Options(bot.listening.Options):
    """`link` is the URL of a conversation in your inbox, with {id} in place of its number."""

    link: Annotated[str, Field(pattern=r"^https://[^\s{}]*\{id\}[^\s{}]*$")] | None = None


verify = signatures.by(signatures.Signature(scheme="hmac-sha1-hex", header="X-Hub-Signature"))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    topic = reading.as_object(payload, "").get("topic")
    if not isinstance(topic, str):
        raise FieldError("topic", "is missing" if topic is None else "must be text")
    if topic != "conversation.rating.added":
        raise Ignored("not a rating")
    found = paths.gather(payload, _TABLE) | {"metric": Metric.CSAT}
    found["customer"] = _who(payload, found["customer"])
    if found["occurred_at"] is None:  # earlier versions of their API tell only when the rating was asked for
        found["occurred_at"] = paths.look(payload, _ASKED_AT)
    if options.link and isinstance(found["id"], str):
        found["link"] = options.link.replace("{id}", found["id"])
    return (reading.feedback(found, _TABLE),)


def _who(payload: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Returns who rated: your own id of them, and the name and e-mail of whoever began the conversation if that was they. A lead,
    who never signed in, has only an id that Intercom made up."""
    number, key = reading.as_text(paths.look(payload, f"{_RATING}.contact.id")), told["key"]
    author = reading.as_text(paths.look(payload, f"{_AUTHOR}.id"))
    kind = paths.look(payload, f"{_AUTHOR}.type") if isinstance(number, str) and number == author else None
    customer = told if kind in ("user", "lead", "contact") else {"key": key}
    if kind == "lead" or key is None or (isinstance(key, str) and not key.strip()):
        customer["key"] = number if isinstance(number, str) else None
        paths.numbered(customer, "intercom")
    return customer
