"""The entries of a request: read one by one, stored in pieces, each with its own result and count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import structlog

from bot import metrics
from bot.doors.bounded import NotTaken
from bot.listening import Ignored, reading
from handlers.feedback import Customer, Feedback, FieldError
from handlers.receive import IGNORED, Receipt
from storage.database import Unavailable

MOST_ENTRIES = 1000
AT_ONCE = 200
"""Entries of a batch stored in one unit of work: few enough to stay well within the time limits of a database on a slow machine."""

log = structlog.get_logger()

T = TypeVar("T")


def refuse_too_many(entries: Sequence[Any]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise NotTaken(413, "too-large", f"A batch has at most {MOST_ENTRIES} entries; send it in parts. Nothing was stored.")


def read(parse: Callable[[Any], Sequence[T]], entry: Any) -> Sequence[T] | FieldError:
    """Returns what an entry says, () if it is ignored, or the error if it cannot be read."""
    try:
        return parse(reading.as_object(entry, ""))
    except Ignored:
        return ()
    except FieldError as error:
        return error


def result(name: str, pieces: Sequence[Feedback | Customer] | FieldError, receipts: Any) -> dict[str, Any]:
    if isinstance(pieces, FieldError):
        metrics.feedback.labels(name, "rejected").inc()
        _log_field(name, pieces)
        return {"status": "rejected", "error": _why(pieces), "field": pieces.field or None}
    mine = [next(receipts) for _ in pieces] or [IGNORED]
    for receipt in mine:
        count(name, receipt)
    return {"status": mine[0].answer.value, "id": mine[0].id}


def count(name: str, receipt: Receipt) -> None:
    metrics.feedback.labels(name, receipt.answer.value).inc()


def rejected(name: str, error: FieldError) -> NotTaken:
    """Log an entry that cannot be read, and return the error to refuse it with. For a request with one entry."""
    _log_field(name, error)
    return NotTaken(422, "rejected", _why(error), error.field or None)


def _log_field(name: str, error: FieldError) -> None:
    log.warning("feedback.rejected", source=name, field=None if isinstance(error, reading.UnknownKey) else error.field)


async def in_pieces(store: Callable[[Sequence[T]], Awaitable[Sequence[Receipt]]], all_of_them: Sequence[T]) -> list[Receipt]:
    """Store them in pieces. If a later piece fails, the earlier ones stay stored: sent again, they are duplicates."""
    receipts: list[Receipt] = []
    for n in range(0, len(all_of_them), AT_ONCE):
        try:
            receipts += await store(all_of_them[n : n + AT_ONCE])
        except Unavailable:
            if not n:
                raise
            raise away(f"The first {n} are stored and will be duplicates") from None
    return receipts


def _why(error: FieldError) -> str:
    return f"{error.field or 'the entry'} {error.why}. It was not stored; correct it and send it again."


def away(stored: str) -> NotTaken:
    why = f"The database is away; send it again in 5 seconds. {stored}."
    return NotTaken(503, "unavailable", why, headers=((b"retry-after", b"5"),))
