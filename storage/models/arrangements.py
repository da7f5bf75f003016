"""The table of what ops arranged in chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from storage.models.columns import Row, key, ref


class Arrangement(Row, table=True):
    """One change ops made in chat: to a team, a route, the order of the routes, or to who is ops.

    Rows are only ever added. The newest of a `kind` and `name` holds; the one before it is what it was, so that each can be
    undone. `keys` are those of app.yaml; None when there is no such thing any more. `undoes` is the id of the row it took back.
    """

    __table_args__ = (Index("ix_arrangement_newest", "kind", "name", "id"),)

    id: int | None = key()
    kind: str
    name: str
    keys: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    person_id: int = ref("person.id")
    at: datetime
    undoes: int | None = Field(default=None)
