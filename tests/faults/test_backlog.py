"""A hundred thousand messages wait: taking the next ones costs what it costs when ten do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Connection, text

from storage import sending
from storage.database import Store
from tests.statements import statements

LANES = 200
GATES = """
    INSERT INTO gate (key, chat, workspace, channel, idle, next_s, lease_s, fence)
    {numbers} SELECT 'slack:main:C' || n, 'slack', 'main', 'C' || n, false, 0, 0, 0 FROM numbers
"""
MESSAGES = """
    INSERT INTO message (key, kind, chat, workspace, channel, gate, wanted, shown, state, attempts, doubts, reason,
        created_at, created_s, sent_s)
    {numbers} SELECT 'card:' || n, 'card', 'slack', 'main', 'C' || (n % 200), 'slack:main:C' || (n % 200), 1, {shown}, {state},
        0, 0, '', '2026-11-20 10:00:00+00', 0, 0 FROM numbers
"""
NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"


def numbers(first: int, last: int) -> str:
    return NUMBERS.format(first=first, last=last)


def fill(tx: Connection) -> None:
    tx.execute(text(GATES.format(numbers=numbers(0, LANES - 1))))
    tx.execute(text(MESSAGES.format(numbers=numbers(1, 100_000), shown="1", state="'shown'")))
    tx.execute(text(MESSAGES.format(numbers=numbers(100_001, 200_000), shown="0", state="'waiting'")))


@pytest.fixture
def full(store: Store) -> Store:
    """Two hundred lanes in which a hundred thousand messages wait, beside as many that were shown long ago."""
    store.write_sync(fill)
    store.write_sync(lambda tx: tx.execute(text("ANALYZE")))
    return store


def plans(store: Store) -> list[str]:
    """How the database goes about each statement of a lease."""
    with statements() as asked:
        assert len(store.write_sync(sending.lease, ["slack"], 10.0, 1.0, 5.0, 64)[0]) == 64
    explain = "EXPLAIN QUERY PLAN" if store.sqlite else "EXPLAIN"
    of_each_kind = {said.kind: said for said in asked if re.match("SELECT|UPDATE|WITH", said.statement)}
    questions = {said.statement: said.parameters for said in of_each_kind.values()}
    assert len(questions) >= 4

    def plan(tx: Connection, statement: str, parameters: Any) -> str:
        return "\n".join(str(row) for row in tx.exec_driver_sql(f"{explain} {statement}", parameters))

    return [f"{statement}\n{store.write_sync(plan, statement, parameters)}" for statement, parameters in questions.items()]


def test_17_the_next_messages_are_found_by_an_index_however_many_wait(full: Store) -> None:
    told = plans(full)
    assert any("ix_message_due" in plan for plan in told), "the oldest of a lane, past all that was shown before it"
    for plan in told:
        if "gate" in plan and "message" not in plan:
            continue  # two hundred lanes may be read as they are
        assert not re.search(r"Seq Scan on message|SCAN message(?! USING)|Sort|TEMP B-TREE", plan), plan
