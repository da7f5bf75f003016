"""Copies a whole database into another, such as a SQLite file into PostgreSQL, table by table as the metadata lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Table, and_, collate, func, insert, or_, select, update

from storage import schema, storable
from storage.address import shown
from storage.database import Store
from storage.prepared import AnyRow

AT_ONCE = 1000
"""Rows per commit."""

Progress = Callable[[str, int, int], None]
"""Called with the table's name, how many of its rows the target has by now, and how many it will have."""


class Unfit(Exception):
    """This source cannot be moved into this target; the text says why, and what to do."""


def move(source: Store, target: Store, progress: Progress) -> dict[str, int]:
    """Copy everything that is not in the target yet. Returns the number of rows by table. Run it again after an interruption.

    Nobody may write to either database meanwhile. Raises Unfit or Newer.
    """
    at = source.read_sync(schema.current)
    if at is None:
        raise Unfit("there is nothing of Action Hero's in the database to move. Is it the right one?")
    if at < schema.head():
        how = f"hero migrate --database '{shown(source.url)}'"
        raise Unfit(f"the database to move is at schema {at}, older than this release's {schema.head()}. Run {how}, then move it.")
    schema.require(source)
    schema.migrate(target)
    _refuse_strangers(source, target)
    counts = {table.name: _copy(source, target, table, progress) for table in tables()}
    for table in tables():
        _tie(source, target, table)
    target.write_sync(_number_on)
    wrong = differences(source, target)
    if wrong:
        raise Unfit(
            f"the copy is not equal in {', '.join(wrong)}. Was something written meanwhile? Empty the target and move again."
        )
    return counts


def tables() -> Sequence[Table]:
    """Returns all tables, each after those it refers to."""
    from storage import models  # lists the tables; loaded only here, as every command loads this file to tell what Unfit says

    return models.Feedback.metadata.sorted_tables


def differences(source: Store, target: Store) -> list[str]:
    """Returns the tables whose contents differ, by number of rows and a sum of hashes over every value."""
    return [table.name for table in tables() if _sum(source, table) != _sum(target, table)]


def _refuse_strangers(source: Store, target: Store) -> None:
    """Raise Unfit unless the target is empty, or holds the beginning of this very copy."""
    for table in tables():
        here, there = (next(_pages(store, table, None), ()) for store in (source, target))
        known = {_key(table, row): _values(table, row) for row in here}
        if any(known.get(_key(table, row)) != _values(table, row) for row in there):
            raise Unfit(f"the target already holds other rows in {table.name}. Move into an empty database; nothing was changed.")


def _copy(source: Store, target: Store, table: Table, progress: Progress) -> int:
    total, done = (store.read_sync(_count, table) for store in (source, target))
    progress(table.name, done, total)
    for rows in _pages(source, table, target.read_sync(_last, table)):
        target.write_sync(_add, table, [_values(table, row) | dict.fromkeys(_own(table)) for row in rows])
        done += len(rows)
        progress(table.name, done, total)
    return done


def _tie(source: Store, target: Store, table: Table) -> None:
    """Fill in references to rows of the same table: `_copy` leaves them out, since those rows may come later."""
    for name in _own(table):
        for rows in _pages(source, table, None):
            told = [(row.id, getattr(row, name)) for row in rows if getattr(row, name) is not None]
            if told:
                target.write_sync(_point, table, name, told)


def _point(tx: Connection, table: Table, name: str, told: Sequence[tuple[int, int]]) -> None:
    for key, value in told:
        tx.execute(update(table).where(table.c.id == key).values({name: value}))


def _own(table: Table) -> list[str]:
    """Returns the columns that refer to rows of the same table."""
    return [column.name for column in table.columns for key in column.foreign_keys if key.column.table is table]


def _pages(store: Store, table: Table, last: tuple[Any, ...] | None) -> Iterator[Sequence[AnyRow]]:
    """Yields all rows after `last`, in the order of their keys."""
    while rows := store.read_sync(_page, table, last):
        yield rows
        last = _key(table, rows[-1])


def _page(tx: Connection, table: Table, last: tuple[Any, ...] | None) -> Sequence[AnyRow]:
    keys = _ordered(tx, table)
    rows = select(table).order_by(*keys).limit(AT_ONCE)
    return tx.execute(rows if last is None else rows.where(_after(keys, last))).all()


def _after(keys: Sequence[ColumnElement[Any]], last: tuple[Any, ...]) -> ColumnElement[bool]:
    """Returns the condition for rows after `last` in the order of the keys."""
    same = [[key == value for key, value in zip(keys[:n], last[:n], strict=True)] for n in range(len(keys))]
    return or_(*(and_(*before, keys[n] > last[n]) for n, before in enumerate(same)))


def _last(tx: Connection, table: Table) -> tuple[Any, ...] | None:
    keys = _ordered(tx, table)
    row = tx.execute(select(*keys).order_by(*(key.desc() for key in keys)).limit(1)).first()
    return tuple(row) if row is not None else None


def _ordered(tx: Connection, table: Table) -> list[ColumnElement[Any]]:
    """Returns the key columns, with texts sorted by their bytes: the one order that every database has."""
    bytewise = tx.dialect.name == "postgresql"
    keys = table.primary_key.columns
    return [collate(key, "C") if bytewise and not isinstance(key.type, Integer) else key for key in keys]


def _count(tx: Connection, table: Table) -> int:
    return tx.execute(select(func.count()).select_from(table)).scalar_one()


def _key(table: Table, row: AnyRow) -> tuple[Any, ...]:
    return tuple(getattr(row, key.name) for key in table.primary_key.columns)


def _values(table: Table, row: AnyRow) -> dict[str, Any]:
    own = _own(table)
    return {name: storable.value(value) for name, value in row._asdict().items() if name not in own}


def _add(tx: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    tx.execute(insert(table), list(rows))


def _number_on(tx: Connection) -> None:
    """Make new rows continue the ids of those that were copied; SQLite does so by itself."""
    if tx.dialect.name == "sqlite":
        return
    for table in tables():
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and isinstance(keys[0].type, Integer):
            most = func.max(keys[0])
            sequence = func.pg_get_serial_sequence(table.name, keys[0].name)
            tx.execute(select(func.setval(sequence, func.coalesce(most, 1), most.is_not(None))))


def _sum(store: Store, table: Table) -> tuple[int, int]:
    """Returns the number of rows, and the sum of their hashes."""
    count = total = 0
    for rows in _pages(store, table, None):
        count += len(rows)
        total += sum(_hash(row) for row in rows)
    return count, total


def _hash(row: AnyRow) -> int:
    """Returns a hash of what every database can store of a row: an earlier release may have stored more in SQLite."""
    return int.from_bytes(blake2b(repr([storable.value(value) for value in row]).encode(), digest_size=8).digest())
