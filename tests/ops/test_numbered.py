"""Fault tests 25 to 29 of the list a careful project passes, on SQLite: many writers, a second process, kills anywhere, replicas that
migrate together. 31, the backup, stands in tests/cli/test_data.py; what needs PostgreSQL stands with PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from structlog.testing import capture_logs

from handlers.company import Company
from storage import connections, exports, followups, schema
from storage.database import Store
from storage.sqlite_file import Occupied
from tests import log
from tests.conftest import FRIDAY, ON_SQLITE, Shop, said
from tests.storage.notes import statements_on
from tests.storage.test_schema import alembic

ROOT = Path(__file__).parents[2]
WRITERS, EACH = 32, 8


@ON_SQLITE
def test_25_of_32_writers_none_sees_a_lock_and_every_write_begins_immediately(store: Store, company: Company) -> None:
    told = statements_on(store._engine)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        shop = Shop(store, company)
        try:
            for n in range(EACH):
                shop.hears(said(f"r-{number}-{n}"))
        except BaseException as error:  # noqa: BLE001  (whatever it is, the test must see it)
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store.read_sync(exports.after, "follow-ups", 0, 1000)[1]) == WRITERS * EACH
    assert {said for said in told if said.startswith("BEGIN")} == {"BEGIN IMMEDIATE"}


@ON_SQLITE
def test_26_a_second_process_on_the_same_file_is_refused_and_may_still_look(store: Store, shop: Shop, tmp_path: Path) -> None:
    shop.hears(said())
    with pytest.raises(Occupied, match="another process already serves"):
        Store(store.url.render_as_string(), alone=True)
    beside = Store(store.url.render_as_string())
    assert len(beside.read_sync(exports.after, "feedback", 0, 1000)[1]) == 1
    beside.close()


@ON_SQLITE
def test_26_only_the_writer_writes_the_log_back(store: Store) -> None:
    asked = "SELECT 1", "PRAGMA wal_autocheckpoint", "PRAGMA query_only"
    reader = [store.read_sync(lambda tx, said=said: tx.execute(text(said)).scalar_one()) for said in asked]
    writer = [store.write_sync(lambda tx, said=said: tx.execute(text(said)).scalar_one()) for said in asked]
    assert (reader, writer) == ([1, 0, 1], [1, connections.CHECKPOINT, 0])


@pytest.mark.parametrize(
    ("version", "mended"),
    [((3, 51, 2), False), ((3, 51, 3), True), ((3, 50, 7), True), ((3, 50, 6), False), ((3, 44, 6), True), ((3, 53, 0), True)],
)
def test_26_a_version_of_sqlite_with_the_reset_fault_is_known(version: tuple[int, int, int], mended: bool) -> None:
    assert connections.is_mended(version) is mended


@pytest.mark.anyio
async def test_26_an_old_version_of_sqlite_is_said_at_the_start(tmp_path: Path) -> None:
    from tests.stages import on_practice

    with capture_logs() as lines:
        async with on_practice(tmp_path):
            pass
    assert ("sqlite.old" in {line["event"] for line in lines}) is not connections.is_mended(sqlite3.sqlite_version_info)


KILLED = """
import json, os, sys
from zoneinfo import ZoneInfo
from pathlib import Path
from tests.conftest import *
from tests.statements import hear
from storage import schema
from storage.database import Store

team = Team(name="oak-street", title="Oak Street", channels=(Place.parse("slack:C1"),), hours=OpeningHours.build("always", OSLO),
            promise=Promise(claim=Duration.parse("4h"), close=Duration.parse("2d")), causes=("other",))
company = Company(name="N", timezone=OSLO, people=People.NAMES, teams={team.name: team},
                  routes=(Route(name="everyone", when=When(band=("detractor",)), team=team.name),))

