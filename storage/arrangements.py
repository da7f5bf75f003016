"""What ops arranged in chat. Rows are only ever appended; the newest row of a name is the one in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from storage import models
from storage.prepared import AnyRow

arrangement = models.Arrangement.__table__
_revision = select(func.max(arrangement.c.id))


def add(
    tx: Connection,
    kind: str,
    name: str,
    keys: Mapping[str, Any] | None,
    person_id: int,
    at: datetime,
    undoes: int | None = None,
) -> int:
    """Make `keys` hold for this name from now on; None removes the name. Returns the id of the change."""
    values = {"kind": kind, "name": name, "keys": keys, "person_id": person_id, "at": at, "undoes": undoes}
    added: int = tx.execute(insert(arrangement).values(**values).returning(arrangement.c.id)).scalar_one()
    return added


def alone(tx: Connection) -> None:
    """Keep everybody else from arranging anything until this unit ends. To be called before reading what a change depends on."""
    if tx.dialect.name == "postgresql":  # a writer on SQLite is alone anyway
        tx.execute(text("LOCK TABLE arrangement IN SHARE ROW EXCLUSIVE MODE"))


def holding(tx: Connection) -> Sequence[AnyRow]:
    """Returns what is in force now, ordered by when each name first appeared; removed names are left out."""
    newest = select(func.max(arrangement.c.id)).group_by(arrangement.c.kind, arrangement.c.name)
    first = (
        select(func.min(arrangement.c.id).label("first"), arrangement.c.kind, arrangement.c.name)
        .group_by(arrangement.c.kind, arrangement.c.name)
        .subquery()
    )
    same = (first.c.kind == arrangement.c.kind) & (first.c.name == arrangement.c.name)
    rows = tx.execute(select(arrangement).join(first, same).where(arrangement.c.id.in_(newest)).order_by(first.c.first)).all()
    return [row for row in rows if row.keys is not None]


def by_id(tx: Connection, id: int) -> AnyRow | None:
    return tx.execute(select(arrangement).where(arrangement.c.id == id)).one_or_none()


def newest(tx: Connection, kind: str, name: str, below: int | None = None) -> AnyRow | None:
    """Returns the last change of this name, or the last with an id below that one."""
    these = [arrangement.c.kind == kind, arrangement.c.name == name]
    if below is not None:
        these.append(arrangement.c.id < below)
    return tx.execute(select(arrangement).where(*these).order_by(arrangement.c.id.desc()).limit(1)).one_or_none()


def before(tx: Connection, row: AnyRow) -> AnyRow | None:
    """Returns the change of the same name before `row`; None if `row` was the first."""
    return newest(tx, row.kind, row.name, row.id)


def latest(tx: Connection, limit: int) -> Sequence[AnyRow]:
    """Returns the last changes, newest first."""
    return tx.execute(select(arrangement).order_by(arrangement.c.id.desc()).limit(limit)).all()


def revision(tx: Connection) -> int:
    """Returns a number that rises with every change; 0 before the first."""
    return tx.execute(_revision).scalar_one() or 0
