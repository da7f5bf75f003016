"""Commits one row after another with the bare driver: `python -m bench.yardsticks.raw_commits FILE`.

For each number of seconds on stdin it prints how many rows per second it committed.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing

WORDS = "x" * 700
"""About the size of a piece of feedback."""


def main(file: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as tx:
        tx.execute("PRAGMA journal_mode=WAL")
        tx.execute("PRAGMA synchronous=FULL")
        tx.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, words TEXT)")
        for line in sys.stdin:
            begun, until, rows = time.perf_counter(), time.perf_counter() + float(line), 0
            while time.perf_counter() < until:
                tx.execute("INSERT INTO kept (words) VALUES (?)", (WORDS,))
                rows += 1
            print(rows / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
