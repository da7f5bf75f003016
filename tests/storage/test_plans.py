"""No statement of the hot paths goes through a whole table that grows: SQLite says how it would run each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from handlers.rules import Company
from storage import messages, schema
from storage.database import Store
from tests.conftest import ANA, BEN, Shop, person, said
from tests.handlers.test_away import leaves, types
from tests.handlers.test_ladder import Role, passes_until, put_on_duty

GROWING = ("feedback", "customer", "follow_up", "act", "message", "nudge", "bundle")


@pytest.fixture
def scans() -> Iterator[set[str]]:
    """Statements that would be run by reading all of a table. INSERTs are left out: what their plans show of other tables is
    only read where a foreign key is broken."""
    found: set[str] = set()

    def ask(_connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            beside = cursor.connection.cursor()
            plan = beside.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters).fetchall()
            steps = [step[3].split() for step in plan]
            found.update(f"{' '.join(step)}: {statement}" for step in steps if step[0] == "SCAN" and step[1] in GROWING)

    event.listen(Engine, "before_cursor_execute", ask)
    yield found
    event.remove(Engine, "before_cursor_execute", ask)


@pytest.fixture
def shop(tmp_path: Path, company: Company) -> Iterator[Shop]:
    """On SQLite, whose plans do not change with what is in the tables."""
    with closing(Store(f"sqlite:///{tmp_path / 'plans.db'}")) as store:
        schema.migrate(store)
        yield Shop(store, company)


def test_nothing_the_clock_or_a_person_does_reads_a_whole_table(shop: Shop, scans: set[str]) -> None:
    put_on_duty(shop, Role.LEADER, person("lea"))
    for n in range(3):
        shop.hears(said(f"r-{n}"))
    shop.hears(said("r-1", comment="And now it is broken."))
    shop.tap("claim", ANA)
    shop.tap("claim", BEN)
    shop.tap("contacted", ANA)
    shop.tap("claim", BEN, 2)
    types(shop, "mine")
    leaves(shop, BEN)
    passes_until(shop, shop.now + timedelta(days=5))
    shop.closes(ANA)
    shop.store.do(messages.lease, ["slack"], 2e9, 1.0, 60.0, 10)
    assert scans == set()
