"""Records every statement sent to a database: to PostgreSQL as its driver is given it, to SQLite as SQLite itself traces it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

import psycopg
from sqlalchemy import Pool, event


class Asked(NamedTuple):
    """A statement and its bind parameters. SQLite's trace has the values inlined in the statement."""

    statement: str
    parameters: Any

    @property
    def kind(self) -> str:
        """The statement without its values: equal for statements that differ only in values or in the number of rows."""
        values = re.sub(r"'(?:[^']|'')*'|\bNULL\b|\b\d[\d.e+-]*", "?", self.statement)
        return re.sub(r"(\([?, ]+\))(?:, \1)+", r"\1", values)


def hear(note: Callable[[Asked], None]) -> Callable[[], None]:
    """Call `note` before each statement, from the next unit of work on, including BEGIN and the like. Returns what ends it."""

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            note(Asked(query, params))
            return super().execute(query, params, **more)

        def executemany(self, query: Any, params_seq: Any, **more: Any) -> None:
            note(Asked(query, params_seq[0]))
            super().executemany(query, params_seq, **more)

    def listens(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(lambda statement: note(Asked(statement, ())))
        else:
            driver.cursor_factory = Noting

    def no_longer(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(None)
        elif driver is not None:
            driver.cursor_factory = psycopg.Cursor

    places = ((Pool, "checkout", listens), (Pool, "checkin", no_longer))
    for place in places:
        event.listen(*place)

    def end() -> None:
        for place in places:
            event.remove(*place)

    return end


@contextmanager
def statements() -> Iterator[list[Asked]]:
    """Yields the list of statements sent in this block, without those that control transactions."""
    asked: list[Asked] = []
    end = hear(lambda said: asked.append(said) if not re.match("BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE", said.statement) else None)
    try:
        yield asked
    finally:
        end()


def kinds(asked: list[Asked]) -> list[str]:
    """Returns the kinds of the statements, with repeats in a row collapsed: SQLite reports an executemany row by row."""
    each = [said.kind for said in asked]
    return [kind for n, kind in enumerate(each) if n == 0 or kind != each[n - 1]]
