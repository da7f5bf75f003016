"""How a connection to PostgreSQL is opened, and the settings each of ours has, whatever its administrator chose for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import Any

import psycopg

from storage.address import NoAddress
from storage.patience import hang_up

PATIENCE_S = 5
"""Seconds to wait for each host that the address names, and once more for the first answer."""
LIMITS = {
    "statement_timeout": "5000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "10000",
    "default_transaction_isolation": "read committed",  # who waited for a lock, as to migrate, then sees what the other has done
    "datestyle": "ISO",  # psycopg reads no other
    "timezone": "UTC",
}
WIRE = {
    "application_name": "action-hero",
    "client_encoding": "UTF8",
    "connect_timeout": PATIENCE_S,
    # A server whose machine is gone sends nothing, not even a reset; with these settings the kernel notices within ten seconds.
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def opened(
    keywords: Mapping[str, Any], kind: type[psycopg.Connection[Any]] = psycopg.Connection, settings: Mapping[str, str] = LIMITS
) -> psycopg.Connection[Any]:
    """Open a connection with psycopg's keywords, and make these settings on the server. Raises psycopg.Error, and NoAddress if the
    database cannot store every letter.

    The settings are no part of what it is begun with: PgBouncer hangs up on whoever brings `options`.
    """
    connection = kind.connect(**{**keywords, **WIRE, "autocommit": True})
    try:
        with answered_soon(connection):
            made = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
            [(encoding, *_)] = connection.execute(f"SELECT current_setting('server_encoding'), {made}").fetchall()
        _check_encoding(encoding)
        connection.autocommit = bool(keywords.get("autocommit"))
    except BaseException:
        connection.close()
        raise
    return connection


def _check_encoding(encoding: str) -> None:
    if encoding != "UTF8":
        why = f"the database stores text as {encoding}, in which not everything that customers write has a place"
        raise NoAddress("name one that is made with: createdb --encoding=UTF8 --template=template0", why)


@contextmanager
def answered_soon(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Hang up if this takes long. PgBouncer lets everybody in, and who then asks waits until it has a connection of the server, by
    default for two minutes; what stands between may swallow a question and keep the wire open."""
    late = Timer(PATIENCE_S, hang_up, [connection])
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()
