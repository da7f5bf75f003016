"""`hero import feedback`: answers from a CSV file, all or none, with every mistake told by its line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.commands.terminal import watched
from bot.config import Settings
from bot.data import lines
from bot.data.lines import Columns, Told
from bot.sources import reading
from handlers import rules
from handlers.feedback import Customer, Feedback, FieldError
from handlers.receive import Answer, Arrival, Receipt, receive
from handlers.rules import Company
from storage import schema
from storage.database import Store

AT_ONCE = 500
OF_OURS = frozenset({"source", "band", "received_at", "route"})
"""Columns of an export that are worked out anew."""
_ANSWER = frozenset(Feedback.model_fields) - {"customer", "scale"} | {"worst", "best"}
_CUSTOMER = {f"customer_{name}": name for name in Customer.model_fields}
_NUMBERS = frozenset({"score", "worst", "best", "customer_value"})
COLUMNS = Columns(_ANSWER | _CUSTOMER.keys(), [["id"], ["metric"]], OF_OURS)
_SAID = {f"customer.{ours}": column for column, ours in _CUSTOMER.items()} | {"scale": "worst and best"}


def imported(settings: Settings, path: Path, source: str, *, dry_run: bool, history: bool) -> Told:
    """Take the file in, or say what would happen. Raises Mistaken for a file that cannot be read at all."""
    found, mistakes = lines.read(path, COLUMNS, _answer, lambda answer: answer.id, "id")
    if mistakes:
        return lines.mistaken(path, mistakes)
    company = settings.company.model_copy(update={"routes": ()}) if history else settings.company
    if dry_run:
        return Told(_would(company, source, found))
    with schema.ready(settings.database) as store:
        counts = Counter(receipt.answer for receipt in _stored(store, company, source, found, history=history))
    return Told(
        ", ".join(f"{counts[answer]} {answer}" for answer in Answer if counts[answer]) + "." if found else "The file is empty."
    )


def _answer(row: Mapping[str, str]) -> Feedback:
    read: dict[str, Any] = {name: _value(name, value) for name, value in row.items()}
    customer = {ours: read.pop(column) for column, ours in _CUSTOMER.items() if column in read}
    worst, best = read.pop("worst", None), read.pop("best", None)
    scale = {"scale": [worst, best]} if worst is not None and best is not None else {}
    return reading.feedback(read | scale | ({"customer": customer} if customer else {}), _SAID)


def _value(name: str, value: str) -> Any:
    if name in _NUMBERS:
        return reading.as_number(value)
    if name == "tags":
        return _tags(value)
    if name == "wants_contact":
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(value.strip().casefold(), value)
    return value


def _tags(value: str) -> list[str]:
    """A JSON array, as we export it, or words between semicolons, as people write them."""
    if value.lstrip().startswith("["):
        try:
            tags: list[str] = json.loads(value)
        except ValueError:
            raise FieldError("tags", "is neither a JSON array nor words between semicolons") from None
        return tags
    return [tag.strip() for tag in value.split(";")]


def _stored(store: Store, company: Company, source: str, found: Sequence[Feedback], *, history: bool) -> Iterator[Receipt]:
    now = datetime.now(UTC)
    arrivals = [Arrival(source, each, (each.occurred_at or now) if history else now) for each in found]
    pieces = [arrivals[n : n + AT_ONCE] for n in range(0, len(arrivals), AT_ONCE)]
    for piece in watched("Importing", pieces, len(pieces)):
        yield from store.do(receive, company, piece)


def _would(company: Company, source: str, found: Sequence[Feedback]) -> str:
    """What the routes make of it. What is known already is not looked up: taking it in again changes nothing."""
    counts: Mapping[str, int] = Counter(
        f"would ask {company.teams[route.team].title} to follow up ({route.name})" if route else "would be stored, and nobody asked"
        for route in (rules.route(each, source, company.routes) for each in found)
    )
    lines = [f"{number} {what}" for what, number in counts.items()]
    return "\n".join([f"{len(found)} answers read, no mistakes.", *lines, "Nothing was changed: leave out --dry-run to do it."])
