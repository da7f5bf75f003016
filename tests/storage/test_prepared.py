"""A prepared statement behaves as the same statement through SQLAlchemy: same rows, same errors, same messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage.database import Store
from storage.models.columns import UtcTime
from storage.prepared import Prepared
from storage.statements import upsert
from tests.conftest import ON_SQLITE

note = Table(
    "note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("words", Text, nullable=False, unique=True),
    Column("at", UtcTime()),
    Column("tags", JSON),
    Column("done", Boolean),
    Column("worth", Float),
)
OSLO = timezone(timedelta(hours=1))
ROWS = [
    {
        "words": "it's “late”",
        "at": datetime(2026, 11, 20, 11, tzinfo=OSLO),
        "tags": ["a", {"b": 1}],
        "done": True,
        "worth": 0.1 + 0.2,
    },
    {"words": "💬 %s ? :this", "at": None, "tags": None, "done": None, "worth": None},
    {"words": "", "at": datetime(2026, 11, 20, tzinfo=UTC), "tags": [], "done": False, "worth": 0.0},
]


@pytest.fixture
def notes(store: Store) -> Iterator[Store]:
    store.write_sync(note.create)
    yield store
    store.write_sync(note.drop)


def both(notes: Store, statement: Any, said: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Returns the rows of SQLAlchemy, and ours."""
    theirs = notes.write_sync(lambda tx: [row._asdict() for row in tx.execute(statement, said)])
    ours = notes.write_sync(lambda tx: [row._asdict() for row in Prepared(statement).all(tx, said)])
    return theirs, ours


def test_rows_come_back_as_sqlalchemy_gives_them(notes: Store) -> None:
    notes.write_sync(lambda tx: tx.execute(insert(note), ROWS))
    for said in ("it's “late”", "💬 %s ? :this", "", "nobody said that"):
        theirs, ours = both(notes, select(note).where(note.c.words == bindparam("these")), {"these": said})
        assert ours == theirs
    theirs, ours = both(notes, select(note.c.words.label("said"), note.c.at).order_by(note.c.id).limit(2), {})
    assert ours == theirs
    assert [row["said"] for row in ours] == [row["words"] for row in ROWS[:2]]


def test_what_is_written_is_what_sqlalchemy_writes(notes: Store) -> None:
    add = Prepared(insert(note).returning(note.c.id, note.c.words))
    told = notes.write_sync(lambda tx: add.each(tx, ROWS))
    assert {row.words: row.id for row in told}.keys() == {row["words"] for row in ROWS}
    ours = notes.read_sync(lambda tx: tx.execute(select(note).order_by(note.c.id)).all())
    notes.write_sync(lambda tx: tx.execute(note.delete()))
    notes.write_sync(lambda tx: tx.execute(insert(note), [dict(row) | {"id": ours[n].id} for n, row in enumerate(ROWS)]))
    assert notes.read_sync(lambda tx: tx.execute(select(note).order_by(note.c.id)).all()) == ours


def test_what_returns_nothing_is_run_for_each(notes: Store) -> None:
    assert not notes.write_sync(lambda tx: Prepared(insert(note)).each(tx, ROWS))
    assert len(notes.read_sync(lambda tx: tx.execute(select(note)).all())) == len(ROWS)


@pytest.mark.parametrize("many", [1, 3, 4, 5, 63, 64, 65, 150])
def test_of_many_rows_each_is_stored_as_it_was_said_and_told_once(notes: Store, many: int) -> None:
    keep = Prepared({on: said.returning(note.c.id, note.c.words) for on, said in upsert(note, ["words"]).items()})
    rows = [ROWS[n % 3] | {"words": f"{n}: {ROWS[n % 3]['words']}"} for n in range(many)]
    notes.write_sync(lambda tx: keep.each(tx, rows[1:2]))
    told = notes.write_sync(lambda tx: keep.each(tx, rows))
    assert sorted(row.words for row in told) == sorted(row["words"] for n, row in enumerate(rows) if n != 1)
    stored = {row.words: row for row in notes.read_sync(lambda tx: tx.execute(select(note)).all())}
    assert {row.words: row.id for row in told}.items() <= {words: row.id for words, row in stored.items()}.items()
    for row in rows:
        assert {name: getattr(stored[row["words"]], name) for name in row} == row


def test_of_two_rows_of_one_statement_the_later_word_counts_also_about_the_first(notes: Store) -> None:
    count = upsert(note, ["words"], lambda new: {"worth": note.c.worth + new.worth + 1})
    keep = Prepared({on: said.returning(note.c.words) for on, said in count.items()})
    if notes.sqlite:  # PostgreSQL refuses the same key twice in one statement
        notes.write_sync(lambda tx: keep.each(tx, [{"words": "a", "worth": 1.0}, {"words": "b", "worth": 5.0}] * 2))
    else:
        for said in ({"words": "a", "worth": 1.0}, {"words": "b", "worth": 5.0}) * 2:
            notes.write_sync(lambda tx, said=said: keep.each(tx, [said]))
    assert notes.read_sync(
        lambda tx: [tuple(row) for row in tx.execute(select(note.c.words, note.c.worth).order_by(note.c.id))]
    ) == [
        ("a", 3.0),
        ("b", 11.0),
    ]


