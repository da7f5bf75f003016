"""The tables of what customers said, and of the customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field

from storage.models.columns import Row, big, json, key, prose, ref


class Customer(Row, table=True):
    """The directory, one row per identity (the sender's key, else the e-mail).

    `owner` is the colleague whose customer it is. `merged_into` is the customer of whom this is only another key; like `author_id`
    below it is no foreign key.
    """

    __table_args__ = (
        UniqueConstraint("workspace", "key"),
        Index(
            "ix_customer_merged",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
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
    merged_into: int | None = Field(default=None, sa_column=Column(big(), nullable=True))


class Feedback(Row, table=True):
    """What a customer said. `route` is None where no route matched: stored, counted and shown to ops. `team` is whose customer it
    was, also where nobody has to reply.

    `author_id` is the person who passed it on; None where the customer said it themselves. Not a foreign key: SQLite would have to
    copy the whole table to get one. `given_…` is how this answer said to reach the customer, where the directory says otherwise.
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
