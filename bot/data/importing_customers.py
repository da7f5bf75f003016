"""`hero import customers`: imports the customer directory from a CSV file, all or nothing, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.commands.terminal import progress
from bot.config import Settings
from bot.data import lines
from bot.data.lines import Columns, Outcome
from bot.listening import reading
from handlers.customers import checked, know, would_know
from handlers.feedback import Customer
from handlers.receive import Answer
from storage import schema
from storage.customers import AT_ONCE
from storage.database import Store

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
        return Outcome(_did(Counter(store.write_sync(_take_in, found))))


def _identity(customer: Customer) -> str:
    return customer.identity or ""


def _customer(row: Mapping[str, str]) -> Customer:
    return checked(reading.customer({name: _value(name, value) for name, value in row.items()}))


def _value(name: str, value: str) -> Any:
    return reading.as_number(value) if name == "value" else value


def _take_in(tx: Connection, found: Sequence[Customer]) -> list[Answer]:
    """Import all customers in one unit of work, so that a failure undoes everything. Returns what a dry run would: computed up
    front, because a batch cannot see who is in the next one."""
    answers = would_know(tx, found)
    with progress("Importing", len(found)) as went_on:
        for n in range(0, len(found), AT_ONCE):
            know(tx, found[n : n + AT_ONCE])
            went_on(len(found[n : n + AT_ONCE]))
    return answers


def _did(counts: Mapping[Answer, int]) -> str:
    said = {Answer.ACCEPTED: "new", Answer.UPDATED: "changed", Answer.DUPLICATE: "known already"}
    return ", ".join(f"{counts[answer]} {word}" for answer, word in said.items() if counts[answer]) + "."


def _would(store: Store, found: Sequence[Customer]) -> str:
    counts = _did(Counter(store.read_sync(would_know, found)))
    return (
        f"{len(found)} customer{'s' * (len(found) != 1)} read, no mistakes: {counts}\n"
        "Nothing was changed: leave out --dry-run to do it."
    )
