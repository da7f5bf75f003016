"""Statements that each answer and each tap needs: written in SQLAlchemy Core, compiled once, on SQLite run by the driver itself.

SQLAlchemy takes three times as long around such a statement as SQLite takes in it. To PostgreSQL a statement travels; there it
is run like any other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Row
from sqlalchemy.engine import result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ReturnsRows

AnyRow = Row[*tuple[Any, ...]]
"""A row of a statement; its columns are attributes."""
Said = Mapping[str, Any]
"""The values of a statement's parameters, by their names."""
Processor = Callable[[Any], Any]

FEW = 4
"""Of more rows that return something, SQLAlchemy makes one statement: else the driver lets go of the interpreter at each of them,
and the loop takes it."""
NOTHING: Said = {}


class Prepared:
    """A statement, or one for each dialect. A parameter cannot stand for a list (`expanding`)."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def all(self, tx: Connection, said: Said = NOTHING) -> Sequence[AnyRow]:
        """The rows it answers or returns."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._of(tx.dialect), said).all()
        return self._plan(tx.dialect, said).rows(tx, said)

    def first(self, tx: Connection, said: Said = NOTHING) -> AnyRow | None:
        """The one row it answers or returns; None where there is none."""
        rows = self.all(tx, said)
        return rows[0] if rows else None

    def each(self, tx: Connection, many: Sequence[Said]) -> Sequence[AnyRow]:
        """Run it for each of many, which all have the same names. Answers what they returned, in no order."""
        if not many:
            return ()
        plan = self._plan(tx.dialect, many[0]) if tx.dialect.name == "sqlite" else None
        if plan is not None and (len(many) <= FEW or plan.row is None):
            return plan.each(tx, many)
        done = tx.execute(self._of(tx.dialect), list(many))
        return done.all() if done.returns_rows else ()

    def count(self, tx: Connection, said: Said = NOTHING) -> int:
        """Run it, and answer how many rows it changed."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._of(tx.dialect), said).rowcount
        return self._plan(tx.dialect, said).count(tx, said)

    def _of(self, dialect: Dialect) -> Any:
        return self._statement[dialect.name] if isinstance(self._statement, dict) else self._statement

    def _plan(self, dialect: Dialect, said: Said) -> _Plan:
        names = tuple(said)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._plans[names] = _planned(self._of(dialect), dialect, names)
        return plan


@dataclass(frozen=True, slots=True)
class _Plan:
    """What SQLite's driver is told. `binds`: the parameters in their order, and what makes of each what is stored; `given`: those
    the statement brings itself; `made`: the columns of which something is made again, by their numbers, and by what."""

    sql: str
    binds: Sequence[tuple[str, Processor | None]]
    given: Said
    row: Callable[[Sequence[Any]], AnyRow] | None
    made: Sequence[tuple[int, Processor]]

    def rows(self, tx: Connection, said: Said) -> Sequence[AnyRow]:
        try:
            found = _driver(tx).execute(self.sql, self._bound(said)).fetchall()
        except sqlite3.Error as error:
            raise _wrapped(error, self.sql, tx.dialect) from error
        return [self._made(values) for values in found]

    def each(self, tx: Connection, many: Sequence[Said]) -> Sequence[AnyRow]:
        if self.row is not None:
            return [row for said in many for row in self.rows(tx, said)]
        try:
            _driver(tx).executemany(self.sql, [self._bound(said) for said in many])
        except sqlite3.Error as error:
            raise _wrapped(error, self.sql, tx.dialect) from error
        return ()

    def count(self, tx: Connection, said: Said) -> int:
        try:
            changed: int = _driver(tx).execute(self.sql, self._bound(said)).rowcount
        except sqlite3.Error as error:
            raise _wrapped(error, self.sql, tx.dialect) from error
        return changed

    def _bound(self, said: Said) -> list[Any]:
        if self.given:
            said = {**self.given, **said}
        return [said[name] if process is None else process(said[name]) for name, process in self.binds]

    def _made(self, values: tuple[Any, ...]) -> AnyRow:
        assert self.row is not None
        if self.made:
            changed = list(values)
            for n, process in self.made:
                changed[n] = process(changed[n])
            return self.row(changed)
        return self.row(values)


def _planned(statement: Any, dialect: Dialect, names: Sequence[str]) -> _Plan:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert not compiled.insert_prefetch, "each column is said, or has its value in the text"
    assert not compiled.update_prefetch, "no column is changed by itself"
    binds = [compiled.binds[name] for name in compiled.positiontup]
    columns = list(statement.exported_columns) if isinstance(statement, ReturnsRows) else []
    made = [(n, column.type.dialect_impl(dialect).result_processor(dialect, None)) for n, column in enumerate(columns)]
    return _Plan(
        compiled.string,
        [(bind.key, bind.type.dialect_impl(dialect).bind_processor(dialect)) for bind in binds],
        {bind.key: bind.value for bind in binds if not bind.required},
        result_tuple([column.key for column in columns]) if columns else None,
        [(n, process) for n, process in made if process is not None],
    )


def _driver(tx: Connection) -> sqlite3.Connection:
    return tx.connection.driver_connection  # type: ignore[return-value]


def _wrapped(error: sqlite3.Error, sql: str, dialect: Dialect) -> Exception:
    """What SQLAlchemy would have raised, without what a customer said."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect)
