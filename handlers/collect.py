"""Stores what was read or fetched from a tool together with the new reading position, so that nothing is missed or stored twice,
wherever the process dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from handlers.arrival import Arrival
from handlers.receive import Receipt, receive
from handlers.rules import Company
from storage import errands, payloads, readings


class Overtaken(Exception):
    """Another replica has leased this reading since: nothing was stored, and that replica will store it."""


def take_page(
    tx: Connection,
    company: Company,
    key: str,
    fence: int,
    arrivals: Sequence[Arrival],
    came_to: Mapping[str, Any],
    rejected: Sequence[Mapping[str, Any]] = (),
) -> Sequence[Receipt]:
    """Store a page, the records of it that could not be parsed, and the new reading position, in one unit of work. Raises Overtaken
    when the lease was lost."""
    if not readings.move(tx, key, fence, came_to):
        raise Overtaken
    payloads.keep(tx, rejected)
    return receive(tx, company, arrivals) if arrivals else ()


def take_errand(
    tx: Connection,
    company: Company,
    errand_id: int,
    wanted: int,
    arrivals: Sequence[Arrival],
    rejected: Sequence[Mapping[str, Any]] = (),
) -> Sequence[Receipt]:
    """Store what was fetched, keep what could not be parsed, and finish the errand, in one unit of work."""
    receipts = receive(tx, company, arrivals) if arrivals else ()  # before the errand's row is locked, which an erasure may delete
    payloads.keep(tx, rejected)
    errands.done(tx, errand_id, wanted)
    return receipts
