"""How SQLite runs a prepared statement: by its driver, and many rows of an INSERT with few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ReturnsRows

from storage.statements import making_rows

if TYPE_CHECKING:
    from storage.prepared import AnyRow, Processor, Values

AT_ONCE = (64, 16, 4, 1)
"""The numbers of rows one INSERT may have: each has its own SQL text, which the driver caches. At each statement the driver
releases the GIL and the event loop takes it, so it pays to insert many rows with few statements."""


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
class SqlitePlan:
    """What SQLite's driver needs to run it. `picked` takes the bind parameters from a mapping, in their order; `stored` holds, by
    position, the processors that convert parameters; `given` holds the values the statement brings itself; `made` holds, by
    position, the processors that convert result columns."""

    sql: str
    picked: Callable[[Values], Sequence[Any]]
    stored: Sequence[tuple[int, Processor]]
    given: Values
    row: Callable[[Sequence[Any]], AnyRow] | None
    made: Sequence[tuple[int, Processor]]
    insert: _Insert | None

    @classmethod
    def of(cls, statement: Any, dialect: Dialect, names: Sequence[str]) -> SqlitePlan:
        """Compile a statement that is always run with parameters of these names."""
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        assert not compiled.insert_prefetch, "each column is said, or has its value in the text"
        assert not compiled.update_prefetch, "no column is changed by itself"
        binds = [compiled.binds[name] for name in compiled.positiontup]
        columns = list(statement.exported_columns) if isinstance(statement, ReturnsRows) else []
        made = [(n, column.type.dialect_impl(dialect).result_processor(dialect, None)) for n, column in enumerate(columns)]
        stored = [(n, bind.type.dialect_impl(dialect).bind_processor(dialect)) for n, bind in enumerate(binds)]
        return cls(
            compiled.string,
            _picking([bind.key for bind in binds]),
            [(n, process) for n, process in stored if process is not None],
            {bind.key: bind.value for bind in binds if not bind.required},
            making_rows(columns) if columns else None,
            [(n, process) for n, process in made if process is not None],
            _around_values(compiled.string) if compiled.isinsert else None,
        )

    def rows(self, tx: Connection, said: Values) -> Sequence[AnyRow]:
        return [self._made(values) for values in self._run(tx, self.sql, self._bound(said)).fetchall()]

    def each(self, tx: Connection, many: Sequence[Values]) -> Sequence[AnyRow]:
        if self.insert is None:
            try:
                _driver(tx).executemany(self.sql, [self._bound(said) for said in many])
            except sqlite3.Error as error:
                raise _wrapped(error, self.sql, tx.dialect) from error
            return ()
        told: list[AnyRow] = []
        begun = 0
        for size in AT_ONCE:
            while len(many) - begun >= size:
                told += self._inserted(tx, self.insert, many[begun : begun + size])
                begun += size
        return told

    def count(self, tx: Connection, said: Values) -> int:
        return self._run(tx, self.sql, self._bound(said)).rowcount

    def _inserted(self, tx: Connection, insert: _Insert, many: Sequence[Values]) -> Sequence[AnyRow]:
        each = [self._bound(said) for said in many]
        bound = [*chain.from_iterable(values[: insert.bound] for values in each), *each[0][insert.bound :]]
        found = self._run(tx, insert.sql(len(many)), bound).fetchall()
        return [self._made(values) for values in found] if self.row is not None else ()

    def _run(self, tx: Connection, sql: str, bound: Sequence[Any]) -> sqlite3.Cursor:
        try:
            return _driver(tx).execute(sql, bound)
        except sqlite3.Error as error:
            raise _wrapped(error, sql, tx.dialect) from error

    def _bound(self, said: Values) -> list[Any]:
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


def _picking(names: Sequence[str]) -> Callable[[Values], Sequence[Any]]:
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
