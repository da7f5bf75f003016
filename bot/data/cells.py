"""Cells of a spreadsheet: no text can start a formula there, and every text comes back as it was. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet, or one that reads full-width signs, may take for the beginning of a formula."""
GUARD = "'"
"""Before such a text: spreadsheets show what follows as text."""


def cell(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return guarded(_listed(value))
    return guarded(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _listed(words: list[Any]) -> str:
    """Words between semicolons; JSON where they would not come back as they were."""
    together = "; ".join(map(str, words))
    plain = not words or [word.strip() for word in together.split(";")] == words
    return together if plain and not together.startswith("[") else json.dumps(words, ensure_ascii=False)


def guarded(text: str) -> str:
    """The text behind a guard, if it could start a formula or could be taken for one behind a guard."""
    return GUARD + text if _starts(text) or (text[:1] == GUARD and _guards(text[1:])) else text


def text(cell: str) -> str:
    """The text that a cell of ours stands for. A cell of others is left as it is, unless it wears the same guard."""
    return cell[1:] if cell[:1] == GUARD and _guards(cell[1:]) else cell


def _starts(text: str) -> bool:
    return text[:1] in STARTS and text != ""


def _guards(rest: str) -> bool:
    """Whether a guard before this was put there by us."""
    return _starts(rest) or rest[:1] == GUARD
