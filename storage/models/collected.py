"""The tables of what is asked of survey tools, and of payloads kept to be read again. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from storage.models.columns import Row, key, prose


class Reading(Row, table=True):
    """How far a tool was read. `key` is the source's name, `NAME:again` for its daily look back. `cursor` is the tool's own words.

    Its lease, fence and pace are as a gate's: one replica at a time asks. `failures` in a row; `reason` of the last.
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
    """A response that a tool only named, to be fetched. `wanted` rises each time it is named; gone once it is stored."""

    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint("state IN ('waiting', 'parked')", name="state"),
        Index("ix_errand_due", "next_s", sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
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
    """What a source sent, as it was: kept for some days where it could not be read, or where app.yaml wants it kept."""

    __table_args__ = (Index("ix_payload_source", "source", "id"), Index("ix_payload_received", "received_at"))

    id: int | None = key()
    source: str
    body: str = prose()
    received_at: datetime
    rejected: bool = False
    reason: str = prose()
