"""The clock looks: follow-ups whose deadline has passed are shown as late."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage import followups, messages

BATCH = 200


def look(tx: Connection, now: datetime) -> int:
    """Have the cards of follow-ups that just became late drawn anew; answers how many. May run twice, late, or on any replica."""
    late = [row for row in followups.to_look_at(tx, now, BATCH) if followups.look_next(tx, row.id, row.next_look_at, None)]
    messages.want_again(tx, *(row.id for row in late))
    base = {"person_id": None, "verb": "became_late", "at": now, "set": {"next_look_at": None}, "detail": {}}
    followups.log(tx, [base | {"workspace": row.workspace, "follow_up_id": row.id} for row in late])
    return len(late)
