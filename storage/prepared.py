"""Statements that each answer and each tap needs: written in SQLAlchemy Core, compiled once, and run by the driver itself.

SQLAlchemy's overhead around such a statement takes three times as long as SQLite needs to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, Row

from storage.sqlite_plan import SqlitePlan
from storage.statements import constants

AnyRow = Row[*tuple[Any, ...]]
"""A row of a result; its columns are attributes. Those of prepared statements are named tuples: see `making_rows`."""
Values = Mapping[str, Any]
"""The bind parameters of a statement, by name."""
Processor = Callable[[Any], Any]

NOTHING: Values = {}
DIALECTS = ("sqlite", "postgresql")


class _Plan(Protocol):
    """A statement as one database runs it, always with parameters of the same names."""

    def rows(self, tx: Connection, said: Values) -> Sequence[AnyRow]: ...
    def each(self, tx: Connection, many: Sequence[Values]) -> Sequence[AnyRow]: ...
    def count(self, tx: Connection, said: Values) -> int: ...


class Prepared:
    """A statement, or one for each dialect. It cannot have an `expanding` parameter (a list).

    `always` are columns with the same value in every row of an INSERT: they are part of the SQL text, without bind parameters.
    """

    def __init__(self, statement: Any, *, always: Mapping[str, Any] = NOTHING) -> None:
        self._always = constants(always)
        self._statements = statement if isinstance(statement, dict) else dict.fromkeys(DIALECTS, statement)
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    def all(self, tx: Connection, said: Values = NOTHING) -> Sequence[AnyRow]:
        """Run it. Returns the rows it selects or returns."""
        return self._plan(tx.dialect, said).rows(tx, said)

    def first(self, tx: Connection, said: Values = NOTHING) -> AnyRow | None:
        """Run it. Returns its first row; None if there is none."""
        rows = self.all(tx, said)
        return rows[0] if rows else None

    def each(self, tx: Connection, many: Sequence[Values]) -> Sequence[AnyRow]:
        """Run it for each of these parameters, which all have the same names. Returns the rows they returned, in no order."""
        return self._plan(tx.dialect, many[0]).each(tx, many) if many else ()

    def count(self, tx: Connection, said: Values = NOTHING) -> int:
        """Run it. Returns how many rows it changed."""
        return self._plan(tx.dialect, said).count(tx, said)

    def _plan(self, dialect: Dialect, said: Values) -> _Plan:
        known = dialect.name, tuple(said)
        if known not in self._plans:
            self._plans[known] = self._planned(dialect, known[1])
        return self._plans[known]

    def _planned(self, dialect: Dialect, names: Sequence[str]) -> _Plan:
        statement = self._statements[dialect.name]
        if dialect.name == "sqlite":
            return SqlitePlan.of(statement.values(self._always) if self._always else statement, dialect, names)
        from storage.postgresql_plan import PostgresqlPlan  # psycopg takes a while to load, and SQLite needs none

        return PostgresqlPlan(statement, dialect, names, self._always)
