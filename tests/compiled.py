"""Lets every store of a test run share what SQLAlchemy compiles. Each engine compiles a statement anew, which in a bot happens once
and in a suite of thousands of stores took a quarter of the time."""

from __future__ import annotations

from typing import Any

from storage.database import Store

_SHARED: dict[str, tuple[Any, Any]] = {}
"""The dialect and the compiled statements of the first engine of each database; a statement is found by its dialect, too."""


def compiled_once(store: Store) -> Store:
    """Let a new store find what others have compiled. Returns it."""
    for engine in (store._engine, store._reading):
        if engine.name not in _SHARED:
            engine.connect().close()  # on its first connection SQLAlchemy asks which server this is
            _SHARED[engine.name] = engine.dialect, engine._compiled_cache
        engine.dialect, engine._compiled_cache = _SHARED[engine.name]
    return store
