"""What `hero rehearse` found in a payload, so that a path that leads nowhere is seen. Safe to print on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from handlers.feedback import Customer, Feedback

SHOWN = 280
"""Characters of a comment that are shown."""
MAPPED = {"fields": "at", "questions": "for question", "hidden": "for hidden field", "properties": "for property"}
"""The options in which app.yaml says where a tool keeps our fields, each with the words before such a place."""
_OBEYED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""What a terminal may obey or draw over other words; but the joiner that many emoji are made with."""


def feedback(said: Feedback, options: Any) -> list[str]:
    """Returns the lines about one piece of feedback."""
    words = " ".join(said.comment.split())
    words = f"“{words[: SHOWN - 1]}…”" if len(words) > SHOWN else f"“{words}”" if words else "none"
    wish = _is_there("wants_contact", said.customer, said)
    found = [
        f"{said.occurred_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if said.occurred_at else "when it arrives",
        *([f"touchpoint {said.touchpoint}"] if said.touchpoint else []),
        *([f"tags {', '.join(said.tags)}"] if said.tags else []),
        *([f"link {said.link}"] if said.link else []),
        *([f"{'wants' if said.wants_contact else 'does not want'} to be contacted"] if wish else []),
    ]
    lines = [f"Words     {words}", f"Customer  {customer(said.customer) or 'unknown'}", f"Said      {'; '.join(found)}"]
    return [*lines, *missing(options, said.customer, said)]


def customer(told: Customer) -> str:
    """Returns what is known of them, each field by its name."""
    return ", ".join(f"{name} {value}" for name, value in told if value is not None)


def missing(options: Any, of_whom: Customer, said: Feedback | None = None) -> list[str]:
    """Returns the line that lists the places of app.yaml at which nothing was found; none if something was found at each."""
    places: dict[str, list[str]] = {}
    for words, fields in _maps(options):
        for ours, theirs in fields.items():
            places.setdefault(str(ours).removeprefix("customer."), []).append(f"{words} {theirs}")
    gone = [f"{' or '.join(where)} ({ours})" for ours, where in places.items() if not _is_there(ours, of_whom, said)]
    return [f"Not found {', '.join(gone)}"] if gone else []


def _maps(options: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    for name, words in MAPPED.items():
        yield words, getattr(options, name, {})


def _is_there(ours: str, of_whom: Customer, said: Feedback | None) -> bool:
    if ours in Customer.model_fields:
        return getattr(of_whom, ours) is not None
    if ours == "wants_contact":  # a no is an answer, too
        return said is not None and ours in said.model_fields_set
    return getattr(said, ours) not in (None, "", ())


def safe(text: str) -> str:
    """Returns the text without what a terminal would obey instead of showing it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if unicodedata.category(one) in _OBEYED and one not in "\n\u200d" else one for one in text)
