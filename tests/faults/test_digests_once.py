"""One, three and eight replicas, each a process, one of them killed in the middle: every week and every month is told once."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from handlers.company import Company
from handlers.ladder import Role
from handlers.team import Team
from storage import digests, messages, nudges, people
from storage.database import Store
from tests.conftest import ANA, LEA, Shop, person, said
from tests.digests.week47 import MONDAY
from tests.faults import digest_replicas

ROOT = Path(__file__).parents[2]
OMAR = person("omar")


@pytest.fixture
def company(company: Company, team: Team) -> Company:
    teams = {name: team.model_copy(update={"name": name}) for name in ("oak-street", "harbour", "online", "north")}
    return company.model_copy(update={"teams": teams})


def begins(store: Store, company: Company) -> None:
    """Customers who wait since week 47, and two who lead: one of them three teams, the other two."""

    def lead(tx: Connection) -> None:
        ids = {who.user_id: people.ensure(tx, who.chat, who.workspace, who.user_id, who.name).id for who in (LEA, OMAR)}
        for name in company.teams:
            both = [ids["lea"], ids["omar"]] if name == "north" else [ids["lea" if name != "online" else "omar"]]
            nudges.put_on_duty(tx, name, Role.LEADER, both)

    shop = Shop(store, company, MONDAY)
    shop.hears(*(said(f"r-{n}", customer={"key": f"c-{n}", "email": f"c{n}@mail.example"}) for n in range(6)))
    store.write_sync(lead)
    assert shop.tap("lost", LEA, 1, cause="other").cards
    for n, who in enumerate((LEA, OMAR, ANA), 2):
        shop.tap("claim", who, n)


def told(store: Store) -> tuple[list[Any], list[Any]]:
    """What was said to whom, and every post that shows it with how often it was wanted."""

    def ask(tx: Connection) -> tuple[list[Any], list[Any]]:
        rows = tx.execute(select(digests.digest)).all()
        keys = {row.id: f"{row.kind}:{row.about}:{row.period}" for row in rows}
        kinds = ("digest", "preview", "leader", "month", "calls", "own")
        posts = tx.execute(select(messages.message).where(messages.message.c.kind.in_(kinds))).all()
        said_of = sorted((row.kind, row.about, row.period, row.state, json.dumps(row.snapshot, sort_keys=True)) for row in rows)
        return said_of, sorted((row.kind, row.person_id or 0, _about(row, keys), row.wanted) for row in posts)

    return store.read_sync(ask)


def _about(row: Any, keys: dict[int, str]) -> str:
    """The period of a post, whatever number its digest has."""
    return str(row.key) if row.kind == "digest" else keys[int(row.key.split(":")[1])]


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, company: Company) -> Any:
    """What one replica says whom nothing happens to."""
    file = tmp_path_factory.mktemp("alone") / "hero.db"
    file.write_bytes(migrated_file.read_bytes())
    with closing(Store(f"sqlite:///{file}")) as store:
        begins(store, company)
        digest_replicas.tick(store, company)
        return told(store)


@pytest.mark.parametrize(("replicas", "inserts"), [(1, 4), (3, 1), (3, 4), (3, 12), (8, 4)])
def test_every_week_and_month_is_told_once_though_one_replica_is_killed_in_the_middle(
    database: str, company: Company, alone: Any, replicas: int, inserts: int
) -> None:
    with closing(Store(database)) as store:
        begins(store, company)
    words = [
        sys.executable,
        "-m",
        "tests.faults.digest_replicas",
        database,
        pickle.dumps(company).hex(),
        str(replicas),
        str(inserts),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"ended": [-9] + [0] * (replicas - 1), "heir": [0]}, done.stderr[-2000:]
    with closing(Store(database)) as store:
        said_of, posts = told(store)
    assert said_of == alone[0]
    assert [post[:3] for post in posts] == [post[:3] for post in alone[1]]
    assert posts == alone[1], "no post was wanted more often than by one replica alone"
    assert {row[0] for row in said_of} == {"team", "leader", "month", "own", "own-all"}
    assert {post[0] for post in posts} == {"digest", "preview", "leader", "month", "calls", "own"}
