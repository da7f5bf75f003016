"""Replicas that make digests at the same moment, each a process of its own; the first is killed in the middle of one. See
test_digests_once.py.

`python -m tests.faults.digest_replicas URL COMPANY REPLICAS INSERTS` prints the exit statuses.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from handlers.company import Company
from handlers.digests import digest
from storage.database import Store, Unavailable
from tests.statements import Asked, hear

MOMENTS = tuple(
    datetime(*when, tzinfo=UTC)
    for when in ((2026, 11, 20, 15, 0), (2026, 11, 23, 8, 0), (2026, 11, 30, 8, 0), (2026, 12, 1, 8, 0), (2026, 12, 7, 8, 0))
)
"""A look ahead, a week, a week, the month, a week: where the teams are it is nine in the morning."""


def tick(store: Store, company: Company) -> None:
    """All that the clock of one replica does at these moments. What others keep it from doing is tried again."""
    for now in MOMENTS:
        again: datetime | None = now
        while again is not None and again <= now:
            with suppress(Unavailable):
                again = store.write_sync(digest.send_digests, company, now)


def main(url: str, company: Company, replicas: int, inserts: int) -> dict[str, list[int]]:
    """The first stops before it wants its n-th post; the others begin; it is killed; whoever restarts it ticks again."""
    reached, told = os.pipe()
    began, begun = os.pipe()
    victim = _fork(lambda: _dies(url, company, inserts, told))
    os.read(reached, 1)
    others = [_fork(lambda: _lives(url, company, begun)) for _ in range(replicas - 1)]
    for _ in others:
        os.read(began, 1)
    os.kill(victim, signal.SIGKILL)
    ended = [_ended(victim), *(_ended(each) for each in others)]
    return {"ended": ended, "heir": [_ended(_fork(lambda: _lives(url, company, begun)))]}


def _dies(url: str, company: Company, inserts: int, told: int) -> None:
    store, left = Store(url), inserts

    def count(asked: Asked) -> None:
        nonlocal left
        left -= asked.statement.startswith("INSERT INTO message")
        if left == 0:
            os.write(told, b"!")
            signal.pause()

    hear(count)
    tick(store, company)
    os.write(told, b"?")


def _lives(url: str, company: Company, begun: int) -> None:
    store = Store(url)
    os.write(begun, b"!")
    tick(store, company)
    store.close()


def _fork(run: Callable[[], None]) -> int:
    """A process that does this and no more; forked before any thread or connection is there."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run()
            status = 0
        finally:
            os._exit(status)
    return child


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    url, company, replicas, inserts = sys.argv[1:]
    print(json.dumps(main(url, pickle.loads(bytes.fromhex(company)), int(replicas), int(inserts))))
