"""Checks whether a stored cursor can be used: a source of another kind may have had the same name before."""

from __future__ import annotations

import json
from typing import Any


def fitting(cursor: str, begin: str) -> str:
    """Returns the cursor, or `begin` if the cursor does not have its form: then another kind of tool made it, and it means
    nothing."""
    found, usual = _object(cursor), _object(begin)
    return cursor if (found is None) == (usual is None) and (usual or {}).keys() <= (found or {}).keys() else begin


def _object(cursor: str) -> dict[str, Any] | None:
    try:
        found = json.loads(cursor)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
