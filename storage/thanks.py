"""Who thanked whom for a story in a weekly post."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from storage import models
from storage.followups import follow_up
from storage.prepared import AnyRow
from storage.statements import upsert

thanks = models.Thanks.__table__

_thank = upsert(thanks, ["digest_id", "follow_up_id", "from_id"], returning=[thanks.c.id])


def thank(tx: Connection, row: Mapping[str, Any]) -> int | None:
    """Store a thank-you. Returns its id, or None if the same person has given it before."""
    made: int | None = tx.execute(_thank[tx.dialect.name], dict(row)).scalar_one_or_none()
    return made


def thanked(tx: Connection, thanks_id: int) -> AnyRow | None:
    return tx.execute(select(thanks).where(thanks.c.id == thanks_id)).one_or_none()


def thanks_for(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns all thanks given for these follow-ups."""
    return tx.execute(select(thanks).where(thanks.c.follow_up_id.in_(follow_up_ids)).order_by(thanks.c.id)).all()


def thanks_to(
    tx: Connection, people: Collection[int], start: datetime, end: datetime, teams: Collection[str] | None, but: Collection[str]
) -> Sequence[AnyRow]:
    """Returns how often each of these people was thanked in that time for a case of these teams (None: of all `but` some): to_id,
    number."""
    these = [thanks.c.to_id.in_(people), thanks.c.at >= start, thanks.c.at < end]
    team = select(follow_up.c.team).where(follow_up.c.id == thanks.c.follow_up_id).scalar_subquery()
    these += ([team.in_(teams)] if teams is not None else []) + ([team.not_in(but)] if but else [])
    return tx.execute(select(thanks.c.to_id, func.count().label("number")).where(*these).group_by(thanks.c.to_id)).all()


def forget_thanks(tx: Connection, follow_up_ids: Collection[int], before: datetime | None = None) -> None:
    """Delete the notes of thanks for these follow-ups, or only of those from `before`; that somebody was thanked stays."""
    these = [thanks.c.follow_up_id.in_(follow_up_ids), thanks.c.note != ""]
    if before is not None:
        these.append(thanks.c.at < before)
    tx.execute(update(thanks).where(*these).values(note=""))
