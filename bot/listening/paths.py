"""Where a tool keeps each field: one table of dotted paths finds the fields, and names them to the sender if one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.listening import reading
from handlers.feedback import Customer

Table = Mapping[str, str]
"""Maps our path (`score`, `customer.email`) to the sender's (`answer.stars`, `respondent.email`)."""

_NUMBERS = frozenset({"score", "customer.value"})
_WORDS = frozenset({"comment", "touchpoint", "customer.segment"})
_AS_THEY_ARE = frozenset({"occurred_at", "tags", "scale"})
_CUSTOMER = "customer."


def look(value: Any, path: str) -> Any:
    """Returns the value at a dotted path; None if there is none."""
    for name in _parts(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def gather(payload: Any, table: Table) -> dict[str, Any]:
    """Returns what `reading.feedback` takes. In the payload numbers may be texts, and names and keys may be numbers."""
    found: dict[str, Any] = {}
    customer: dict[str, Any] = {}
    for ours, theirs in table.items():
        value = as_meant(ours, look(payload, theirs))
        if ours.startswith(_CUSTOMER):
            customer[ours.removeprefix(_CUSTOMER)] = value
        else:
            found[ours] = value
    return found | {"customer": customer} if customer else found


def numbered(customer: dict[str, Any], kind: str) -> None:
    """For a tool with customer numbers of its own: prefers the e-mail as the key, since other tools and the directory know it,
    too. Without an e-mail, the key is the number with the tool's kind before it, or else the customers of two tools would be
    taken for one person."""
    number = customer.pop("key", None)
    email = customer.get("email")
    if isinstance(email, str) and email.strip():
        return
    customer["key"] = f"{kind}:{number}" if isinstance(number, str) and number.strip() else number


def fill(found: dict[str, Any], said: dict[str, str], questions: Mapping[Any, str], answers: Any, where: str) -> None:
    """Put the answers to these questions (our field → the tool's name for the question) into `found`, and the path of each,
    below `where`, into `said`. Where a question was left blank, what the tool knows anyway stays."""
    for ours, theirs in questions.items():
        of_customer = ours in Customer.model_fields
        name = f"{_CUSTOMER}{ours}" if of_customer else ours
        value = as_meant(name, answers.get(theirs) if isinstance(answers, dict) else None)
        if value is None or (isinstance(value, str) and not value.strip()):
            said.setdefault(name, f"{where}.{theirs}")
            continue
        said[name] = f"{where}.{theirs}"
        (found["customer"] if of_customer else found)[ours] = value


def as_meant(ours: str, value: Any) -> Any:
    """Returns the value in the type of our field of that name, if they differ in notation only."""
    if ours in _NUMBERS:
        return reading.as_number(value)
    if ours == "wants_contact":
        return reading.as_yes_or_no(value)
    if ours in _WORDS:
        return reading.as_words(value)
    return value if ours in _AS_THEY_ARE else reading.as_text(value)


def names(tags: Any) -> Any:
    """Returns tags as texts; a tag may be a text, or an object with a name or a value."""
    if not isinstance(tags, list):
        return tags
    return [tag.get("name") or tag.get("value") if isinstance(tag, dict) else reading.as_text(tag) for tag in tags]


@cache
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))
