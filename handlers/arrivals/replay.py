"""Keeps payloads, and reads one again after its mapping was fixed: its feedback is stored, and it no longer waits, in one unit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.feedback import MAIN_WORKSPACE, Feedback, FieldError
from handlers.forgetting.kept_payloads import origin_of
from handlers.receive import Answer, receive
from storage import erased, payloads
from storage import feedback as answers


@dataclass(frozen=True, slots=True)
class KeptPayload:
    """A payload, or an entry of one, to be kept as it came. `read` is what it said, or why it could not be read."""

    source: str
    body: str
    at: datetime
    read: Sequence[Feedback] | FieldError

    @property
    def said(self) -> Sequence[Feedback]:
        return () if isinstance(self.read, FieldError) else self.read

    def row(self) -> dict[str, Any]:
        reason = f"{self.read.field} {self.read.why}" if isinstance(self.read, FieldError) else ""
        return {"source": self.source, "body": self.body, "received_at": self.at, "rejected": bool(reason), "reason": reason}


def keep_payload(tx: Connection, payload: KeptPayload) -> None:
    """Keep a payload, unless something of it was erased: a re-delivery would bring it back."""
    if not _was_erased(tx, payload.source, payload.said):
        payloads.keep(tx, [payload.row()])


def keep_entries(tx: Connection, entries: Sequence[KeptPayload]) -> list[KeptPayload]:
    """Keep those of a source that are not kept yet, for a tool gives the same for days; but none that was erased. Returns them."""
    fresh = {entry.body: entry for entry in entries}
    if not fresh:
        return []
    source = entries[0].source
    origins = {
        body: [origin_of(source, body), *(o for said in each.said for o in _origins(source, said))] for body, each in fresh.items()
    }
    gone = erased.among(tx, MAIN_WORKSPACE, (origin for each in origins.values() for origin in each))
    here = payloads.among(tx, source, fresh)
    new = [each for body, each in fresh.items() if body not in here and gone.isdisjoint(origins[body])]
    payloads.keep(tx, [each.row() for each in new])
    return new


def read_again(
    tx: Connection,
    company: Company,
    payload_id: int,
    arrivals: Sequence[Arrival],
    *,
    rejected: bool,
    keep: bool,
    newest: Collection[str],
) -> list[Answer]:
    """Returns what became of each, duplicates last. `newest` are the ids of those responses of which no later payload was kept: an
    older one changes nothing. Nor does a rejected one change a response that is already stored: its sender may have sent more
    since, of which nothing was kept."""
    late = [
        arrival
        for arrival in arrivals
        if arrival.feedback.id in newest
        and not (rejected and answers.is_known(tx, MAIN_WORKSPACE, arrival.source, arrival.feedback.id))
    ]
    receipts = receive(tx, company, late) if late else []  # before the payload's row is locked, which an erasure may delete
    gone = any(_was_erased(tx, arrival.source, [arrival.feedback]) for arrival in arrivals)
    payloads.read_well(tx, payload_id, keep=keep and not gone)
    return [receipt.answer for receipt in receipts] + [Answer.DUPLICATE] * (len(arrivals) - len(late))


def _was_erased(tx: Connection, source: str, said: Sequence[Feedback]) -> bool:
    """Returns whether one of these answers was erased, or only a contact detail that one of them gives."""
    return bool(said and erased.among(tx, MAIN_WORKSPACE, (origin for each in said for origin in _origins(source, each))))


def _origins(source: str, said: Feedback) -> Iterator[erased.Origin]:
    origin, who = (source, said.id), said.customer
    yield origin
    yield from (erased.told(origin, word) for word in (who.name, who.email, who.phone) if word)
