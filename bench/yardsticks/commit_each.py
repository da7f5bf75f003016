"""The feedback route as most would write it: each request commits by itself, in a thread with a connection of its own.

`python -m bench.yardsticks.commit_each APP_YAML`.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop

from bench.northwind import settings
from bench.yardsticks.door import serve
from handlers.arrivals.arrival import Arrival
from handlers.receive import Answer, Receipt

THREADS = 32
ROWS = 3
"""The rows that the bot stores at the least: feedback, follow-up, message."""

_numbers = itertools.count(1)
_own = threading.local()


def store(file: Path, words: Sequence[str]) -> None:
    """One transaction."""
    if not hasattr(_own, "tx"):
        _own.tx = sqlite3.connect(file, isolation_level=None, timeout=60)
        _own.tx.execute("PRAGMA journal_mode=WAL")
        _own.tx.execute("PRAGMA synchronous=FULL")
    _own.tx.execute("BEGIN IMMEDIATE")
    for n in range(ROWS):
        _own.tx.executemany("INSERT INTO kept (kind, words) VALUES (?, ?)", [(n, each) for each in words])
    _own.tx.execute("COMMIT")


async def main(app_yaml: Path) -> None:
    ours = settings(app_yaml)
    file = app_yaml.parent / "each.db"
    sqlite3.connect(file).execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, kind INTEGER, words TEXT)").connection.close()
    threads = ThreadPoolExecutor(THREADS)

    async def receive(arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        await asyncio.get_running_loop().run_in_executor(threads, store, file, [each.feedback.comment for each in arrivals])
        return [Receipt(Answer.ACCEPTED, next(_numbers)) for _ in arrivals]

    await serve(ours, receive)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
