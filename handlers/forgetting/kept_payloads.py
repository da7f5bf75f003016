"""Finds and deletes the raw payloads and the errands that are about somebody who is erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from handlers.feedback import MAIN_WORKSPACE
from handlers.forgetting.traces import Traces, spellings
from storage import erased, errands, payloads
from storage.statements import Search


@dataclass(frozen=True, slots=True)
class Searched:
    """The payloads in which `sought` was found, among all up to the id `newest`: their ids, and what each is called."""

    sought: Traces
    newest: int
    found: Mapping[int, erased.Origin]


def search(tx: Connection, sought: Traces, newest: int) -> Searched:
    """Look through all payloads up to this id. That takes seconds where many are kept, so nothing may be locked yet."""
    return Searched(sought, newest, _found(tx, sought))


def forget(tx: Connection, sought: Traces, searched: Searched, answers: Collection[tuple[str, str]], now: datetime) -> int:
    """Delete the payloads and errands with traces of somebody, and the errands for these answers. Returns how many. Such an
    entry is not kept again if its tool returns it. Only payloads that came after the search are looked through, unless there is
    more to look for by now."""
    same = sought == searched.sought
    found = {**searched.found, **_found(tx, sought, above=searched.newest)} if same else _found(tx, sought)
    named = {row.id for row in errands.containing(tx, _spelt(sought)) if sought.are_in(row.reference)}
    erased.remember(tx, MAIN_WORKSPACE, set(found.values()), now)
    return payloads.delete_these(tx, found.keys()) + errands.delete_these(tx, named | set(errands.naming(tx, answers)))


def origin_of(source: str, body: str) -> erased.Origin:
    """Returns what identifies an entry however often its tool returns it: the id that the tool gave it, else all of it."""
    try:
        found = json.loads(body, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        found = None
    id_ = found.get("id") if isinstance(found, dict) else None
    return erased.entry(source, id_ if isinstance(id_, str) and id_ else body)


def _found(tx: Connection, sought: Traces, above: int = 0) -> dict[int, erased.Origin]:
    found = payloads.containing(tx, _spelt(sought), above)
    return {row.id: origin_of(row.source, row.body) for row in found if sought.are_in(row.body)}


def _spelt(sought: Traces) -> list[Search]:
    return [[sorted(way.decode() for way in spellings({word})) for word in words] for words in sought.searches]
