"""Many rows of one INSERT on PostgreSQL: sent as one JSON array, in a statement that is the same for any number of rows.

A text with a parameter for each value would be parsed by psycopg each time, which takes longer than storing the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import JSON, Connection, Dialect, Insert, Text, TypeDecorator, bindparam, cast, column, func, literal_column, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate

if TYPE_CHECKING:
    from storage.prepared import AnyRow

ROWS = "all_rows"
"""The name of the bind parameter that holds the rows."""


class Recordset:
    """An `insert` for rows that all have these names, plus the columns `always`. The statement must not have values of its own."""

    def __init__(self, insert: Insert, dialect: Dialect, names: Sequence[str], always: Mapping[str, Any]) -> None:
        types = {name: insert.table.c[name].type for name in names}
        rows = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
        said = rows.table_valued(*(column(name, type_) for name, type_ in types.items())).render_derived("said", with_types=True)
        values = {name: _value(said.c[name]) for name in names} | dict(always)
        self._insert = insert.from_select(list(values), select(*values.values()))
        # The other types store what they are given, unconverted.
        checks = {
            n: type_.dialect_impl(dialect).bind_processor(dialect) for n, type_ in types.items() if isinstance(type_, TypeDecorator)
        }
        self._checks = {name: check for name, check in checks.items() if check is not None}
        self._unique = _unique(insert)

    def can_take(self, many: Sequence[Mapping[str, Any]]) -> bool:
        """Returns whether no row comes up twice: PostgreSQL refuses to change a row twice in one statement."""
        return not self._unique or len({tuple(said[name] for name in self._unique) for said in many}) == len(many)

    def insert(self, tx: Connection, many: Sequence[Mapping[str, Any]]) -> Sequence[AnyRow]:
        """Returns the rows that the statement returns, in no order."""
        rows = [{**said, **{name: check(said[name]) for name, check in self._checks.items()}} for said in many]
        done = tx.execute(self._insert, {ROWS: to_json(rows).decode()})
        return done.all() if done.returns_rows else ()


def _value(said: Any) -> Any:
    """A Python None in a JSON column is stored as JSON null, as SQLAlchemy does."""
    return func.coalesce(said, literal_column("'null'")) if isinstance(said.type, JSON) and not said.type.none_as_null else said


def _unique(insert: Insert) -> Sequence[str]:
    """Returns the columns of the conflict target, if the statement updates on conflict."""
    conflict = insert._post_values_clause if isinstance(insert, postgresql.Insert) else None  # noqa: SLF001  (there is no other way to ask)
    if not isinstance(conflict, OnConflictDoUpdate):
        return ()
    return [str(name) for name in conflict.inferred_target_elements or ()]
