"""Hears all that is asked of a database: of PostgreSQL from SQLAlchemy, of SQLite from SQLite itself, whoever asks."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, Pool, event


class Asked(NamedTuple):
    """A statement and what is bound in it; as SQLite tells it, the values stand in the statement."""

    statement: str
    parameters: Any

    @property
    def kind(self) -> str:
        """The same for statements that differ only in their values, and in how many rows of them."""
        values = re.sub(r"'(?:[^']|'')*'|\bNULL\b|\b\d[\d.e+-]*", "?", self.statement)
        return re.sub(r"(\([?, ]+\))(?:, \1)+", r"\1", values)


def hear(note: Callable[[Asked], None]) -> Callable[[], None]:
    """Call `note` before each statement from the next unit of work on, also before those that begin one. Answers what ends it."""

    def by_sqlalchemy(_tx: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool) -> None:
        if context.dialect.name != "sqlite":
            note(Asked(statement, parameters[0] if isinstance(parameters, list) else parameters))

    def listens(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(lambda statement: note(Asked(statement, ())))

    def no_longer(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(None)

    places = ((Engine, "before_cursor_execute", by_sqlalchemy), (Pool, "checkout", listens), (Pool, "checkin", no_longer))
    for place in places:
        event.listen(*place)

    def end() -> None:
        for place in places:
            event.remove(*place)

    return end


@contextmanager
def statements() -> Iterator[list[Asked]]:
    """All that is asked meanwhile, but for the transactions around it."""
    asked: list[Asked] = []
    end = hear(lambda said: asked.append(said) if not re.match("BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE", said.statement) else None)
    try:
        yield asked
    finally:
        end()


def kinds(asked: list[Asked]) -> list[str]:
    """The statements, and one that is run for each of several rows only once: SQLite is told row by row."""
    each = [said.kind for said in asked]
    return [kind for n, kind in enumerate(each) if n == 0 or kind != each[n - 1]]
