"""The tables of what customers said, and of the customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Row, big, json, key, partial_index, prose, ref


class Customer(Row, table=True):
    """The directory of customers, one row per identity (the sender's key, else the e-mail).

    `owner` is the colleague who looks after the customer. `told_at` is when a directory named them last, to the day: see
    storage/personal.py. `merged_into` is the customer of whom this row is only an alias; like
    `author_id` below, it is not a foreign key.
    """

    __table_args__ = (
        UniqueConstraint("workspace", "key"),
        partial_index("ix_customer_merged", "merged_into", where="merged_into IS NOT NULL"),
    )

    id: int | None = key()
    workspace: str
    key: str
    name: str | None = None
    email: str | None = Field(default=None, index=True)
    phone: str | None = None
    company: str | None = None
    value: float | None = None
    currency: str | None = None
    segment: str | None = None
    owner: str | None = None
    location: str | None = None
    told_at: datetime | None = None
    merged_into: int | None = Field(default=None, sa_column=Column(big(), nullable=True))


class Feedback(Row, table=True):
    """What a customer said. `route` is None if no route matched: it is still stored, counted and shown to ops. `team` is the team
    whose customer it was, even if nobody has to reply.

    `author_id` is the person who passed it on; None if it came from the customer. Not a foreign key: SQLite would have to copy the
    whole table to add one. `given_…` are the contact details in this answer, where they differ from the directory.
    """

    __table_args__ = (
        UniqueConstraint("workspace", "source", "external_id"),
        Index("ix_feedback_customer", "customer_id", "received_at"),
        Index("ix_feedback_team", "team", "received_at"),
        Index("ix_feedback_source", "source", "received_at"),
    )

    id: int | None = key()
    workspace: str
    source: str
    external_id: str
    fingerprint: str
    metric: str
    band: str
    score: float | None = None
    worst: float
    best: float
    comment: str = prose()
    customer_id: int | None = ref("customer.id", nullable=True)
    touchpoint: str | None = None
    tags: list[str] = json(list)
    link: str | None = None
    wants_contact: bool = False
    occurred_at: datetime
    received_at: datetime
    route: str | None = None
    team: str | None = None
    author_id: int | None = Field(default=None, sa_column=Column(big(), nullable=True))
    given_name: str | None = None
    given_email: str | None = None
    given_phone: str | None = None
