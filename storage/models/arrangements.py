"""The table of what ops arranged in chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from storage.models.columns import Row, key, ref


class Arrangement(Row, table=True):
    """One change ops made in chat: to a team, a route, the order of routes, who is ops, a source, or somebody's linked e-mail.

    Rows are only ever appended. The newest of a `kind` and `name` is in force; the one before it is the previous value, so that
    each change can be undone. `keys` are those of app.yaml; None if the thing was removed. `undoes` is the id of the row that was
    undone.
    """

    __table_args__ = (Index("ix_arrangement_newest", "kind", "name", "id"),)

    id: int | None = key()
    kind: str
    name: str
    keys: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    person_id: int = ref("person.id")
    at: datetime
    undoes: int | None = Field(default=None)
