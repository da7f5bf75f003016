"""Stores what was read or fetched from a tool together with the new reading position, so that nothing is missed or stored twice,
wherever the process dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import KeptPayload, keep_entries
from handlers.company import Company
from handlers.feedback import MAIN_WORKSPACE
from handlers.receive import Receipt, receive
from storage import erased, errands, readings
from storage import feedback as answers


class Overtaken(Exception):
    """Another replica has leased this reading since: nothing was stored, and that replica will store it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what a tool gave: the receipts, and the entries that are kept now and were not before."""

    receipts: Sequence[Receipt]
    kept: Sequence[KeptPayload]


def take_page(
    tx: Connection,
    company: Company,
    key: str,
    fence: int,
    arrivals: Sequence[Arrival],
    came_to: Mapping[str, Any],
    entries: Sequence[KeptPayload] = (),
) -> Taken:
    """Store a page, keep these entries of it, and store the new reading position, in one unit of work. Raises Overtaken when the
    lease was lost."""
    if not readings.move(tx, key, fence, came_to):
        raise Overtaken
    return _taken(tx, company, arrivals, entries)


def take_errand(
    tx: Connection,
    company: Company,
    errand_id: int,
    wanted: int,
    arrivals: Sequence[Arrival],
    entries: Sequence[KeptPayload] = (),
) -> Taken:
    """Store what was fetched, keep it if it is among these entries, and finish the errand, in one unit of work."""
    taken = _taken(tx, company, arrivals, entries)  # before the errand's row is locked, which an erasure may delete
    errands.done(tx, errand_id, wanted)
    return taken


def _taken(tx: Connection, company: Company, arrivals: Sequence[Arrival], entries: Sequence[KeptPayload]) -> Taken:
    welcome = _not_erased(tx, arrivals)
    return Taken(receive(tx, company, welcome) if welcome else (), keep_entries(tx, entries))


def _not_erased(tx: Connection, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Returns the arrivals without those that were erased while nobody could read them yet: they are not known."""
    gone = erased.among(tx, MAIN_WORKSPACE, (_entry(each) for each in arrivals)) if arrivals else frozenset()
    return [
        each for each in arrivals if _entry(each) not in gone or answers.is_known(tx, MAIN_WORKSPACE, each.source, each.feedback.id)
    ]


def _entry(arrival: Arrival) -> erased.Origin:
    return erased.entry(arrival.source, arrival.feedback.id)
