"""What was raised: problems that keep happening, reported from a case; whoever leads the team decides about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage import models
from storage.prepared import AnyRow

raised = models.Raised.__table__

UNDECIDED = ("open", "doing")


def add(tx: Connection, row: Mapping[str, Any]) -> None:
    """Add what was raised, in the state `open`."""
    tx.execute(insert(raised).values(state="open", reason="", **row))


def by_id(tx: Connection, raised_id: int) -> AnyRow | None:
    return tx.execute(select(raised).where(raised.c.id == raised_id)).one_or_none()


def by_ids(tx: Connection, raised_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns those of them that are known, longest waiting first."""
    known = select(raised).where(raised.c.id.in_(raised_ids)).order_by(raised.c.at, raised.c.id)
    return tx.execute(known).all() if raised_ids else ()


def decide(tx: Connection, raised_id: int, seen_state: str, columns: Mapping[str, Any]) -> bool:
    """Store a decision if the state is still the one that was read, and undecided. Returns False if somebody decided meanwhile."""
    undecided = (raised.c.id == raised_id, raised.c.state == seen_state, raised.c.state.in_(UNDECIDED))
    return tx.execute(update(raised).where(*undecided).values(dict(columns))).rowcount == 1


def undecided(tx: Connection, teams: Collection[str]) -> Sequence[AnyRow]:
    """Returns what waits in these teams to be taken on or to be done: what nobody has first, each oldest first."""
    these = (raised.c.team.in_(teams), raised.c.state.in_(UNDECIDED), raised.c.words != "")
    return tx.execute(select(raised).where(*these).order_by(raised.c.state.desc(), raised.c.at, raised.c.id)).all()


def newest(tx: Connection, team: str, since: datetime) -> AnyRow | None:
    """Returns the newest item raised in a team that is undecided, or was decided since then."""
    these = (raised.c.team == team, raised.c.words != "", raised.c.state.in_(UNDECIDED) | (raised.c.decided_at >= since))
    return tx.execute(select(raised).where(*these).order_by(raised.c.at.desc(), raised.c.id.desc()).limit(1)).one_or_none()


def from_cases(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns all that was raised from these cases."""
    return tx.execute(select(raised).where(raised.c.follow_up_id.in_(follow_up_ids)).order_by(raised.c.id)).all()


def forget(tx: Connection, follow_up_ids: Collection[int], before: datetime | None = None) -> None:
    """Delete the words of what was raised from these cases, or only of what was raised `before`; the rows stay."""
    these = [raised.c.follow_up_id.in_(follow_up_ids)]
    if before is not None:
        these.append(raised.c.at < before)
    tx.execute(update(raised).where(*these).values(words="", reason=""))
