"""PostgreSQL's writers: a few threads, in which each unit has a transaction of its own; units of one call share one elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from sqlalchemy import URL, Connection

from storage.connections import WRITERS
from storage.crowd import Crowd
from storage.units import Unit


class Commit(Protocol):
    """Runs units in one transaction, tells whoever asked for them, and raises nothing."""

    def __call__(self, units: list[Unit], connect: Callable[[], Connection] | None = None, /) -> None: ...


class PostgresqlWriters:
    def __init__(self, url: URL, commit: Commit) -> None:
        self._threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._crowd = Crowd(url, commit)
        self._commit = commit

    def ask(self, unit: Unit) -> None:
        if unit.together:
            self._crowd.ask(unit)
        else:
            self._threads.submit(self._commit, [unit])

    def close(self) -> None:
        """Finish the waiting units; those of a crowd if the event loop that asked for them goes on."""
        self._threads.shutdown()
        self._crowd.close()
