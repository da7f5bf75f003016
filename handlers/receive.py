"""A customer said something: store it, route it, want a card for it. One unit of work for all that arrived together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from handlers import cases, rules, wanted
from handlers.digests.wins import opens
from handlers.feedback import MAIN_WORKSPACE, Band, Customer, Feedback, State
from handlers.late_update import show_update
from handlers.nudges import ladder
from handlers.rules import Company, Deadlines, Route
from storage import act_log, erased, followups, messages
from storage import customers as directory
from storage import feedback as heard
from storage.prepared import AnyRow


class Answer(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UPDATED = "updated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One piece of feedback from the source named in app.yaml, and when it came (aware, UTC). `author_id`: who passed it on."""

    source: str
    feedback: Feedback
    at: datetime
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an arrival. `id` is that of the first time we heard of this response; None when nothing was stored.
    `routed` says whether some team was asked to follow up."""

    answer: Answer
    id: int | None
    routed: bool = True


_IGNORED = Receipt(Answer.IGNORED, None)
"""For an answer that was erased: it is not taken in again."""


def receive(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Store all of them; each new one that a route asks for becomes a follow-up with a card. Answers in the order given."""
    gone = erased.among(tx, MAIN_WORKSPACE, [(a.source, a.feedback.id) for a in arrivals])
    if not gone:
        return _receive(tx, company, arrivals)
    receipts = iter(_receive(tx, company, [a for a in arrivals if (a.source, a.feedback.id) not in gone]))
    return [_IGNORED if (a.source, a.feedback.id) in gone else next(receipts) for a in arrivals]


def _receive(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Receipt]:
    customers = directory.hear_of(tx, _customers(arrivals))
    routes = [rules.route(_as_known(a, customers), a.source, company.routes) for a in arrivals]
    new = heard.add(tx, [_row(a, r, customers, company.routes) for a, r in zip(arrivals, routes, strict=True)])
    receipts: dict[int, Receipt] = {}
    opening, again = [], []
    for n, (arrival, route) in enumerate(zip(arrivals, routes, strict=True)):
        feedback_id = new.pop((arrival.source, arrival.feedback.id), None)  # a second one of the same batch is not new any more
        if feedback_id is None:
            again.append((n, arrival, route))
            continue
        receipts[n] = Receipt(Answer.ACCEPTED, feedback_id, route is not None)
        if opens(route, arrival.feedback):
            opening.append((feedback_id, arrival, route))
    _open(tx, company, opening, customers)
    # After all that is new, because it may be about one of those.
    known = heard.heard_all(tx, MAIN_WORKSPACE, [(a.source, a.feedback.id) for _, a, _ in again])
    for n, arrival, route in again:
        stored = known.pop((arrival.source, arrival.feedback.id), None)  # what an update before it in this batch left is read anew
        receipts[n] = _again(tx, company, arrival, route, customers, stored)
    return [receipts[n] for n in range(len(arrivals))]


def _open(tx: Connection, company: Company, opening: Sequence[tuple[int, Arrival, Route]], customers: Mapping[str, AnyRow]) -> None:
    if not opening:
        return
    low = followups.low_around(tx, *_low_so_far(opening, customers))
    rows = [
        _follow_up(
            company, feedback_id, arrival, route, _customer(arrival, customers), again=_let_down_before(low, customers, arrival)
        )
        for feedback_id, arrival, route in opening
    ]
    ids = followups.open_many(tx, rows)
    cards, log = [], []
    for row in rows:
        follow_up_id = ids[row["feedback_id"]]
        base = {
            "workspace": row["workspace"],
            "follow_up_id": follow_up_id,
            "at": row["created_at"],
            "person_id": None,
            "detail": {},
        }
        log.append(base | {"verb": "received", "set": row})
        if row["held_until"] is None:
            cards += [wanted.card(follow_up_id, place, n) for n, place in enumerate(company.teams[row["team"]].channels)]
    act_log.write(tx, log)
    messages.want(tx, cards, opening[0][1].at)


