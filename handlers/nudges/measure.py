"""Limits how many nudges one person gets about one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from storage import nudges

MOST_NUDGES = 2
"""Nudges that one person gets about one case; afterwards only the daily list."""


def add_within_measure(tx: Connection, asked: Sequence[Mapping[str, Any]]) -> int:
    """Add nudges, but at most MOST_NUDGES per person and case; lines in the thread, the daily list and requested reminders do not
    count. Returns how many were added."""
    counted = nudges.counted(tx, [each["follow_up_id"] for each in asked if each["person_id"]]) if asked else {}
    kept = []
    for each in asked:
        about = (each["follow_up_id"], each["person_id"] or 0)
        if each["person_id"] and not each["step"].startswith((nudges.LISTED, nudges.REQUESTED)):
            if counted.get(about, 0) >= MOST_NUDGES:
                continue
            counted[about] = counted.get(about, 0) + 1
        kept.append(each)
    nudges.add(tx, kept)
    return len(kept)
