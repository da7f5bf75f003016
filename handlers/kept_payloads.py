"""Finds the raw payloads and the errands that are about somebody who is erased, and deletes them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from handlers.traces import Traces, spellings
from storage import errands, payloads
from storage.statements import Search


@dataclass(frozen=True, slots=True)
class Searched:
    """The payloads in which `sought` was found, among all up to the id `newest`."""

    sought: Traces
    newest: int
    found: frozenset[int]


def search(tx: Connection, sought: Traces, newest: int) -> Searched:
    """Look through all payloads up to this id. That takes seconds where many are kept, so nothing may be locked yet."""
    return Searched(sought, newest, _found(tx, sought))


def forget(tx: Connection, sought: Traces, searched: Searched, answers: Collection[tuple[str, str]]) -> int:
    """Delete the payloads and errands with traces of somebody, and the errands for these answers. Returns how many. Only what has
    come since the search is looked through, unless there is more to look for by now."""
    same = sought == searched.sought
    found = searched.found | _found(tx, sought, above=searched.newest) if same else _found(tx, sought)
    named = {row.id for row in errands.containing(tx, _spelt(sought)) if sought.are_in(row.reference)}
    return payloads.delete_these(tx, found) + errands.delete_these(tx, named | set(errands.naming(tx, answers)))


def _found(tx: Connection, sought: Traces, above: int = 0) -> frozenset[int]:
    return frozenset(row.id for row in payloads.containing(tx, _spelt(sought), above) if sought.are_in(row.body))


def _spelt(sought: Traces) -> list[Search]:
    return [[sorted(way.decode() for way in spellings({word})) for word in words] for words in sought.searches]
