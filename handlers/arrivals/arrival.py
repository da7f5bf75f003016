"""Feedback as it arrives: which customer in the directory gave it, which band it falls in, and which team it goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from handlers import rules
from handlers.company import Company
from handlers.feedback import MAIN_WORKSPACE, Band, Customer, Feedback
from handlers.rules import Route
from storage import customers as directory
from storage.feedback import ABOUT, CONTACT, FILLED_IN, GIVEN
from storage.prepared import AnyRow


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of feedback, the name of the source that sent it, and when it arrived (aware, UTC). `author_id` is the person
    who passed it on; `history` means that it was imported for the record only. `belated`: it was read from a file or a kept
    payload, so what is new to us in it was not said just now. `again`: this very request was answered before, so it is older than
    any update since."""

    source: str
    feedback: Feedback
    at: datetime
    author_id: int | None = None
    history: bool = False
    belated: bool = False
    again: bool = False


class Judged(NamedTuple):
    """An arrival with what is known about it. `customer` is their row in the directory, None if the answer says nothing about them;
    `route` is None if no route asks for such feedback; `team` is whose customer it is, even if nobody has to reply. `unplaced`: an
    unhappy one whose place is no team's, although a route looked for it."""

    arrival: Arrival
    customer: AnyRow | None
    band: Band
    route: Route | None
    team: str | None
    unplaced: bool

    @property
    def customer_id(self) -> int | None:
        return None if self.customer is None else self.customer.id

    @property
    def given(self) -> dict[str, str | None]:
        """The contact details in the answer that differ from the directory's, by `given_…` column; None where none differs."""
        said, known = self.arrival.feedback.customer, self.customer
        given: dict[str, str | None] = dict.fromkeys(GIVEN)
        if known is None or (known.name, known.email, known.phone) == (said.name, said.email, said.phone):
            return given
        for name in CONTACT:
            word, ours = getattr(said, name), getattr(known, name)
            if word and ours and word != ours and _plain(name, word) != _plain(name, ours):
                given[f"given_{name}"] = word
        return given


def judge_all(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Judged]:
    """Store the customers of these arrivals, and find the band, route and team of each. Returns them in the order given."""
    keys = [_key(arrival) for arrival in arrivals]
    customers = directory.hear_of(tx, _customers(arrivals, keys))
    return [judged(arrival, customers.get(key), company) for arrival, key in zip(arrivals, keys, strict=True)]


def as_known(tx: Connection, said: Sequence[Feedback]) -> list[Feedback]:
    """Returns feedback as the routes would see it, with what the directory knows of the customers. Stores nothing."""
    known = directory.by_key(tx, MAIN_WORKSPACE, {key for each in said if (key := each.customer.identity)})
    return [_with_missing(each, known.get(each.customer.identity or "")) for each in said]


def _with_missing(said: Feedback, known: AnyRow | None) -> Feedback:
    """Returns the feedback with what routes ask about its customer and it does not say itself."""
    missing = {
        name: getattr(known, name, None) for name in ("value", "segment", "location") if getattr(said.customer, name) is None
    }
    found = {name: value for name, value in missing.items() if value is not None}
    return said.model_copy(update={"customer": said.customer.model_copy(update=found)}) if found else said


def judged(arrival: Arrival, customer: AnyRow | None, company: Company) -> Judged:
    """Returns the arrival of this customer, with its band, route and team."""
    said = _with_missing(arrival.feedback, customer)
    route = company.route_of(said, arrival.source)
    team = route.team if route else company.home_of(said, arrival.source)
    band = rules.band(said)
    return Judged(
        arrival, customer, band, route, team, band in rules.LOW and company.unknown_place(said, arrival.source) is not None
    )


def _key(arrival: Arrival) -> str:
    """Returns the customer's key in the directory. Somebody with neither key nor e-mail cannot be recognised again, so each such
    answer gets a customer of its own."""
    return arrival.feedback.customer.identity or f"answer:{arrival.source}:{arrival.feedback.id}"


def _customers(arrivals: Sequence[Arrival], keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """Returns one row per customer, sorted by key so that replicas lock in the same order and cannot deadlock. Later values replace
    earlier ones, except in what an answer only fills in: the result is as if each had arrived alone."""
    rows: dict[str, Mapping[str, Any]] = {}
    for arrival, key in zip(arrivals, keys, strict=True):
        said = arrival.feedback.customer
        if said.identity is None and not (said.name or said.phone):
            continue
        earlier = rows.get(key)
        told = {name: getattr(said, name) for name in ABOUT} if earlier is None else _added(earlier, said)
        rows[key] = {"workspace": MAIN_WORKSPACE, "key": key, **told}
    return [rows[key] for key in sorted(rows)]


def _added(earlier: Mapping[str, Any], said: Customer) -> dict[str, Any]:
    later = {name: getattr(said, name) for name in ABOUT}
    kept = {name for name in ABOUT if later[name] is None or (name in FILLED_IN and earlier[name])}
    return {name: earlier[name] if name in kept else value for name, value in later.items()}


def _plain(name: str, word: str) -> str:
    """Returns the value normalised for comparison: a telephone number by its digits, anything else without case or extra spaces."""
    return re.sub(r"\D", "", word) if name == "phone" else " ".join(word.casefold().split())
