"""Statements that each answer and each tap needs: written in SQLAlchemy Core, compiled once, and on SQLite run by the driver
itself.

SQLAlchemy's overhead around such a statement takes three times as long as SQLite needs to run it. On PostgreSQL, where a statement
goes over the network, it is executed like any other, except an INSERT of many rows: see storage/recordset.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Row
from sqlalchemy.engine import result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ReturnsRows

from storage.recordset import Recordset
from storage.statements import constants

AnyRow = Row[*tuple[Any, ...]]
"""A row of a result; its columns are attributes."""
Said = Mapping[str, Any]
"""The bind parameters of a statement, by name."""
Processor = Callable[[Any], Any]

AT_ONCE = (64, 16, 4, 1)
"""The numbers of rows one INSERT may have: each has its own SQL text, which the driver caches. At each statement the driver
releases the GIL and the event loop takes it, so it pays to insert many rows with few statements."""
NOTHING: Said = {}
DIALECTS = ("sqlite", "postgresql")


class Prepared:
    """A statement, or one for each dialect. It cannot have an `expanding` parameter (a list).

    `always` are columns with the same value in every row of an INSERT: they are part of the SQL text, without bind parameters.
    """

    def __init__(self, statement: Any, *, always: Mapping[str, Any] = NOTHING) -> None:
        self._always = constants(always)
        self._bare = statement if isinstance(statement, dict) else dict.fromkeys(DIALECTS, statement)
        self._whole = {on: bare.values(self._always) if always else bare for on, bare in self._bare.items()}
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._recordsets: dict[tuple[str, ...], Recordset] = {}

    def all(self, tx: Connection, said: Said = NOTHING) -> Sequence[AnyRow]:
        """Run it. Returns the rows it selects or returns."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._whole[tx.dialect.name], said).all()
        return self._plan(tx.dialect, said).rows(tx, said)

    def first(self, tx: Connection, said: Said = NOTHING) -> AnyRow | None:
        """Run it. Returns its first row; None if there is none."""
        rows = self.all(tx, said)
        return rows[0] if rows else None

    def each(self, tx: Connection, many: Sequence[Said]) -> Sequence[AnyRow]:
        """Run it for each of these parameters, which all have the same names. Returns the rows they returned, in no order."""
        if not many:
            return ()
        if tx.dialect.name != "sqlite":
            statement = self._whole[tx.dialect.name]
            if len(many) > 1 and isinstance(statement, Insert):
                recordset = self._recordset(tx.dialect, many[0])
                if recordset.can_take(many):
                    return recordset.insert(tx, many)
            done = tx.execute(statement, list(many))
            return done.all() if done.returns_rows else ()
        return self._plan(tx.dialect, many[0]).each(tx, many)

    def count(self, tx: Connection, said: Said = NOTHING) -> int:
        """Run it. Returns how many rows it changed."""
        if tx.dialect.name != "sqlite":
            return tx.execute(self._whole[tx.dialect.name], said).rowcount
        return self._plan(tx.dialect, said).count(tx, said)

    def _recordset(self, dialect: Dialect, said: Said) -> Recordset:
        names = tuple(said)
        if names not in self._recordsets:
            self._recordsets[names] = Recordset(self._bare[dialect.name], dialect, names, self._always)
        return self._recordsets[names]

    def _plan(self, dialect: Dialect, said: Said) -> _Plan:
        names = tuple(said)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._plans[names] = _planned(self._whole[dialect.name], dialect, names)
        return plan


@dataclass(frozen=True, slots=True)
class _Insert:
    """An INSERT split around the values of a row, which bind `bound` parameters. Only the statement's own parameters follow."""

    before: str
    values: str
    after: str
    bound: int
    texts: dict[int, str] = field(default_factory=dict)

    def sql(self, rows: int) -> str:
        """Returns its SQL text for so many rows."""
        if rows not in self.texts:
            self.texts[rows] = self.before + ", ".join([self.values] * rows) + self.after
        return self.texts[rows]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What SQLite's driver needs to run it. `picked` takes the bind parameters from a mapping, in their order; `stored` holds, by
    position, the processors that convert parameters; `given` holds the values the statement brings itself; `made` holds, by
    position, the processors that convert result columns."""

    sql: str
    picked: Callable[[Said], Sequence[Any]]
    stored: Sequence[tuple[int, Processor]]
    given: Said
    row: Callable[[Sequence[Any]], AnyRow] | None
    made: Sequence[tuple[int, Processor]]
    insert: _Insert | None

    def rows(self, tx: Connection, said: Said) -> Sequence[AnyRow]:
        return [self._made(values) for values in self._run(tx, self.sql, self._bound(said)).fetchall()]

    def each(self, tx: Connection, many: Sequence[Said]) -> Sequence[AnyRow]:
        if self.insert is None:
            try:
                _driver(tx).executemany(self.sql, [self._bound(said) for said in many])
            except sqlite3.Error as error:
                raise _wrapped(error, self.sql, tx.dialect) from error
            return ()
        told, begun = list[AnyRow](), 0
        for size in AT_ONCE:
            while len(many) - begun >= size:
                told += self._inserted(tx, self.insert, many[begun : begun + size])
                begun += size
        return told

    def count(self, tx: Connection, said: Said) -> int:
        return self._run(tx, self.sql, self._bound(said)).rowcount

    def _inserted(self, tx: Connection, insert: _Insert, many: Sequence[Said]) -> Sequence[AnyRow]:
        each = [self._bound(said) for said in many]
        bound = [*chain.from_iterable(values[: insert.bound] for values in each), *each[0][insert.bound :]]
        found = self._run(tx, insert.sql(len(many)), bound).fetchall()
        return [self._made(values) for values in found] if self.row is not None else ()

    def _run(self, tx: Connection, sql: str, bound: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return _driver(tx).execute(sql, bound)
        except sqlite3.Error as error:
            raise _wrapped(error, sql, tx.dialect) from error

    def _bound(self, said: Said) -> list[Any]:
        if self.given:
            said = {**self.given, **said}
        bound = list(self.picked(said))
        for n, process in self.stored:
            bound[n] = process(bound[n])
        return bound

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
    stored = [(n, bind.type.dialect_impl(dialect).bind_processor(dialect)) for n, bind in enumerate(binds)]
    return _Plan(
        compiled.string,
        _picking([bind.key for bind in binds]),
        [(n, process) for n, process in stored if process is not None],
        {bind.key: bind.value for bind in binds if not bind.required},
        result_tuple([column.key for column in columns]) if columns else None,
        [(n, process) for n, process in made if process is not None],
        _around_values(compiled.string) if compiled.isinsert else None,
    )


def _picking(names: Sequence[str]) -> Callable[[Said], Sequence[Any]]:
    """Returns a function that takes the values of these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda said: [said[name] for name in names]


def _around_values(sql: str) -> _Insert:
    """Split an INSERT of one row."""
    begin = sql.index("VALUES (") + len("VALUES ")
    end = sql.index(")", begin) + 1
    assert sql.count("(", begin, end) == 1, "a value of its own is a number, a word or nothing"
    return _Insert(sql[:begin], sql[begin:end], sql[end:], sql.count("?", begin, end))


def _driver(tx: Connection) -> sqlite3.Connection:
    return tx.connection.driver_connection  # type: ignore[return-value]


def _wrapped(error: sqlite3.Error, sql: str, dialect: Dialect) -> Exception:
    """Returns the error SQLAlchemy would have raised, without the parameters: they hold what a customer said."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect)
