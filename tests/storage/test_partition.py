"""How one PostgreSQL is shared by many installations: each lives in a schema of its own, which is the partition key of every
statement. `docs/scale.md` says why it is not a column."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from handlers.company import Company
from storage import schema, sending
from storage.database import Store
from storage.units import wake
from tests.conftest import ANA, BEN, Shop, person, said
from tests.handlers.test_ladder import Role, passes_until, put_on_duty
from tests.postgres import Postgres
from tests.running import eventually
from tests.statements import statements

pytestmark = pytest.mark.anyio
PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}


@pytest.fixture
def shared(postgres: Postgres) -> Iterator[str]:
    """A database in which nobody may write outside a schema of their own."""
    name = postgres.fresh()
    postgres.ask("REVOKE ALL ON SCHEMA public FROM PUBLIC", name)
    yield name
    postgres.drop(name)


@pytest.fixture
def house(postgres: Postgres, shared: str, company: Company) -> Iterator[Callable[[str], Shop]]:
    """Opens an installation in the schema of a role that owns nothing else, as on a database distributed by schema."""
    with ExitStack() as open_ones:

        def opened(role: str) -> Shop:
            if not postgres.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                postgres.ask(f"CREATE ROLE {role} LOGIN")
            postgres.ask(f"CREATE SCHEMA AUTHORIZATION {role}", shared)
            url = postgres.url(shared).replace("hero@", f"{role}@")
            store = open_ones.enter_context(closing(Store(url, alone=True)))
            schema.migrate(store)
            return Shop(store, company)

        yield opened


def lives(shop: Shop) -> None:
    """The frequent work: feedback comes in, people tap, the clock ticks, delivery takes what waits."""
    put_on_duty(shop, Role.LEADER, person("lea"))
    for n in range(3):
        shop.hears(said(f"r-{n}"))
    shop.hears(said("r-1", comment="And now it is broken."))
    shop.tap("claim", ANA)
    shop.tap("claim", BEN)
    shop.tap("contacted", ANA)
    passes_until(shop, shop.now + timedelta(days=3))
    shop.closes(ANA)
    for attempt in shop.store.write_sync(sending.lease, ["slack"], time.time() + 60, 1.0, 60.0, 10)[0]:
        shop.store.write_sync(sending.shown, attempt, 1, ("C1", f"{attempt.id}.1"), "edits", 0.0)


def test_an_installation_keeps_to_its_schema_and_knows_nothing_of_its_neighbour(
    house: Callable[[str], Shop], postgres: Postgres, shared: str
) -> None:
    north, south = house("north"), house("south")
    lives(north)
    assert south.keys() == [], "the neighbour heard what was said elsewhere"
    lives(south)
    assert south.acts() == north.acts() != []
    assert south.keys() == north.keys() != []
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", shared) == [(0,)]


def test_every_hot_statement_leaves_it_to_the_connection_in_which_schema_it_is(house: Callable[[str], Shop]) -> None:
    shop = house("north")
    with statements() as asked:
        lives(shop)
    tables = r"(?:FROM|JOIN|INTO|^UPDATE) (\w+(?:\.\w+)?)\b(?!\()"  # a name right before a parenthesis is a PostgreSQL function
    named = {name for each in asked for name in re.findall(tables, each.statement)}
    assert {"feedback", "follow_up", "act", "message", "gate", "nudge"} <= named
    assert {name for name in named if "." in name} == set(), "these would be asked of one schema, whoever asks"
    assert named - {"excluded"} <= TABLES.keys(), "these are no tables of ours, and would not be where ours are"


def test_a_schema_may_be_named_in_the_address(postgres: Postgres, fresh_postgres: str) -> None:
    name = fresh_postgres.rpartition("/")[2]
    postgres.ask("CREATE SCHEMA east", name)
    with closing(Store(f"{fresh_postgres}?options=-csearch_path%3Deast")) as store:
        schema.migrate(store)
    found = {row[0] for row in postgres.ask("SELECT schemaname FROM pg_tables WHERE tablename = 'follow_up'", name)}
    assert found == {"east"}


async def test_the_bell_of_one_installation_wakes_nobody_of_another(
    house: Callable[[str], Shop], postgres: Postgres, shared: str
) -> None:
    north, south = house("north").store, house("south").store
    listening = f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = '{shared}'"
    with closing(Store(north.url.render_as_string(hide_password=False), alone=True)) as replica:
        await eventually(lambda: postgres.ask(listening) == [(3,)])
        woken: list[str] = []
        replica.on_wake, south.on_wake = (lambda: woken.append("north")), (lambda: woken.append("south"))
        await north.write(wake)
        await eventually(lambda: "north" in woken)
        assert "south" not in woken
        with closing(Store(south.url.render_as_string(hide_password=False))) as command_line:
            await command_line.write(wake)
        await eventually(lambda: "south" in woken)


def test_the_page_says_truly_which_tables_could_be_split_by_workspace() -> None:
    """A distributed table must have its partition key in each of its unique keys."""
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no)", PAGE.read_text("utf-8"), re.MULTILINE))
    assert told == {name: "yes" if _splits(name) else "no" for name in TABLES}


def _splits(name: str) -> bool:
    table = TABLES[name]
    keys = [table.primary_key.columns, *(one.columns for one in table.constraints if type(one).__name__ == "UniqueConstraint")]
    keys += [index.columns for index in table.indexes if index.unique]
    return all("workspace" in {column.name for column in columns} for columns in keys)