def test_what_is_said_twice_at_once_counts_twice_where_nothing_is_returned(notes: Store) -> None:
    keep = Prepared(upsert(note, ["words"], lambda new: {"worth": note.c.worth + new.worth + 1}))
    notes.write_sync(lambda tx: keep.each(tx, [{"words": "a", "worth": 1.0}, {"words": "b", "worth": 5.0}] * 2))
    rows = select(note.c.words, note.c.worth).order_by(note.c.words)
    assert notes.read_sync(lambda tx: [tuple(row) for row in tx.execute(rows)]) == [("a", 3.0), ("b", 11.0)]


def test_what_is_nothing_in_json_is_written_as_sqlalchemy_writes_it(notes: Store) -> None:
    notes.write_sync(lambda tx: Prepared(insert(note)).each(tx, [row | {"words": f"ours {n}"} for n, row in enumerate(ROWS)]))
    notes.write_sync(lambda tx: tx.execute(insert(note), [row | {"words": f"theirs {n}"} for n, row in enumerate(ROWS)]))
    stored = dict(notes.read_sync(lambda tx: [tuple(row) for row in tx.execute(select(note.c.words, cast(note.c.tags, Text)))]))
    for n in range(len(ROWS)):
        assert json.loads(stored[f"ours {n}"]) == json.loads(stored[f"theirs {n}"])


def test_nothing_is_run_for_nobody(notes: Store) -> None:
    assert notes.write_sync(lambda tx: Prepared(insert(note).returning(note.c.id)).each(tx, [])) == ()
    assert notes.read_sync(lambda tx: tx.execute(select(note)).all()) == []


def test_a_change_says_how_many_rows_it_changed_whichever_columns_are_named(notes: Store) -> None:
    change = Prepared(update(note).where(note.c.words == bindparam("this")))
    notes.write_sync(lambda tx: tx.execute(insert(note), ROWS))
    assert notes.write_sync(lambda tx: change.count(tx, {"this": "", "done": True})) == 1
    assert notes.write_sync(lambda tx: change.count(tx, {"this": "", "worth": 2.5, "at": None})) == 1
    assert notes.write_sync(lambda tx: change.count(tx, {"this": "nobody said that", "worth": 2.5})) == 0
    [row] = notes.read_sync(lambda tx: tx.execute(select(note).where(note.c.words == "")).all())
    assert (row.done, row.worth, row.at) == (True, 2.5, None)


def test_one_row_or_none(notes: Store) -> None:
    find = Prepared(select(note.c.id).where(note.c.words == bindparam("these")))
    notes.write_sync(lambda tx: tx.execute(insert(note), ROWS))
    first = notes.read_sync(lambda tx: find.first(tx, {"these": ""}))
    assert first is not None
    assert first.id == 3
    assert notes.read_sync(lambda tx: find.first(tx, {"these": "nobody said that"})) is None


def test_each_dialect_may_have_its_own_words(notes: Store) -> None:
    keep = Prepared({on: said.returning(note.c.words) for on, said in upsert(note, ["words"]).items()})
    assert [row.words for row in notes.write_sync(lambda tx: keep.each(tx, ROWS[:1]))] == [ROWS[0]["words"]]
    assert notes.write_sync(lambda tx: keep.each(tx, ROWS[:1])) == []


@pytest.mark.parametrize("way", ["all", "each", "each of several", "count"])
def test_a_refusal_is_that_of_sqlalchemy_and_does_not_repeat_what_a_customer_said(notes: Store, way: str) -> None:
    returning, plain = Prepared(insert(note).returning(note.c.id)), Prepared(insert(note))
    ways: dict[str, Callable[[Connection], object]] = {
        "all": lambda tx: returning.all(tx, ROWS[0]),
        "each": lambda tx: plain.each(tx, [ROWS[0]]),
        "each of several": lambda tx: plain.each(tx, [ROWS[2], ROWS[0]]),
        "count": lambda tx: plain.count(tx, ROWS[0]),
    }
    notes.write_sync(ways["all"])
    with pytest.raises(IntegrityError) as refusal:
        notes.write_sync(ways[way])
    assert isinstance(refusal.value, DBAPIError)
    assert "late" not in str(refusal.value).replace(str(refusal.value.orig), "")
    assert len(notes.read_sync(lambda tx: tx.execute(select(note)).all())) == 1, "nothing of the unit stayed"


@ON_SQLITE
def test_a_time_without_a_zone_is_refused_as_ever(notes: Store) -> None:
    with pytest.raises(Exception, match="zone"):
        notes.write_sync(lambda tx: Prepared(insert(note)).each(tx, [ROWS[0] | {"at": datetime(2026, 11, 20)}]))


@ON_SQLITE
def test_a_column_with_a_default_of_its_own_cannot_be_prepared(notes: Store) -> None:
    other = Table("other", MetaData(), Column("id", Integer, primary_key=True), Column("number", Integer, default=7))
    with pytest.raises(AssertionError, match="each column is said"):
        notes.write_sync(lambda tx: Prepared(insert(other)).each(tx, [{"id": 1}]))
