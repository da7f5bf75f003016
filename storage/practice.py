"""The practice platform's own memory: what was said where. Slack has its own; the practice chat has this table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from storage import models
from storage.statements import upsert

post = models.PracticePost.__table__
_say = upsert(post, ["key"], lambda new: {"card": new.card, "edited_at": new.posted_at, "edits": post.c.edits + 1})


@dataclass(frozen=True, slots=True)
class PracticeMessage:
    """One post. `card` is the neutral card as JSON; `thread_id` is the post it replies to. Times are aware, in UTC."""

    id: int
    channel: str
    thread_id: int | None
    card: Mapping[str, Any]
    posted_at: datetime
    edited_at: datetime | None


_columns = (post.c.id, post.c.channel, post.c.thread_id, post.c.card, post.c.posted_at, post.c.edited_at)


def say(tx: Connection, channel: str, key: str, card: Mapping[str, Any], at: datetime, thread_id: int | None = None) -> int:
    """Add a post. Returns its id. A key that exists replaces that post's card, so nothing is ever said twice."""
    values = {"channel": channel, "thread_id": thread_id, "key": key, "card": card, "posted_at": at, "edits": 0}
    tx.execute(_say[tx.dialect.name], values)
    said: int = tx.execute(select(post.c.id).where(post.c.key == key)).scalar_one()
    return said


def replace(tx: Connection, post_id: int, card: Mapping[str, Any], at: datetime) -> bool:
    """Replace the card of a post. Returns False if there is no such post."""
    values = {"card": card, "edited_at": at, "edits": post.c.edits + 1}
    return tx.execute(update(post).where(post.c.id == post_id).values(values)).rowcount == 1


def remove(tx: Connection, post_id: int) -> bool:
    """Delete a post and the replies to it. Returns False if there is no such post."""
    tx.execute(delete(post).where(post.c.thread_id == post_id))
    return tx.execute(delete(post).where(post.c.id == post_id)).rowcount == 1


def by_id(tx: Connection, post_id: int) -> PracticeMessage | None:
    return _one(tx, post.c.id == post_id)


def by_key(tx: Connection, key: str) -> PracticeMessage | None:
    return _one(tx, post.c.key == key)


def conversation(tx: Connection, channel: str, limit: int, before: int | None = None) -> Sequence[PracticeMessage]:
    """Returns the last `limit` posts of a channel (older than the post `before`, if given), oldest first. Excludes threads."""
    older = post.c.id < before if before is not None else post.c.id.is_not(None)
    newest = select(*_columns).where(post.c.channel == channel, post.c.thread_id.is_(None), older)
    return [PracticeMessage(*row) for row in reversed(tx.execute(newest.order_by(post.c.id.desc()).limit(limit)).all())]


def threads(tx: Connection, channel: str, oldest: int) -> Sequence[PracticeMessage]:
    """Returns all replies in the threads of a channel to posts from `oldest` on, in order."""
    answers = select(*_columns).where(post.c.channel == channel, post.c.thread_id >= oldest)
    return [PracticeMessage(*row) for row in tx.execute(answers.order_by(post.c.id)).all()]


def channels(tx: Connection) -> Sequence[str]:
    """Returns every channel (or person) something was said to."""
    return tx.execute(select(post.c.channel).distinct().order_by(post.c.channel)).scalars().all()


def revision(tx: Connection, places: Sequence[str]) -> str:
    """Returns a text that changes with any post in these channels: a page that has seen it need not be sent again."""
    counts = select(func.count(), func.coalesce(func.max(post.c.id), 0), func.coalesce(func.sum(post.c.edits), 0))
    return "-".join(str(n) for n in tx.execute(counts.where(post.c.channel.in_(places))).one())


def _one(tx: Connection, condition: ColumnElement[bool]) -> PracticeMessage | None:
    row = tx.execute(select(*_columns).where(condition)).one_or_none()
    return PracticeMessage(*row) if row is not None else None
