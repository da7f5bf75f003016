"""The tables of what is collected from survey tools, and of payloads kept to be read again. `_s` are real seconds since 1970."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Row, key, partial_index, prose


class Reading(Row, table=True):
    """How far a tool has been read. `key` is the source's name, or `NAME:again` for its daily look back. `cursor` is in the tool's
    format.

    Lease, fence and pace work as in a gate: one replica reads at a time. `failures` counts those in a row; `reason` is that of the
    last.
    """

    __table_args__ = (Index("ix_reading_due", "next_s"),)

    key: str = Field(primary_key=True)
    source: str
    cursor: str = prose()
    next_s: float = 0
    lease_s: float = 0
    fence: int = 0
    failures: int = 0
    reason: str = prose()
    read_s: float = 0


class Errand(Row, table=True):
    """A response that a tool only named, to be fetched. `wanted` rises each time it is named; the row goes once it is stored."""

    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint("state IN ('waiting', 'parked')", name="state"),
        partial_index("ix_errand_due", "next_s", where="state = 'waiting'"),
    )

    id: int | None = key()
    source: str
    reference: str
    wanted: int = 1
    state: str = "waiting"
    attempts: int = 0
    next_s: float = 0
    reason: str = prose()


class Payload(Row, table=True):
    """What a source sent, unchanged: kept for some days if it could not be read, or if app.yaml asks to keep it."""

    __table_args__ = (Index("ix_payload_source", "source", "id"), Index("ix_payload_received", "received_at"))

    id: int | None = key()
    source: str
    body: str = prose()
    received_at: datetime
    rejected: bool = False
    reason: str = prose()
