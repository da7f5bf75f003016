"""Statements that both databases say in their own words, and values that stand in a statement's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import literal, literal_column
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    table: Any,
    keys: Sequence[str],
    change: Callable[[Any], Mapping[str, Any]] | None = None,
    *,
    only: Any = None,
) -> Mapping[str, Any]:
    """An INSERT that does nothing for a known key, or the `change` (given the excluded row) to a row for which `only` holds.

    As a statement by dialect name.
    """

    def build(statement: Any) -> Any:
        if change is None:
            return statement.on_conflict_do_nothing(index_elements=keys)
        return statement.on_conflict_do_update(index_elements=keys, set_=change(statement.excluded), where=only)

    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


def constants(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Values as part of a statement's text, for what is the same in every row: nothing is bound for them, row by row."""
    return {
        name: literal_column(str(literal(value).compile(compile_kwargs={"literal_binds": True}))) for name, value in columns.items()
    }
