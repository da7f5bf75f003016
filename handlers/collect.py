"""What was read or fetched from a tool is stored together with how far we came: no gap and no double, wherever we are killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from handlers.arrival import Arrival
from handlers.receive import Receipt, receive
from handlers.rules import Company
from storage import errands, payloads, readings


class Overtaken(Exception):
    """Another replica has leased this reading since: nothing was stored, and it is theirs to store."""


def take_page(
    tx: Connection,
    company: Company,
    key: str,
    fence: int,
    arrivals: Sequence[Arrival],
    came_to: Mapping[str, Any],
    rejected: Sequence[Mapping[str, Any]] = (),
) -> Sequence[Receipt]:
    """Store a page, what of it could not be read, and how far it brought us, in one unit. Raises Overtaken."""
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
    """Store what was fetched, or keep what could not be read, and forget that it was to be fetched, in one unit."""
    errands.done(tx, errand_id, wanted)
    payloads.keep(tx, rejected)
    return receive(tx, company, arrivals) if arrivals else ()
