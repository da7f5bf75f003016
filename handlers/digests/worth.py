"""Adds up what customers are worth: who is at risk, who came back, who left. Nobody counts as recovered twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from handlers.calendar.wall_clock import Span
from handlers.digests import money
from handlers.digests.money import Money, Sum, Worth
from handlers.feedback import CONTENT
from handlers.team import Team
from storage import figures, worth
from storage.prepared import AnyRow


def of_spans(tx: Connection, teams: Sequence[Team], spans: Mapping[str, Span]) -> Money:
    """Returns the three sums of some teams, each over the team's own span."""
    names = [team.name for team in teams]
    return Money(
        at_risk=of_rows(tx, worth.open_now(tx, names)),
        recovered=of_rows(tx, [row for name, span in spans.items() for row in came_back(tx, name, span)]),
        lost=of_rows(tx, [row for name, span in spans.items() for row in worth.lost(tx, [name], *span)]),
    )


def of_rows(tx: Connection, rows: Sequence[AnyRow]) -> Sum:
    """Add these up. A value noted when the customer was marked as lost overrides the survey tool's."""
    marks = worth.marks(tx, [row.id for row in rows])
    return money.total(_worth(row, marks.get(row.id)) for row in rows)


def values(tx: Connection, rows: Sequence[AnyRow]) -> dict[int, float]:
    """Returns the value of each case's customer, in any currency; only known values."""
    marks = worth.marks(tx, [row.id for row in rows])
    each = {row.id: _worth(row, marks.get(row.id)).value for row in rows}
    return {id: value for id, value in each.items() if value is not None}


def came_back(tx: Connection, team: str, span: Span) -> list[AnyRow]:
    """Returns the closed cases of a team whose customers answered content in that span, and had never come back before."""
    again = figures.answered_again(tx, team, *span)
    rows = worth.of(tx, [id for id, band in again.items() if band in CONTENT])
    before = worth.content_before(tx, {row.who for row in rows if row.who > 0}, span[0])
    return [row for row in rows if row.who not in before]


def _worth(row: AnyRow, mark: AnyRow | None) -> Worth:
    if mark is not None and mark.detail.get("value") is not None:
        return Worth(row.who, mark.detail["value"], mark.detail.get("currency", "").upper(), mark.id)
    return Worth(row.who, row.value, (row.currency or "").upper())
