"""A process that dies before the n-th statement of a unit, for every n: afterwards the unit has happened, or it has not."""

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

from handlers.company import Company
from storage import act_log, followups, lanes, messages, sending
from storage.database import Store
from tests.conftest import FRIDAY, Shop, said

ROOT = Path(__file__).parents[2]

DIES = """
import json, os, pickle, signal, sys
from sqlalchemy import event
from tests.statements import hear
from tests.faults import test_kill_at_each_statement as here
from storage.database import Store

url, company, unit, most = sys.argv[1], pickle.loads(bytes.fromhex(sys.argv[2])), sys.argv[3], int(sys.argv[4])
for n in range(1, most + 1):
    child = os.fork()  # before any thread or connection is there
    if child == 0:
        store, left = Store(url), n
        def count(*_):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        hear(count)
        event.listen(store._engine, "commit", count)
        here.UNITS[unit](here.Shop(store, company, here.FRIDAY), n)
        os._exit(7)
    _, status = os.waitpid(child, 0)
    print(json.dumps([n, os.waitstatus_to_exitcode(status)]), flush=True)
    if os.waitstatus_to_exitcode(status) == 7:
        break
"""


def lease(shop: Shop, n: int) -> None:
    shop.store.write_sync(sending.lease, ["slack"], 3e9 + 1000 * n, 0.4, 0.8, 10)


UNITS: dict[str, Any] = {
    "receive": lambda shop, n: shop.hears(said(f"r-{n}", customer={"key": f"c-{n}"})),
    "claim": lambda shop, n: shop.tap("claim"),
    "lease": lease,
}
MOST = 40


def state(store: Store) -> tuple[Any, ...]:
    """How many rows each table of the hot paths has, and what the first follow-up and its lane look like."""
    tables = (followups.feedback, followups.customer, followups.follow_up, act_log.act, messages.message, lanes.gate)
    counts = [len(store.read_sync(lambda tx, t=table: tx.execute(t.select()).all())) for table in tables]
    row = store.read_sync(followups.case, 1)
    gates = store.read_sync(lambda tx: tx.execute(lanes.gate.select().order_by(lanes.gate.c.key)).all())
    return *counts, row and (row.version, row.state), tuple((lane.fence, lane.idle) for lane in gates)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_27_a_unit_that_is_killed_before_any_of_its_statements_has_not_happened(database: str, company: Company, unit: str) -> None:
    with closing(Store(database)) as store:
        Shop(store, company, FRIDAY).hears(said("first"))
        before = state(store)
    words = [sys.executable, "-c", DIES, database, pickle.dumps(company).hex(), unit, str(MOST)]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=120
    )
    deaths = [json.loads(line) for line in done.stdout.splitlines()]
    assert [code for _, code in deaths[:-1]] == [-9] * (len(deaths) - 1), done.stderr[-2000:]
    assert deaths[-1][1] == 7, f"{done.stderr[-2000:]}: it never got through"
    assert len(deaths) > 4, "a hot unit has several statements"
    with closing(Store(database)) as store:
        after = state(store)
    assert after != before, "the run that was not killed counts"
    changed = [now - then for now, then in zip(after[:6], before[:6], strict=True)]
    assert changed == {"receive": [1, 1, 1, 1, 1, 0], "claim": [0, 0, 0, 2, 1, 1], "lease": [0] * 6}[unit], "and no other"
