"""Reads a follow-up's life out of the log, and makes its row of it again: both must tell the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from storage.act_log import act
from storage.followups import FRESH
from storage.people import person
from storage.prepared import AnyRow


def life(tx: Connection, follow_up_id: int) -> Sequence[AnyRow]:
    """Returns every act on a follow-up, in order, each with the name of the person who did it."""
    columns = (act, person.c.name.label("person_name"))
    return tx.execute(
        select(*columns)
        .outerjoin(person, person.c.id == act.c.person_id)
        .where(act.c.follow_up_id == follow_up_id)
        .order_by(act.c.id)
    ).all()


def replay(acts: Sequence[AnyRow]) -> dict[str, Any]:
    """Rebuild a follow-up's row from its log by applying each act's changes in order, on top of FRESH. Equals the stored row."""
    row = dict(FRESH)
    for line in acts:
        row |= {column: _from_json(column, value) for column, value in line.set.items()}
    return row


def _from_json(column: str, value: Any) -> Any:
    is_time = column.endswith(("_at", "_by", "_until", "_since"))
    return datetime.fromisoformat(value) if is_time and value is not None else value
