"""How PostgreSQL runs a prepared statement: by psycopg, and many rows of an INSERT as one JSON array.

The array goes with a statement that is the same for any number of rows. A text with a parameter for each value would be parsed by
psycopg each time, which takes longer than storing the rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from pydantic_core import to_json
from sqlalchemy import JSON, Connection, Dialect, Insert, Text, TypeDecorator, bindparam, cast, column, func, literal_column, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ReturnsRows

from storage.statements import making_rows

if TYPE_CHECKING:
    from storage.prepared import AnyRow, Processor, Values

ROWS = "all_rows"
"""The name of the bind parameter that holds the rows."""


class PostgresqlPlan:
    """A statement that is always run with parameters of these names. `always` are columns with the same value in every row."""

    def __init__(self, statement: Any, dialect: Dialect, names: Sequence[str], always: Values) -> None:
        self._statement, self._dialect, self._names, self._always = statement, dialect, names, always
        whole = statement.values(always) if always else statement
        compiled = whole.compile(dialect=dialect, column_keys=list(names))
        assert not compiled.insert_prefetch, "each column is said, or has its value in the text"
        assert not compiled.update_prefetch, "no column is changed by itself"
        self._sql: str = compiled.string
        self._given = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        stored = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._stored = [(name, process) for name, process in stored.items() if process is not None]
        self._columns = list(whole.exported_columns) if isinstance(whole, ReturnsRows) else []
        self._row = making_rows(self._columns)
        self._made: Sequence[tuple[int, Processor]] | None = None

    def rows(self, tx: Connection, said: Values) -> Sequence[AnyRow]:
        cursor = self._asked(tx, said)
        if not self._columns:
            return ()
        found = cursor.fetchall()
        if self._made is None:
            self._made = self._making(cursor.description or ())
        return [self._row(self._changed(values)) for values in found] if self._made else [self._row(values) for values in found]

    def each(self, tx: Connection, many: Sequence[Values]) -> Sequence[AnyRow]:
        if not isinstance(self._statement, Insert):
            self._run(tx, lambda cursor: cursor.executemany(self._sql, [self._bound(said) for said in many]))
            return ()
        if len(many) > 1 and self._many.can_take(many):
            return self._many.insert(tx, many)
        return [row for said in many for row in self.rows(tx, said)]

    def count(self, tx: Connection, said: Values) -> int:
        return self._asked(tx, said).rowcount

    @cached_property
    def _many(self) -> _Recordset:
        return _Recordset(self._statement, self._dialect, self._names, self._always)

    def _asked(self, tx: Connection, said: Values) -> psycopg.Cursor[Any]:
        return self._run(tx, lambda cursor: cursor.execute(self._sql, self._bound(said)))

    def _run(self, tx: Connection, do: Callable[[psycopg.Cursor[Any]], object]) -> psycopg.Cursor[Any]:
        cursor = _driver(tx).cursor()
        try:
            do(cursor)
        except psycopg.Error as error:
            raise _wrapped(error, self._sql, tx) from error
        except asyncio.CancelledError:
            tx.invalidate()  # it was cut off in the middle
            raise
        return cursor

    def _bound(self, said: Values) -> dict[str, Any]:
        bound = {**self._given, **said}
        for name, process in self._stored:
            bound[name] = process(bound[name])
        return bound

    def _making(self, description: Sequence[psycopg.Column]) -> Sequence[tuple[int, Processor]]:
        """Returns, by position, the processors that convert result columns. Some depend on the type that PostgreSQL names."""
        types = [each.type.dialect_impl(self._dialect) for each in self._columns]
        made = [(n, type_.result_processor(self._dialect, description[n].type_code)) for n, type_ in enumerate(types)]
        return [(n, process) for n, process in made if process is not None]

    def _changed(self, values: Sequence[Any]) -> Sequence[Any]:
        changed = list(values)
        for n, process in self._made or ():
            changed[n] = process(changed[n])
        return changed


class _Recordset:
    """An INSERT of many rows that all have these names. The statement must not have values of its own."""

    def __init__(self, insert: Insert, dialect: Dialect, names: Sequence[str], always: Values) -> None:
        types = {name: insert.table.c[name].type for name in names}
        rows = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
        said = rows.table_valued(*(column(name, type_) for name, type_ in types.items())).render_derived("said", with_types=True)
        values = {name: _value(said.c[name]) for name in names} | dict(always)
        self._plan = PostgresqlPlan(insert.from_select(list(values), select(*values.values())), dialect, [ROWS], {})
        # The other types store what they are given, unconverted.
        checks = {
            n: type_.dialect_impl(dialect).bind_processor(dialect) for n, type_ in types.items() if isinstance(type_, TypeDecorator)
        }
        self._checks = {name: check for name, check in checks.items() if check is not None}
        self._unique = _unique(insert)

    def can_take(self, many: Sequence[Values]) -> bool:
        """Returns whether no row comes up twice: PostgreSQL refuses to change a row twice in one statement."""
        return not self._unique or len({tuple(said[name] for name in self._unique) for said in many}) == len(many)

    def insert(self, tx: Connection, many: Sequence[Values]) -> Sequence[AnyRow]:
        """Returns the rows that the statement returns, in no order."""
        return self._plan.rows(tx, {ROWS: to_json([self._checked(said) for said in many]).decode()})

    def _checked(self, said: Values) -> Values:
        changed = {name: new for name, check in self._checks.items() if (new := check(said[name])) is not said[name]}
        return {**said, **changed} if changed else said


def _value(said: Any) -> Any:
    """A Python None in a JSON column is stored as JSON null, as SQLAlchemy does."""
    return func.coalesce(said, literal_column("'null'")) if isinstance(said.type, JSON) and not said.type.none_as_null else said


def _unique(insert: Insert) -> Sequence[str]:
    """Returns the columns of the conflict target, if the statement updates on conflict."""
    conflict = insert._post_values_clause if isinstance(insert, postgresql.Insert) else None  # noqa: SLF001  (there is no other way to ask)
    if not isinstance(conflict, OnConflictDoUpdate):
        return ()
    return [str(name) for name in conflict.inferred_target_elements or ()]


def _driver(tx: Connection) -> psycopg.Connection[Any]:
    return tx.connection.driver_connection  # type: ignore[return-value]


def _wrapped(error: psycopg.Error, sql: str, tx: Connection) -> Exception:
    """Returns the error SQLAlchemy would have raised, without the parameters: they hold what a customer said. If the connection is
    gone, SQLAlchemy gives up those that wait in the pool, too."""
    gone = _driver(tx).closed
    if gone:
        with suppress(DBAPIError):  # SQLAlchemy has no other way to find out
            tx.exec_driver_sql("SELECT 1")
    return DBAPIError.instance(
        sql, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=gone, dialect=tx.dialect
    )
