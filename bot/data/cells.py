"""Spreadsheet cells that cannot start a formula and that convert back to exactly the same text. Pure."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
STARTS = frozenset(f"{SIGNS}\t\r\n")
"""The characters, full-width ones included, with which a spreadsheet may take a text for a formula."""
GUARD = "'"
"""The prefix that makes spreadsheets treat what follows as text."""
_INSIDE = re.compile(rf"""(?<=[;\t\r\n])(?='*"*[{re.escape(SIGNS)}])""")
_GUARDED_INSIDE = re.compile(rf"""(?<=[;\t\r\n])'(?='*"*[{re.escape(SIGNS)}])""")
"""Where a formula could start within a text: a spreadsheet that expects semicolons or tabs, as in most of Europe, begins a cell
there, and knows no quotes that did not begin with the cell."""


def cell(value: Any) -> str:
    """Returns a value as the text of a cell."""
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
    """Join words with semicolons, or as JSON if splitting would not give them back."""
    together = "; ".join(map(str, words))
    plain = not words or [word.strip() for word in together.split(";")] == words
    return together if plain and not together.startswith("[") else json.dumps(words, ensure_ascii=False)


def guarded(text: str) -> str:
    """Prefix the text with GUARD if it could start a formula or already looks guarded, and what could start one within it."""
    text = _INSIDE.sub(GUARD, text)
    return GUARD + text if _starts(text) or (text[:1] == GUARD and _guards(text[1:])) else text


def text(cell: str) -> str:
    """Undo `guarded`. Returns a cell of other origin unchanged, unless it carries the same guard."""
    return _GUARDED_INSIDE.sub("", cell[1:] if cell[:1] == GUARD and _guards(cell[1:]) else cell)


def _starts(text: str) -> bool:
    return text[:1] in STARTS and text != ""


def _guards(rest: str) -> bool:
    """Whether a guard before `rest` is one that `guarded` puts there."""
    return _starts(rest) or rest[:1] == GUARD
