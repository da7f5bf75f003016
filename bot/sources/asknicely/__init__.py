"""AskNicely: the same webhook for a new answer and for its changes; only the content distinguishes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bot.listening
from bot.listening import pasted, paths, reading, signatures
from bot.listening.asked import Asked
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


class Options(Asked, bot.listening.Options):
    """What the survey asks (see Asked), and the keys every source has."""


verify = signatures.by(pasted.SIGNATURE)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    found = options.question | paths.gather(reading.as_object(payload, ""), _TABLE)
    found["score"] = options.score(found["score"], _TABLE["score"])
    if not found["customer"]["name"]:
        names = (paths.look(payload, f"person.{name}") for name in ("firstname", "lastname"))
        found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    paths.numbered(found["customer"], "asknicely")
    return (reading.feedback(found, _TABLE),)
