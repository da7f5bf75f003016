"""`hero import customers`: imports the customer directory from a CSV file, a piece at a time, once no line has a mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.data import lines
from bot.data.lines import Columns, Outcome
from bot.listening import reading
from bot.progress import progress
from handlers.arrivals.customers import checked, know, named, would_know
from handlers.feedback import MAIN_WORKSPACE, Customer
from handlers.receive import Answer
from storage import customers, schema
from storage.database import Store
from storage.pieces import pieces
from storage.prepared import AnyRow

AT_ONCE = 200
"""Customers stored in one unit of work: few enough to stay well within the time limits of a database on a slow machine."""
LOOKED_UP = 5000
"""Customers looked up at once."""
COLUMNS = Columns(frozenset(Customer.model_fields), [["key", "email"]])


def imported(settings: Settings, path: Path, *, dry_run: bool) -> Outcome:
    """Import the file, or with `dry_run` describe what would happen. Raises Mistaken when it cannot be read at all."""
    found, mistakes = lines.read(path, COLUMNS, _customer, _identity, lambda who: f"the customer {_identity(who)!r}")
    if mistakes:
        return lines.mistaken(path, mistakes)
    if not found:
        return Outcome("The file is empty.")
    with schema.ready(settings.database) as store:
        if dry_run:
            return Outcome(_would(store, found))
        return Outcome(_did(Counter(_take_in(store, found))))


def _identity(customer: Customer) -> str:
    return customer.identity or ""


def _customer(row: Mapping[str, str]) -> Customer:
    return checked(reading.customer({name: _value(name, value) for name, value in row.items()}))


def _value(name: str, value: str) -> Any:
    return reading.as_number(value) if name == "value" else value


def _take_in(store: Store, found: Sequence[Customer]) -> list[Answer]:
    """Import all customers, a piece at a time: whoever taps a card meanwhile, or answers a survey, waits for one piece at most.
    Returns what a dry run would: computed before, because a piece cannot see who is in the next one. Raises Unfinished."""
    answers = would_know(_known(store, found), found)
    with progress("Importing", len(found)) as went_on:
        for n in range(0, len(found), AT_ONCE):
            with lines.gone_on_with(n, len(found), "customers"):
                store.write_sync(know, found[n : n + AT_ONCE], datetime.now(UTC))
            went_on(len(found[n : n + AT_ONCE]))
    return answers


def _known(store: Store, found: Sequence[Customer]) -> dict[str, AnyRow]:
    """Returns the customers that the database knows by the keys and the e-mails in the file."""
    known: dict[str, AnyRow] = {}
    for keys in pieces(sorted(named(found)), LOOKED_UP):
        known |= store.read_sync(customers.by_key, MAIN_WORKSPACE, keys)
    return known


def _did(counts: Mapping[Answer, int]) -> str:
    said = {Answer.ACCEPTED: "new", Answer.UPDATED: "changed", Answer.DUPLICATE: "known already"}
    return ", ".join(f"{counts[answer]} {word}" for answer, word in said.items() if counts[answer]) + "."


def _would(store: Store, found: Sequence[Customer]) -> str:
    counts = _did(Counter(would_know(_known(store, found), found)))
    return (
        f"{len(found)} customer{'s' * (len(found) != 1)} read, no mistakes: {counts}\n"
        "Nothing was changed: leave out --dry-run to do it."
    )
