"""Commits one row after the other, as the driver does it and nothing around: `python -m bench.yardsticks.raw_commits FILE`.

For each number of seconds on stdin it says how many rows a second that were.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing

WORDS = "x" * 700
"""About what a piece of feedback holds."""


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
