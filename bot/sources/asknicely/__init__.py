"""AskNicely: the same webhook for a new answer and for its changes; only the content distinguishes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.listening import pasted, paths, reading
from bot.listening.asked import AskedOptions as Options
from handlers.feedback import Feedback

TITLE = "AskNicely"
_TABLE: paths.Table = {
    "id": "question.id",
    "score": "question.score",
    "comment": "question.comment",
    "occurred_at": "question.responded",
    "customer.key": "person.id",
    "customer.name": "person.name",
    "customer.email": "person.email",
}

verify = pasted.verify


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = options.question | paths.gather(reading.as_object(payload, ""), _TABLE)
    found["score"] = options.score(found["score"], _TABLE["score"])
    if not found["customer"]["name"]:
        names = (paths.look(payload, f"person.{name}") for name in ("firstname", "lastname"))
        found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    paths.numbered(found["customer"], "asknicely")
    return (reading.feedback(found, _TABLE),)