def _low_so_far(opening: Sequence[tuple[int, Arrival, Route]], customers: Mapping[str, AnyRow]) -> tuple[set[int], datetime]:
    """Whose earlier low scores matter, and when the first of these arrived."""
    unhappy = [arrival for _, arrival, _ in opening if rules.band(arrival.feedback) is Band.DETRACTOR]
    ids = {id for id in (_customer_id(arrival, customers) for arrival in unhappy) if id is not None}
    return ids, min(arrival.at for _, arrival, _ in opening)


def _let_down_before(low: Mapping[int, AnyRow], customers: Mapping[str, AnyRow], arrival: Arrival) -> bool:
    known = low.get(_customer_id(arrival, customers) or 0)
    if known is None or rules.band(arrival.feedback) is not Band.DETRACTOR:
        return False
    earlier = [at for at in (known.before, known.since) if at is not None and at < arrival.at]
    return any(at >= arrival.at - cases.LOW_SCORES_COUNT for at in earlier)


def _customer_id(arrival: Arrival, customers: Mapping[str, AnyRow]) -> int | None:
    known = _customer(arrival, customers)
    return None if known is None else known.id


def _customer(arrival: Arrival, customers: Mapping[str, AnyRow]) -> AnyRow | None:
    return customers.get(arrival.feedback.customer.identity or _own_key(arrival))


def _as_known(arrival: Arrival, customers: Mapping[str, AnyRow]) -> Feedback:
    """What was said, with what the directory knows of the customer: routes may ask for it."""
    said, known = arrival.feedback, _customer(arrival, customers)
    if known is None or (known.value, known.segment) == (said.customer.value, said.customer.segment):
        return said
    return said.model_copy(update={"customer": said.customer.model_copy(update={"value": known.value, "segment": known.segment})})


def _again(
    tx: Connection,
    company: Company,
    arrival: Arrival,
    route: Route | None,
    customers: Mapping[str, AnyRow],
    stored: AnyRow | None,
) -> Receipt:
    """A response we know: the same again, or a late update of it. Whoever follows up is shown the new words on the same card."""
    known = stored or heard.heard(tx, MAIN_WORKSPACE, arrival.source, arrival.feedback.id)
    if known.fingerprint == arrival.feedback.fingerprint:
        return Receipt(Answer.DUPLICATE, known.id, known.route is not None)
    revised = _row(arrival, route, customers, company.routes) | {"received_at": known.received_at}
    # What an update leaves out is as it was: an answer completed later does not become anonymous or younger.
    revised["customer_id"] = revised["customer_id"] or known.customer_id
    revised["occurred_at"] = arrival.feedback.occurred_at or known.occurred_at
    if revised["customer_id"] == known.customer_id:
        left_out = (f"given_{name}" for name in heard.CONTACT if getattr(arrival.feedback.customer, name) is None)
        revised |= {given: getattr(known, given) for given in left_out}
    row = followups.of_feedback(tx, known.id)
    if row is not None:
        revised |= {"route": known.route, "team": known.team}
    heard.revise(tx, known.id, revised)
    if row is not None:
        show_update(tx, company, row.id, arrival.at)
    elif opens(route, arrival.feedback):
        _open(tx, company, [(known.id, arrival, route)], customers)
    return Receipt(Answer.UPDATED, known.id, row is not None or route is not None)


def _customers(arrivals: Sequence[Arrival]) -> list[dict[str, Any]]:
    """One row per customer, in the order of their keys so that replicas cannot lock crosswise. Later words count over earlier ones,
    but not of how to reach them: it is as if each had come by itself."""
    rows: dict[str, dict[str, Any]] = {}
    for arrival in arrivals:
        said = arrival.feedback.customer
        if said.identity is None and not (said.name or said.phone):
            continue
        key = said.identity or _own_key(arrival)
        told = {name: value for name, value in said if name != "key"}
        earlier = rows.get(key, dict.fromkeys(told))
        rows[key] = {"workspace": MAIN_WORKSPACE, "key": key} | {
            name: earlier[name] if value is None or (name in heard.CONTACT and earlier[name]) else value
            for name, value in told.items()
        }
    return [rows[key] for key in sorted(rows)]


