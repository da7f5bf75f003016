"""Adds reminders, and limits how many nudges one person gets about one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers.feedback import Case
from handlers.ladder import Role
from handlers.nudges import steps
from storage import nudges
from storage.prepared import AnyRow

MOST_NUDGES = 2
"""Nudges that one person gets about one case; afterwards only the daily list."""


def nudge(workspace: str, row: AnyRow | Case, step: str, role: Role, person_id: int | None, now: datetime) -> dict[str, Any]:
    """Returns the row of a reminder about a follow-up: to one person, waiting to be sent, or in the thread, sent at once."""
    private = person_id is not None
    return {
        "workspace": workspace,
        "follow_up_id": row.id,
        "promise": row.promises,
        "step": step,
        "role": role,
        "audience": f"person:{person_id}" if private else "thread",
        "person_id": person_id,
        "state": "waiting" if private else "sent",
        "due_at": now,
        "send_at": max(now, row.quiet_until or now) if private and role is Role.OWNER else now if private else None,
        "sent_at": None if private else now,
        "off_hours": False,
    }


def add_within_limit(tx: Connection, asked: Sequence[Mapping[str, Any]]) -> int:
    """Add nudges, but at most MOST_NUDGES per person and case; lines in the thread, the daily list and requested reminders do not
    count. Returns how many were added."""
    about = [each["follow_up_id"] for each in asked if each["person_id"]]
    counted = nudges.counted(tx, about, but=steps.NO_NUDGES) if asked else {}
    kept = []
    for each in asked:
        whom = (each["follow_up_id"], each["person_id"] or 0)
        if each["person_id"] and steps.kind_of(each["step"]) in steps.NUDGES:
            if counted.get(whom, 0) >= MOST_NUDGES:
                continue
            counted[whom] = counted.get(whom, 0) + 1
        kept.append(each)
    nudges.add(tx, kept)
    return len(kept)
