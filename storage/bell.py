"""Tells the other replicas on a PostgreSQL database that something waits for a chat, by LISTEN/NOTIFY. A wake-up and nothing more.

Nothing depends on it: a replica that misses a notification looks at the lanes by itself some seconds later.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import URL, Connection

from storage.connections import keywords

log = structlog.get_logger()

CHANNEL = "action_hero"
"""A notification reaches the whole database, so an installation in its own schema has its own channel, named after the schema."""
BREATH_S = 0.02
"""Seconds. Rings closer together are sent as one: each takes a lock that all of PostgreSQL's notifications share."""
_AT_WORK = "7263002, to_regnamespace(quote_ident(current_schema()))::oid::int"
"""Our advisory lock, of one installation. Whoever listens shares it."""
SETTINGS = {"synchronous_commit": "off", "statement_timeout": "5000"}
AGAIN_S = 2.0
"""Seconds before a broken connection is retried."""


def is_at_work(tx: Connection) -> bool:
    """Returns whether a bot serves from this database on PostgreSQL, or a command has just written what chats must show."""
    ours: bool | None = tx.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_AT_WORK})").scalar_one()
    return ours is False  # without a schema there is nothing to lock, and nobody at work in it


class Bell:
    """One connection and one thread of its own. `on_ring` is called in that thread whenever another process rings."""

    def __init__(self, url: URL, on_ring: Callable[[], None]) -> None:
        self._url, self._on_ring = url, on_ring
        self._ours, self._pulled = socket.socketpair()
        self._ours.setblocking(False)
        self._closing = self._anew = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def listen(self) -> None:
        """Start to listen for the other replicas."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def ring(self) -> None:
        """Wake the other replicas. Returns at once."""
        self.listen()
        with suppress(OSError):  # so many rings are pending that one more changes nothing, or it was closed
            self._ours.send(b".")

    def listen_anew(self) -> None:
        """Listen on a new connection, if on any: the server of this one may not be the one that others ring at."""
        self._anew = True
        with suppress(OSError):
            self._ours.send(b".")

    def close(self) -> None:
        """Send the pending rings, then stop the thread."""
        self._closing = True
        if self._thread is not None:
            self._ours.send(b".")
            self._thread.join()
        self._ours.close()
        self._pulled.close()

    def _run(self) -> None:
        while True:
            try:
                self._serve()
            except Exception as error:  # noqa: BLE001  (whatever went wrong, deliveries work without the bell)
                log.info("bell.silent", error=type(error).__name__)
                self._pulled.settimeout(AGAIN_S)
                with suppress(TimeoutError):
                    self._pulled.recv(1)  # a ring or a call to close may wake us earlier
            if self._closing:
                return

    def _serve(self) -> None:
        from psycopg.sql import SQL, Identifier

        from storage.postgresql_connection import answered_soon, opened

        self._anew = False
        with opened({**keywords(self._url), "autocommit": True}, settings=SETTINGS) as tx:
            with answered_soon(tx):
                # A pooler tells another process than the server's own, which is the one that notifications name.
                [(schema, me)] = tx.execute("SELECT current_schema(), pg_backend_pid()").fetchall()
                channel = Identifier(CHANNEL if schema == "public" else f"{CHANNEL}.{schema}"[:63])
                tx.execute(f"SELECT pg_advisory_lock_shared({_AT_WORK})")
                tx.execute(SQL("LISTEN {}").format(channel))
            self._on_ring()  # others may have rung before we listened
            while True:
                ready, _, _ = select.select([tx.fileno(), self._pulled.fileno()], [], [])
                if self._pulled.fileno() in ready:
                    self._pulled.recv(4096)
                    with answered_soon(tx):
                        tx.execute(SQL("NOTIFY {}").format(channel))
                    if self._closing or self._anew:
                        return
                if any(told.pid != me for told in tx.notifies(timeout=0)):
                    self._on_ring()
                time.sleep(BREATH_S)
