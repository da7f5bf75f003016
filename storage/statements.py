"""Statements that differ between the two databases, values inlined into a statement's text, a search for words, and rows."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, func, literal, literal_column, or_
from sqlalchemy.dialects import postgresql, sqlite

Search = Sequence[Collection[str]]
"""Words that stand in a text, all of them; each is given by the ways in which it may be written."""


def upsert(
    table: Any,
    keys: Sequence[str],
    change: Callable[[Any], Mapping[str, Any]] | None = None,
    *,
    only: Any = None,
    returning: Sequence[Any] = (),
) -> Mapping[str, Any]:
    """Returns, by dialect name, an INSERT that does nothing if the key exists, or else applies the `change` (a function of the
    excluded row) to the existing row, if `only` holds for it. It returns these columns of the row that it wrote."""

    def build(statement: Any) -> Any:
        if change is None:
            written = statement.on_conflict_do_nothing(index_elements=keys)
        else:
            written = statement.on_conflict_do_update(index_elements=keys, set_=change(statement.excluded), where=only)
        return written.returning(*returning) if returning else written

    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


def constants(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values as literals in a statement's text, for what is the same in every row: no bind parameter is needed for them."""
    return {
        name: literal_column(str(literal(value).compile(compile_kwargs={"literal_binds": True}))) for name, value in columns.items()
    }


def making_rows(columns: Iterable[Column[Any]]) -> Callable[[Sequence[Any]], Any]:
    """Returns a function that makes rows of these columns' values: named tuples, since an attribute of SQLAlchemy's own rows takes
    twenty times as long to read, and a tap reads over a hundred."""
    row = namedtuple("row", [column.key for column in columns])  # type: ignore[misc]  # noqa: PYI024  (its names are not known before)
    return partial(tuple.__new__, row)


def finds(low: ColumnElement[str], searches: Sequence[Search]) -> ColumnElement[bool]:
    """Returns the condition that a text, which is in lower case, holds what one of these searches looks for."""
    return or_(*(and_(*(or_(*(_holds(low, way) for way in ways)) for ways in search)) for search in searches))


def _holds(low: ColumnElement[str], word: str) -> ColumnElement[bool]:
    escaped = word.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return low.contains(func.lower(escaped), escape="/")
