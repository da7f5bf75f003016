"""How long a unit of work may hang, and which failures of PostgreSQL mean that it can be retried."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

LONGEST_S = 8.0
"""Seconds one unit may take. Statements have a shorter limit, but the server enforces it: this one is enforced on our side, for
networks that swallow every answer."""

_UNDONE = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL rolled the whole transaction back
_READS_ONLY = "25006"
_NOT_NOW = {_READS_ONLY, "25P02", "25P03"}  # the last two: a transaction that was ended while it idled


def lost(error: BaseException) -> bool:
    """Returns whether the connection is gone."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def undone(error: BaseException) -> bool:
    """Returns whether PostgreSQL rolled the transaction back because of another one, so that a retry is the cure."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _UNDONE


def reads_only(error: DBAPIError) -> bool:
    """Returns whether the server takes no writes: a standby, or one whose place another has taken."""
    return getattr(error.orig, "sqlstate", None) == _READS_ONLY


def locked(error: DBAPIError) -> bool:
    """Returns whether the wait for a lock of somebody else was given up."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return getattr(error.orig, "sqlstate", None) == "55P03" or code & 0xFF == sqlite3.SQLITE_BUSY


def passing(error: DBAPIError) -> bool:
    """Returns whether the same call may work later: the database is away, full, locked or read-only."""
    return isinstance(error, OperationalError) or error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _NOT_NOW


class Watch:
    """Closes the connection of a unit that waits too long for PostgreSQL: nothing else ends a read from a silent network."""

    def __init__(self) -> None:
        self._until: dict[int, tuple[float, Any, threading.Event]] = {}  # by the identity of the connection
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self, tx: Connection) -> Iterator[Callable[[], bool]]:
        """Close the connection of `tx` if this block takes longer than LONGEST_S; the block then raises as if the server had gone.
        Yields a function that returns whether we closed it."""
        driver, hung_up = tx.connection.driver_connection, threading.Event()
        with self._lock:
            self._until[id(driver)] = time.monotonic() + LONGEST_S, driver, hung_up
        try:
            yield hung_up.is_set
        finally:
            with self._lock:
                self._until.pop(id(driver), None)

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(0.5):
            with self._lock:
                for known, (until, driver, hung_up) in list(self._until.items()):
                    if time.monotonic() > until:
                        del self._until[known]
                        hung_up.set()
                        hang_up(driver)


def hang_up(driver: Any) -> None:
    """Close the wire of a connection under whoever waits on it."""
    with suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as wire:  # it may just have ended by itself
        wire.shutdown(socket.SHUT_RDWR)
