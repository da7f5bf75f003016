"""Adds reminders, and limits how many nudges one person gets about one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers.case import Case
from handlers.ladder import Role
from handlers.nudges import steps
from storage import nudges, people
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
    """Add nudges, but at most MOST_NUDGES per person and case, in all their chats; lines in the thread, the daily list and
    requested reminders do not count. Returns how many were added."""
    private = [each for each in asked if each["person_id"]]
    had = nudged(tx, {each["follow_up_id"] for each in private}, {each["person_id"] for each in private}) if private else None
    kept = []
    for each in asked:
        if had is not None and each["person_id"] and steps.kind_of(each["step"]) in steps.NUDGES:
            if had.about(each["follow_up_id"], each["person_id"]) >= MOST_NUDGES:
                continue
            had.counted[each["follow_up_id"], each["person_id"]] += 1
        kept.append(each)
    nudges.add(tx, kept)
    return len(kept)


@dataclass(frozen=True, slots=True)
class Nudged:
    """How many nudges were `counted` about each case for each person in one chat, and who is `themselves` in another."""

    counted: Counter[tuple[int, int]]
    themselves: Mapping[int, Collection[int]]

    def about(self, follow_up_id: int, person_id: int) -> int:
        return sum(self.counted[follow_up_id, id] for id in self.themselves[person_id])


def nudged(tx: Connection, about: Collection[int], whom: Collection[int]) -> Nudged:
    """Returns how many nudges these people had or will have about these cases, in all their chats."""
    counted = Counter(nudges.counted(tx, about, but=steps.NO_NUDGES))
    return Nudged(counted, people.same(tx, whom, {*whom, *(id for _, id in counted)}))