def live(folder, fatal):
    store = Store(f"sqlite:///{folder}/hero.db")
    seen = 0
    def count(*_):
        nonlocal seen
        seen += 1
        if seen == fatal:
            os._exit(9)
    hear(count)
    acknowledged = os.open(f"{folder}/acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    shop = Shop(store, company)
    for step, act in (("heard", lambda: shop.hears(said())), ("claimed", lambda: shop.tap("claim")), ("closed", lambda: shop.closes())):
        act()
        os.write(acknowledged, f"{step}\\n".encode())
    os._exit(0)

folder = Path(sys.argv[1])
first = folder / "first"
first.mkdir()
fresh = Store(f"sqlite:///{first}/hero.db")
schema.migrate(fresh)
fresh.close()
fatal = 0
while True:
    fatal += 1
    here = folder / str(fatal)
    here.mkdir()
    (here / "hero.db").write_bytes((first / "hero.db").read_bytes())
    child = os.fork()
    if child == 0:
        live(here, fatal)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        print(fatal - 1)
        break
"""


def test_27_killed_before_any_statement_nothing_acknowledged_is_lost_and_nothing_is_half_done(tmp_path: Path) -> None:
    """A customer is heard, claimed and closed; the process dies at the first statement, the second, and so on to the last."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr[-2000:]
    kills = int(run.stdout)
    assert kills > 15
    ends = [_after(tmp_path / str(n)) for n in range(1, kills + 1)]
    assert ends == sorted(ends), "who dies later has done no less"
    assert set(ends) == {0, 1, 2}, "the last statements belong to the commit of the third step"


def _after(folder: Path) -> int:
    """How many steps are acknowledged; all of them are there, the next is there whole or not at all."""
    noted = folder / "acknowledged"
    acknowledged = noted.read_text().split() if noted.exists() else []
    with sqlite3.connect(folder / "hero.db") as look:
        assert look.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert look.execute("PRAGMA foreign_key_check").fetchall() == []
        counts = {
            name: look.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("feedback", "follow_up", "message", "gate")
        }
    look.close()
    store = Store(f"sqlite:///{folder / 'hero.db'}", alone=True)
    acts = [line.verb for line in store.read_sync(log.life, 1)]
    row = store.read_sync(followups.case, 1)
    told = log.replay(store.read_sync(log.life, 1))
    store.close()
    done = 0 if row is None else {"new": 1, "claimed": 2, "closed": 3}[row.state]
    assert done >= len(acknowledged)
    assert counts["feedback"] == counts["follow_up"] == min(done, 1)
    assert bool(counts["message"]) == bool(counts["gate"]) == bool(done)
    assert acts == ["received", "claim", "details_shown", "close"][: [0, 1, 3, 4][done]]
    assert row is None or {name: getattr(row, name) for name in told} == told
    return len(acknowledged)


MIGRATE = """
import os, sys
from alembic import command  # loaded once for all of them
from storage import schema
from storage.database import Store

ready, go = os.pipe()
replicas = []
for _ in range(6):
    if not (child := os.fork()):
        os.close(go)
        os.read(ready, 1)  # returns once nobody can write any more: in all of them at the same time
        status = 1
        try:
            store = Store(sys.argv[1])
            os.write(1, f"{schema.migrate(store)}\\n".encode())
            store.close()
            status = 0
        finally:
            os._exit(status)
    replicas.append(child)
os.close(go)
print([os.waitpid(child, 0)[1] for child in replicas], flush=True)
"""


@pytest.mark.parametrize("before", ["nothing", "0001"])
def test_29_replicas_that_start_together_migrate_once_from_nothing_and_from_before(tmp_path: Path, before: str) -> None:
    url = f"sqlite:///{tmp_path / 'together.db'}"
    store = Store(url)
    if before != "nothing":
        schema.migrate(store)
        store.write_sync(lambda tx: command.downgrade(alembic(tx), before))
    run = subprocess.run([sys.executable, "-c", MIGRATE, url], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    *came_from, statuses = run.stdout.splitlines()
    assert (statuses, run.returncode) == (str([0] * 6), 0), run.stderr
    assert len(came_from) == 6
    assert set(came_from) <= {before, "None"}
    assert store.read_sync(schema.current) == schema.head()
    store.close()


def test_29_up_and_down_and_up_again_keeps_what_the_earlier_schema_knew(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim")
    shop.store.write_sync(lambda tx: command.downgrade(alembic(tx), "0001"))
    assert schema.migrate(shop.store) == "0001"
    assert shop.row().state == "claimed"
    assert shop.now == FRIDAY
