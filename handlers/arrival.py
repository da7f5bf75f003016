"""An answer as it arrives: who said it, as the directory knows them, which band it falls in, and which team it goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from handlers import rules
from handlers.feedback import MAIN_WORKSPACE, Band, Customer, Feedback
from handlers.rules import Company, Route
from storage import customers as directory
from storage.feedback import ABOUT, CONTACT, GIVEN
from storage.prepared import AnyRow


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of feedback from the source named in app.yaml, and when it came (aware, UTC). `author_id`: who passed it on.
    `history`: it was imported only to be remembered."""

    source: str
    feedback: Feedback
    at: datetime
    author_id: int | None = None
    history: bool = False


class Heard(NamedTuple):
    """An arrival with its `customer` in the directory, None where nothing is known of them; with its `route`, None where nobody
    asked for such feedback; and with the `team` whose customer it is, also where nobody has to reply."""

    arrival: Arrival
    customer: AnyRow | None
    band: Band
    route: Route | None
    team: str | None

    @property
    def customer_id(self) -> int | None:
        return None if self.customer is None else self.customer.id

    @property
    def given(self) -> dict[str, str | None]:
        """What the answer says of how to reach the customer, where the directory says otherwise."""
        said, known = self.arrival.feedback.customer, self.customer
        given: dict[str, str | None] = dict.fromkeys(GIVEN)
        if known is None or (known.name, known.email, known.phone) == (said.name, said.email, said.phone):
            return given
        for name in CONTACT:
            word, ours = getattr(said, name), getattr(known, name)
            if word and ours and word != ours and _plain(name, word) != _plain(name, ours):
                given[f"given_{name}"] = word
        return given


def hear(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Heard]:
    """Remember whom the answers come from, and find where each belongs; in the order given."""
    keys = [_key(arrival) for arrival in arrivals]
    customers = directory.hear_of(tx, _customers(arrivals, keys))
    return [_heard(arrival, customers.get(key), company.routes) for arrival, key in zip(arrivals, keys, strict=True)]


def _heard(arrival: Arrival, customer: AnyRow | None, routes: Sequence[Route]) -> Heard:
    said = _as_known(arrival.feedback, customer)
    route = rules.route(said, arrival.source, routes)
    team = route.team if route else rules.home(said, arrival.source, routes)
    return Heard(arrival, customer, rules.band(said), route, team)


def _as_known(said: Feedback, known: AnyRow | None) -> Feedback:
    """What was said, with what the directory knows of the customer: routes may ask for it."""
    if known is None or (known.value, known.segment) == (said.customer.value, said.customer.segment):
        return said
    return said.model_copy(update={"customer": said.customer.model_copy(update={"value": known.value, "segment": known.segment})})


def _key(arrival: Arrival) -> str:
    """What the directory keeps the customer under. Somebody with neither key nor e-mail cannot be recognised again: one answer,
    one customer."""
    return arrival.feedback.customer.identity or f"answer:{arrival.source}:{arrival.feedback.id}"


def _customers(arrivals: Sequence[Arrival], keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """One row per customer, in the order of their keys so that replicas cannot lock crosswise. Later words count over earlier ones,
    but not of how to reach them: it is as if each had come by itself."""
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
    return {name: earlier[name] if value is None or (name in CONTACT and earlier[name]) else value for name, value in later.items()}


def _plain(name: str, word: str) -> str:
    """A telephone number by its digits alone, all else without capitals: written otherwise it is still the same."""
    return re.sub(r"\D", "", word) if name == "phone" else " ".join(word.casefold().split())
