"""What was raised, as posts tell of it: snapshots keep its id and how it stood, the words come from its row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import cases, masking
from handlers.raised.raised_card import Raised
from handlers.rules import Company, Team
from storage import raised
from storage.prepared import AnyRow

MOST = 50
"""In one leader's post."""


def in_team(tx: Connection, team: Team, since: datetime) -> list[dict[str, Any]]:
    """The newest thing raised in a team, for its weekly post; none where there is none."""
    row = raised.newest(tx, team.name, since)
    return [_noted(row) | {"state": row.state, "owner": row.owner_id}] if row is not None else []


def to_decide(tx: Connection, teams: Collection[str]) -> list[dict[str, Any]]:
    """What waits for those who lead these teams."""
    return [_noted(row) for row in raised.undecided(tx, teams)[:MOST]]


def undecided(tx: Connection, company: Company, noted: Sequence[Mapping[str, Any]]) -> tuple[Raised, ...]:
    """Those of them that still are, what nobody has first."""
    rows = raised.by_ids(tx, [each["id"] for each in noted]) if noted else ()
    known = [row for row in rows if row.state in raised.UNDECIDED and row.words and row.team in company.teams]
    found = [thing(tx, company.teams[row.team], row) for row in known]
    return tuple(sorted(found, key=lambda each: not each.nobody_has_it))


def thing(tx: Connection, team: Team, row: AnyRow) -> Raised:
    """One of them, without what a chat need not keep of the customer from whose case it was raised."""
    case = cases.read(tx, row.follow_up_id)
    hidden = masking.hide_all({"words": row.words, "reason": row.reason}, case.customer, team) if case is not None else {}
    return Raised(
        row.id, row.follow_up_id, team.title, hidden.get("words", ""), row.state, hidden.get("reason", ""), row.at
    )  # fmt: skip


def _noted(row: AnyRow) -> dict[str, Any]:
    return {"id": row.id, "follow_up": row.follow_up_id}
