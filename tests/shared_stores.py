"""Lets the stores of a test run share what is expensive to make, which in a bot happens once and in a suite of thousands of stores
took a third of the time: what SQLAlchemy compiles, and the connections to PostgreSQL, each of which reads the catalog anew.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from storage.database import Store

_COMPILED: dict[str, tuple[Any, Any]] = {}
"""The dialect and the compiled statements of the first engine of each database; a statement is found by its dialect, too."""
_KEPT: dict[tuple[str, bool], KeptPool] = {}
"""The connections to PostgreSQL, by URL and whether they write."""


class KeptPool(QueuePool):
    """Connections that outlive the engines which use them."""

    def dispose(self) -> None:
        """Called when a store is closed: keep them for the next one."""

    def end(self) -> None:
        super().dispose()


def compiled_once(store: Store) -> Store:
    """Let a new store find what others have compiled. Returns it."""
    for engine in (store._engine, store._reading):
        if engine.name not in _COMPILED:
            engine.connect().close()  # on its first connection SQLAlchemy asks which server this is
            _COMPILED[engine.name] = engine.dialect, engine._compiled_cache
        engine.dialect, engine._compiled_cache = _COMPILED[engine.name]
    return store


def connected_once(store: Store) -> Store:
    """Let a new store on PostgreSQL use the connections of those before it. Returns it."""
    if not store.sqlite:
        for writes, engine in ((True, store._engine), (False, store._reading)):
            key = str(store.url), writes
            if key not in _KEPT:
                _KEPT[key] = _kept(engine)
            engine.dispose()
            engine.pool = _KEPT[key]
    return store


def idle() -> list[int]:
    """Returns the processes of PostgreSQL that serve the kept connections which nobody uses."""
    records = [record for pool in _KEPT.values() for record in pool._pool.queue]
    return [record.driver_connection.info.backend_pid for record in records if record.driver_connection is not None]


def disconnect() -> None:
    """Close what is kept, as when one of the connections is gone."""
    for pool in _KEPT.values():
        pool.end()
    _KEPT.clear()


def _kept(engine: Engine) -> KeptPool:
    """Returns a pool that opens the same connections. The last one used comes first: it knows most statements."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return KeptPool(
        pool._creator,
        pool_size=pool.size(),
        max_overflow=pool._max_overflow,
        use_lifo=True,
        dialect=engine.dialect,
        _dispatch=pool.dispatch,
    )
