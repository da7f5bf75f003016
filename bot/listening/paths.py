"""Where a tool keeps each field: one table of dotted paths finds the fields, and names them to the sender when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.listening import reading

Table = Mapping[str, str]
"""Our path (`score`, `customer.email`) -> the sender's (`answer.stars`, `respondent.email`)."""

_NUMBERS = frozenset({"score", "customer.value"})
_AS_THEY_ARE = frozenset({"occurred_at", "tags", "scale"})
_CUSTOMER = "customer."


def look(value: Any, path: str) -> Any:
    """What stands at a dotted path; None where there is nothing."""
    for name in _parts(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def gather(payload: Any, table: Table) -> dict[str, Any]:
    """What `reading.feedback` takes. Numbers may stand there as texts, and names and keys as numbers."""
    found: dict[str, Any] = {}
    customer: dict[str, Any] = {}
    for ours, theirs in table.items():
        value = as_meant(ours, look(payload, theirs))
        if ours.startswith(_CUSTOMER):
            customer[ours.removeprefix(_CUSTOMER)] = value
        else:
            found[ours] = value
    return found | {"customer": customer} if customer else found


def as_meant(ours: str, value: Any) -> Any:
    """The value as the field of that name holds it, where the difference is one of notation only."""
    if ours in _NUMBERS:
        return reading.as_number(value)
    if ours == "wants_contact":
        return reading.as_yes_or_no(value)
    return value if ours in _AS_THEY_ARE else reading.as_text(value)


def names(tags: Any) -> Any:
    """Tags that are texts, or objects with a name or a value, as texts."""
    if not isinstance(tags, list):
        return tags
    return [tag.get("name") or tag.get("value") if isinstance(tag, dict) else reading.as_text(tag) for tag in tags]


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))
