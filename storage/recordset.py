"""Many rows of one INSERT on PostgreSQL: they travel as one JSON array, in a statement whose text is the same for any number.

A text with a parameter for each value is taken apart by psycopg each time, which takes longer than storing the rows does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import JSON, Connection, Dialect, Float, TypeDecorator
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql.dml import Insert as AnyInsert

if TYPE_CHECKING:
    from storage.prepared import AnyRow

ROWS = "all_rows"
"""The parameter that holds the rows."""
BOUND = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Recordset:
    """The statement. `unique`: the columns by which it knows a row again and changes it; `sent`: those of which something is made
    before; `made`: the columns it returns of which something is made again, by their numbers."""

    sql: str
    unique: Sequence[str]
    sent: Mapping[str, Callable[[Any], Any]]
    given: Mapping[str, Any]
    row: Callable[[Sequence[Any]], AnyRow] | None
    made: Sequence[tuple[int, Callable[[Any], Any]]]

    def can_take(self, many: Sequence[Mapping[str, Any]]) -> bool:
        """PostgreSQL refuses to change a row twice in one statement."""
        return not self.unique or len({tuple(said[name] for name in self.unique) for said in many}) == len(many)

    def insert(self, tx: Connection, many: Sequence[Mapping[str, Any]]) -> Sequence[AnyRow]:
        """Answers the rows that are returned, in no order."""
        rows = [{**said, **{name: process(said[name]) for name, process in self.sent.items()}} for said in many]
        done = tx.exec_driver_sql(self.sql, {**self.given, ROWS: to_json(rows).decode()})
        return [self.row(self._made(values)) for values in done] if self.row is not None else ()

    def _made(self, values: Sequence[Any]) -> Sequence[Any]:
        if not self.made:
            return tuple(values)
        changed = list(values)
        for n, process in self.made:
            changed[n] = process(changed[n])
        return changed


def recordset(statement: Any, dialect: Dialect, names: Sequence[str]) -> Recordset | None:
    """The same statement for rows that have these names; None for what is no INSERT of rows."""
    if not isinstance(statement, AnyInsert):
        return None
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    columns = list(statement.exported_columns)
    text = compiled.string if columns else compiled.string.partition(" RETURNING ")[0]  # SQLAlchemy would read the new id
    before, values, after = _apart(text)
    bound = {name: compiled.binds[name].type for name in BOUND.findall(values)}
    each = BOUND.sub(lambda found: _value(found[1], bound[found[1]]), values)
    typed = ", ".join(f'"{name}" {type_.compile(dialect=dialect)}' for name, type_ in bound.items())
    sent = {name: type_.dialect_impl(dialect).bind_processor(dialect) for name, type_ in bound.items() if _is_ours(type_)}
    return Recordset(
        f"{before} SELECT {each} FROM json_to_recordset(%({ROWS})s::json) AS said({typed}){after}",  # noqa: S608  (SQLAlchemy's words)
        _unique(statement),
        {name: process for name, process in sent.items() if process is not None},
        {name: compiled.params[name] for name in BOUND.findall(before + after)},
        result_tuple([str(column.key) for column in columns]) if columns else None,
        _made(columns, dialect),
    )


def _apart(sql: str) -> tuple[str, str, str]:
    """What stands before the values of a row, the values, and what follows them."""
    before, _, rest = sql.partition(" VALUES (")
    depth = 1
    for end, sign in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return before, rest[:end], rest[end + 1 :]
    raise AssertionError("what was opened is closed")


def _value(name: str, type_: Any) -> str:
    """What is said to be nothing is a null in JSON, as SQLAlchemy has it."""
    said = f'said."{name}"'
    return f"coalesce({said}, 'null')" if isinstance(type_, JSON) and not type_.none_as_null else said


def _is_ours(type_: Any) -> bool:
    """Whether a type checks what it is given; all others are written down as they are."""
    return isinstance(type_, TypeDecorator)


def _unique(statement: AnyInsert) -> Sequence[str]:
    conflict = statement._post_values_clause if isinstance(statement, Insert) else None  # noqa: SLF001  (there is no other way to ask)
    if not isinstance(conflict, OnConflictDoUpdate):
        return ()
    return [str(name) for name in conflict.inferred_target_elements or ()]


def _made(columns: Sequence[Any], dialect: Dialect) -> Sequence[tuple[int, Callable[[Any], Any]]]:
    """Fractions come as such, and their type would want to be told so."""
    types = [(n, column.type.dialect_impl(dialect)) for n, column in enumerate(columns) if not isinstance(column.type, Float)]
    made = [(n, type_.result_processor(dialect, None)) for n, type_ in types]
    return [(n, process) for n, process in made if process is not None]
