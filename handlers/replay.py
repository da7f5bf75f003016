"""Reads a kept payload again after its mapping was fixed: its feedback is stored, and it no longer waits, in one unit of work."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from handlers.arrival import Arrival
from handlers.feedback import MAIN_WORKSPACE
from handlers.receive import Answer, receive
from handlers.rules import Company
from storage import feedback as known
from storage import payloads


def read_again(
    tx: Connection, company: Company, payload_id: int, arrivals: Sequence[Arrival], *, rejected: bool, keep: bool
) -> list[Answer]:
    """Returns what became of each, duplicates last. A rejected payload may be older than what its sender has sent since: a response
    that is already stored stays as it is."""
    late = [
        arrival
        for arrival in arrivals
        if not (rejected and known.is_known(tx, MAIN_WORKSPACE, arrival.source, arrival.feedback.id))
    ]
    payloads.read_well(tx, payload_id, keep=keep)
    receipts = receive(tx, company, late) if late else []
    return [receipt.answer for receipt in receipts] + [Answer.DUPLICATE] * (len(arrivals) - len(late))
