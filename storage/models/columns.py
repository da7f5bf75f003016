"""Column types that are the same on every database, and the names of constraints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Dialect, ForeignKey, Index, Integer, MetaData, Text, text
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """The base class of every table. Its pydantic validator is built only when an instance is made: nearly all access is SQL, so
    the start need not wait for it."""

    model_config = {"defer_build": True}
    if TYPE_CHECKING:
        __table__: ClassVar[Any]


def big() -> Any:
    return BigInteger().with_variant(Integer, "sqlite")


def key() -> Any:
    return Field(default=None, sa_column=Column(big(), primary_key=True, autoincrement=True))


def ref(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(big(), ForeignKey(target), nullable=nullable, index=index))


def json(default: type[Any]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Returns an index that leaves out the other rows: each would cost an entry."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def prose() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False))


class UtcTime(UTCDateTime):
    """SQLModel's type for aware times, stored the same, but without three function calls for each value: a new case has ten."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _to_sqlite if dialect.name == "sqlite" else _aware

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _from_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def quicken(metadata: MetaData) -> None:
    """Turn every time column of these tables into a UtcTime."""
    for table in metadata.tables.values():
        for column in table.columns:
            if type(column.type) is UTCDateTime:
                column.type = UtcTime()


def _aware(at: datetime | None) -> datetime | None:
    """Raise ValueError for a naive time. PostgreSQL itself converts to UTC."""
    if at is not None and at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at


def _to_sqlite(at: datetime | None) -> str | None:
    if at is None:
        return None
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            raise ValueError(f"{at!r} has no time zone")
        at = at.astimezone(UTC)
    return _written(at)


@lru_cache(1024)  # one answer's time is in five columns, and formatting takes longer than a look-up
def _written(at: datetime) -> str:
    """Formats a UTC time as SQLAlchemy does: without the offset, which is always zero."""
    return at.isoformat(" ", "microseconds")[:-6]


def _from_sqlite(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