def _own_key(arrival: Arrival) -> str:
    """Somebody with a name but neither key nor e-mail cannot be recognised again: one answer, one customer."""
    return f"answer:{arrival.source}:{arrival.feedback.id}"


def _row(arrival: Arrival, route: Route | None, customers: Mapping[str, AnyRow], routes: Sequence[Route]) -> dict[str, Any]:
    said = arrival.feedback
    worst, best = said.worst_and_best
    return {
        "workspace": MAIN_WORKSPACE,
        "source": arrival.source,
        "external_id": said.id,
        "fingerprint": said.fingerprint,
        "metric": said.metric,
        "band": rules.band(said),
        "score": said.score,
        "worst": worst,
        "best": best,
        "comment": said.comment,
        "customer_id": _customer_id(arrival, customers),
        "touchpoint": said.touchpoint,
        "tags": list(said.tags),
        "link": said.link,
        "wants_contact": said.wants_contact,
        "occurred_at": said.occurred_at or arrival.at,
        "received_at": arrival.at,
        "route": route.name if route else None,
        "team": route.team if route else rules.home(_as_known(arrival, customers), arrival.source, routes),
        "author_id": arrival.author_id,
        **_given(said.customer, _customer(arrival, customers)),
    }


def _given(said: Customer, known: AnyRow | None) -> dict[str, str | None]:
    """What the answer says of how to reach the customer, where the directory says otherwise."""
    given: dict[str, str | None] = dict.fromkeys(heard.GIVEN)
    if known is None or (known.name, known.email, known.phone) == (said.name, said.email, said.phone):
        return given
    for name in heard.CONTACT:
        word, ours = getattr(said, name), getattr(known, name)
        if word and ours and word != ours and _plain(name, word) != _plain(name, ours):
            given[f"given_{name}"] = word
    return given


def _plain(name: str, word: str) -> str:
    """A telephone number by its digits alone, all else without capitals: written otherwise it is still the same."""
    return re.sub(r"\D", "", word) if name == "phone" else " ".join(word.casefold().split())


class _Standing:
    """A follow-up that is about to be opened, as the ladder wants to see it."""

    state = State.NEW
    contacted_at = quiet_until = asked_at = None
    rungs_unclaimed = rungs_claimed = 0

    def __init__(
        self, arrival: Arrival, route: Route, customer: AnyRow | None, until: Deadlines, held_until: datetime | None
    ) -> None:
        self.moment, self.value, self.held_until = route.moment, customer.value if customer else None, held_until
        self.promised_at = self.state_since = arrival.at
        self.claim_by, self.close_by = until.claim_by, until.close_by


def _follow_up(
    company: Company, feedback_id: int, arrival: Arrival, route: Route, customer: AnyRow | None, *, again: bool
) -> dict[str, Any]:
    """What is not FRESH about the new follow-up; the log keeps all of it, so that it can tell its whole life. `again`: we let this
    customer down before."""
    team = company.teams[route.team]
    hours = company.hours_of(route.team, route.name)
    until = company.deadlines(route.team, route.name, arrival.at)
    until = rules.sooner(until, hours, arrival.at) if again else until
    standing = _Standing(arrival, route, customer, until, None if hours.is_open(arrival.at) else hours.next_opening(arrival.at))
    return {
        "workspace": team.channels[0].workspace,
        "feedback_id": feedback_id,
        "team": team.name,
        "route": route.name,
        "moment": route.moment,
        "created_at": arrival.at,
        "claim_by": until.claim_by,
        "close_by": until.close_by,
        "promised_at": arrival.at,
        "state_since": arrival.at,
        "held_until": standing.held_until,
        "next_look_at": ladder.next_look(standing, team.ladder, hours, arrival.at),
        "weighed_at": arrival.at if arrival.author_id is not None else None,
    }
