"""Values in a form that every database can store: PostgreSQL takes no NUL in a text, and neither takes a lone surrogate."""

from __future__ import annotations

from typing import Any


def text(said: str) -> str:
    """Returns the text without NULs and lone surrogates."""
    if said.isascii():
        return said.replace("\0", "")
    return said.replace("\0", "").encode("utf-8", "ignore").decode()


def value(found: Any) -> Any:
    """Returns the value of a column with only such texts in it, also in the lists and objects of a JSON column."""
    if isinstance(found, str):
        return text(found)
    if isinstance(found, dict):
        return {text(name): value(each) for name, each in found.items()}
    if isinstance(found, list):
        return [value(each) for each in found]
    return found
