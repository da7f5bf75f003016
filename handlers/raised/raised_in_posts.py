"""Raised problems as posts show them: a snapshot holds the id and the state at the time; the words come from the row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from handlers import cases
from handlers.company import Company
from handlers.raised.raised_card import Raised
from handlers.team import Team
from handlers.wording import masking
from storage import raised
from storage.prepared import AnyRow

MOST = 50
"""The most in one leader's post."""


def in_team(tx: Connection, team: Team, since: datetime) -> list[dict[str, Any]]:
    """Returns the newest thing raised in a team since `since`, for its weekly post; empty if there is none."""
    row = raised.newest(tx, team.name, since)
    return [_noted(row) | {"state": row.state, "owner": row.owner_id}] if row is not None else []


def to_decide(tx: Connection, teams: Collection[str]) -> list[dict[str, Any]]:
    """Returns what waits for a decision by the leaders of these teams."""
    return [_noted(row) for row in raised.undecided(tx, teams)[:MOST]]


def undecided(tx: Connection, company: Company, noted: Sequence[Mapping[str, Any]]) -> tuple[Raised, ...]:
    """Returns those that are still undecided, the ones without an owner first."""
    rows = raised.by_ids(tx, [each["id"] for each in noted])
    known = [row for row in rows if row.state in raised.UNDECIDED and row.words and row.team in company.teams]
    found = [thing(tx, company.teams[row.team], row) for row in known]
    return tuple(sorted(found, key=lambda each: not each.nobody_has_it))


def thing(tx: Connection, team: Team, row: AnyRow) -> Raised:
    """Returns one of them, masked as in a channel of the team."""
    case = cases.read(tx, row.follow_up_id)
    hidden = masking.hide_all({"words": row.words, "reason": row.reason}, case.customer, team) if case is not None else {}
    return Raised(
        row.id, row.follow_up_id, team.title, hidden.get("words", ""), row.state, hidden.get("reason", ""), row.at
    )  # fmt: skip


def _noted(row: AnyRow) -> dict[str, Any]:
    return {"id": row.id, "follow_up": row.follow_up_id}
