"""The practice chat's own table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from storage.models.columns import Row, json, key, ref


class PracticePost(Row, table=True):
    """A post in the practice chat: the memory of the practice platform, as Slack has its own."""

    __tablename__ = "practice_post"
    __table_args__ = (Index("ix_practice_post_channel", "channel", "id"),)

    id: int | None = key()
    channel: str
    thread_id: int | None = ref("practice_post.id", nullable=True)
    key: str = Field(unique=True)
    card: dict[str, Any] = json(dict)
    posted_at: datetime
    edited_at: datetime | None = None
    edits: int = 0
