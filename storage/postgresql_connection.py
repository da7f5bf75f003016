"""How a connection to PostgreSQL is opened, and the limits each of ours has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import Any

import psycopg

from storage.patience import hang_up

PATIENCE_S = 5
LIMITS = {
    "statement_timeout": "5000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
}
WIRE = {
    "application_name": "action-hero",
    "connect_timeout": PATIENCE_S,
    # A server whose machine is gone sends nothing, not even a reset; with these settings the kernel notices within ten seconds.
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def opened(
    words: Mapping[str, Any], kind: type[psycopg.Connection[Any]] = psycopg.Connection, settings: Mapping[str, str] = LIMITS
) -> psycopg.Connection[Any]:
    """Open a connection with psycopg's keywords, and make these settings on the server. Raises psycopg.Error.

    The settings are no part of what it is begun with: PgBouncer hangs up on whoever brings `options`.
    """
    connection = kind.connect(**{**WIRE, **words, "autocommit": True})
    try:
        with _answered_soon(connection):
            connection.execute("SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items()))
        connection.autocommit = bool(words.get("autocommit"))
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _answered_soon(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Hang up if this takes long: PgBouncer lets everybody in, and who then asks waits until it has a connection of the server, by
    default for two minutes."""
    late = Timer(PATIENCE_S, hang_up, [connection])
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()
