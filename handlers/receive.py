"""Receives feedback: stores it, routes it, and asks for a card. One unit of work for everything that arrived together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from handlers import cases, ladder, wanted
from handlers.arrivals import said_again
from handlers.arrivals.arrival import Arrival, Judged, judge_all, judged
from handlers.arrivals.came_back import tell_of_those_who_came_back
from handlers.arrivals.late_update import show_update
from handlers.calendar.promise import sooner
from handlers.company import Company
from handlers.feedback import MAIN_WORKSPACE, Band
from handlers.rules import Route, asks_somebody
from storage import act_log, erased, followups, messages
from storage import feedback as answers
from storage.act_log import Act
from storage.prepared import AnyRow


class Answer(StrEnum):
    """What became of one piece of feedback, as reported to its sender."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UPDATED = "updated"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an arrival. `id` is the id under which this response was first stored; None when nothing was stored. `routed`
    says whether some team was asked to follow up; `unplaced`, that a route looked in vain for the team of its place."""

    answer: Answer
    id: int | None
    routed: bool = True
    unplaced: bool = False


IGNORED = Receipt(Answer.IGNORED, None)
"""For an event that we do not use, and for an answer that was erased: it is not stored again."""


def receive(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Store all of them; each new one that a route asks for becomes a follow-up with a card. Returns receipts in the order
    given."""
    gone = erased.among(tx, MAIN_WORKSPACE, (origin for arrival in arrivals for origin in (_origin(arrival), _known_by(arrival))))
    before = _answered_before(tx, arrivals)
    if not (gone or before):
        return _receive(tx, company, arrivals)

    def settled(arrival: Arrival) -> Receipt | None:
        if _origin(arrival) in gone:
            return IGNORED
        return before.get(_origin(arrival)) if arrival.again else None

    each = [settled(arrival) for arrival in arrivals]
    rest = [arrival for arrival, receipt in zip(arrivals, each, strict=True) if receipt is None]
    receipts = iter(_receive(tx, company, [_nobodys(arrival) if _known_by(arrival) in gone else arrival for arrival in rest]))
    return [next(receipts) if receipt is None else receipt for receipt in each]


def _answered_before(tx: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[str, str], Receipt]:
    """Returns the receipts of what was answered before, by origin. Nothing else is done with it: what it says of the customer is
    older than what is known by now, too."""
    known = answers.known(tx, MAIN_WORKSPACE, [_origin(arrival) for arrival in arrivals if arrival.again])
    return {(row.source, row.external_id): Receipt(Answer.DUPLICATE, row.id, row.route is not None) for row in known}


def _receive(tx: Connection, company: Company, arrivals: Sequence[Arrival]) -> list[Receipt]:
    all_heard = judge_all(tx, company, arrivals)
    new = answers.add(tx, [_row(heard) for heard in all_heard])
    receipts: dict[int, Receipt] = {}
    opening, again, fresh = [], [], []
    for n, heard in enumerate(all_heard):
        feedback_id = new.pop(_origin(heard.arrival), None)  # popped, since a second one in the same batch is not new
        if feedback_id is None:
            again.append((n, heard))
            continue
        fresh.append(heard)
        receipts[n] = Receipt(Answer.ACCEPTED, feedback_id, heard.route is not None, heard.unplaced)
        if asks_somebody(heard.route, heard.arrival.feedback):
            opening.append((feedback_id, heard, heard.route))
    _open(tx, company, opening, all_heard)
    tell_of_those_who_came_back(tx, company, fresh)
    # After everything new is stored, because a repeat may be of one of those.
    known = answers.heard_all(tx, MAIN_WORKSPACE, [_origin(heard.arrival) for _, heard in again])
    for n, heard in again:
        stored = known.pop(_origin(heard.arrival), None)  # popped, since an earlier update in this batch makes it stale
        receipts[n] = _again(tx, company, heard, stored)
    return [receipts[n] for n in range(len(arrivals))]


def _origin(arrival: Arrival) -> tuple[str, str]:
    return arrival.source, arrival.feedback.id


def _known_by(arrival: Arrival) -> erased.Origin:
    """Returns the origin with the e-mail, where that alone identifies the customer, else the origin. The person whose e-mail it was
    may have been erased, and this may be a late update."""
    said = arrival.feedback.customer
    return erased.told(_origin(arrival), said.email) if said.email and not said.key else _origin(arrival)


def _nobodys(arrival: Arrival) -> Arrival:
    """Returns the arrival without the name and contact details of its customer."""
    nobody = arrival.feedback.customer.model_copy(update=dict.fromkeys(answers.CONTACT))
    return replace(arrival, feedback=arrival.feedback.model_copy(update={"customer": nobody}))


def _open(
    tx: Connection,
    company: Company,
    opening: Sequence[tuple[int, Judged, Route]],
    all_heard: Sequence[Judged],
    answered_at: datetime | None = None,
) -> None:
    """Open a follow-up for each of these customers, and ask for its cards. `all_heard` is what was heard together with them.
    `answered_at`: when they answered, if that was not just now; that answer does not count as an earlier one."""
    if not opening:
        return
    begin = answered_at or min(heard.arrival.at for _, heard, _ in opening)
    low = followups.low_around(tx, _unhappy_again(all_heard), begin)
    rows = []
    for feedback_id, heard, route in opening:
        let_down = _let_down_before(low.get(heard.customer_id or 0), heard, answered_at or heard.arrival.at)
        rows.append(_follow_up(company, feedback_id, heard, route, let_down=let_down))
    ids = followups.open_many(tx, rows)
    cards, log = [], []
    for row in rows:
        follow_up_id = ids[row["feedback_id"]]
        log.append(Act(row["workspace"], follow_up_id, "received", row["created_at"], set=row))
        if row["held_until"] is None:
            cards += [wanted.card(follow_up_id, place, n) for n, place in enumerate(company.teams[row["team"]].channels)]
    act_log.write(tx, log)
    messages.want(tx, cards, opening[0][1].arrival.at)


def _unhappy_again(all_heard: Sequence[Judged]) -> set[int]:
    """Returns the unhappy customers who may have answered before, or were unhappy twice now: nobody else was let down before."""
    unhappy = [heard.customer for heard in all_heard if heard.band is Band.DETRACTOR and heard.customer is not None]
    answers_now = Counter(customer.id for customer in unhappy)
    return {customer.id for customer in unhappy if customer.may_have_answered or answers_now[customer.id] > 1}


def _let_down_before(low: AnyRow | None, heard: Judged, at: datetime) -> bool:
    """Returns whether this customer, unhappy at that time, was unhappy in the 90 days before, too. `low` holds the times of their
    low answers just before and since these arrived."""
    if low is None or heard.band is not Band.DETRACTOR:
        return False
    earlier = [said for said in (low.before, low.since) if said is not None and said < at]
    return any(said >= at - cases.LOW_SCORES_COUNT for said in earlier)


def _again(tx: Connection, company: Company, heard: Judged, stored: AnyRow | None) -> Receipt:
    """Handle a response that is already stored: a repeat, or a late update, whose new words appear on the same card."""
    known = stored or answers.heard(tx, MAIN_WORKSPACE, *_origin(heard.arrival))
    same = Receipt(Answer.DUPLICATE, known.id, known.route is not None)
    if known.fingerprint == heard.arrival.feedback.fingerprint:
        return same
    arrival = replace(heard.arrival, feedback=said_again.completed(heard.arrival.feedback, known, heard.arrival.at))
    more = said_again.says_more(arrival.feedback, known, arrival.at)
    late = more and said_again.is_older(arrival.feedback, known, arrival.at) and not arrival.belated
    if late or known.fingerprint == arrival.feedback.fingerprint:
        return same
    return _updated(tx, company, judged(arrival, heard.customer, company), known, more=more)


def _updated(tx: Connection, company: Company, heard: Judged, known: AnyRow, *, more: bool) -> Receipt:
    """Store a late update, and do what it asks for. `more`: the customer says something new in it."""
    arrival, said = heard.arrival, heard.arrival.feedback
    row = followups.of_feedback(tx, known.id)
    news = more and not arrival.belated
    again = row is not None and news and said_again.lets_down_again(said, heard.band, arrival.at, known, row)
    revised = _revised(tx, heard, known) | ({"occurred_at": said.occurred_at or arrival.at} if again else {})
    # Imported so that nobody is asked: that the tool sends it again asks nobody either, unless the customer says something new.
    rests = known.route == answers.HISTORY and not more
    route = None if rests else heard.route
    if rests and not arrival.history:
        revised["comment"] = known.comment
    if row is not None or arrival.history or rests:
        revised |= {"route": known.route, "team": known.team}
    answers.revise(tx, known.id, revised)
    if row is not None:
        show_update(tx, company, row.id, arrival.at, said_more=news, let_down_again=again)
    elif asks_somebody(route, said):
        _open(tx, company, [(known.id, heard, route)], [heard], known.received_at)
    return Receipt(Answer.UPDATED, known.id, row is not None or route is not None)


def _revised(tx: Connection, heard: Judged, known: AnyRow) -> dict[str, Any]:
    """Returns the columns of an answer after a late update. What that leaves out keeps its value: an answer completed later does
    not become anonymous or younger."""
    said = heard.arrival.feedback
    revised = _row(heard) | {"received_at": known.received_at, "occurred_at": said.occurred_at or known.occurred_at}
    revised["customer_id"] = revised["customer_id"] or known.customer_id
    if revised["customer_id"] == known.customer_id:
        left_out = (f"given_{name}" for name in answers.CONTACT if getattr(said.customer, name) is None)
        revised |= {given: getattr(known, given) for given in left_out}
    return revised | dict.fromkeys(_erased_of(tx, heard.arrival, revised))


def _row(heard: Judged) -> dict[str, Any]:
    arrival, said = heard.arrival, heard.arrival.feedback
    worst, best = said.worst_and_best
    return {
        "workspace": MAIN_WORKSPACE,
        "source": arrival.source,
        "external_id": said.id,
        "fingerprint": said.fingerprint,
        "metric": str(said.metric),  # a plain string: over a StrEnum drivers take ten times as long
        "band": str(heard.band),
        "score": said.score,
        "worst": worst,
        "best": best,
        "comment": said.comment,
        "customer_id": heard.customer_id,
        "touchpoint": said.touchpoint,
        "tags": list(said.tags),
        "link": said.link,
        "wants_contact": said.wants_contact,
        "occurred_at": said.occurred_at or arrival.at,
        "received_at": arrival.at,
        "route": heard.route.name if heard.route else answers.HISTORY if arrival.history else None,
        "team": heard.team,
        "author_id": arrival.author_id,
        **heard.given,
    }


def _erased_of(tx: Connection, arrival: Arrival, revised: Mapping[str, Any]) -> list[str]:
    """Returns the `given_…` columns whose values belong to somebody who was erased: a late update must not bring these back."""
    told = {given: erased.told(_origin(arrival), revised[given]) for given in answers.GIVEN if revised[given]}
    gone = erased.among(tx, MAIN_WORKSPACE, told.values()) if told else ()
    return [given for given, word in told.items() if word in gone]


def _follow_up(company: Company, feedback_id: int, heard: Judged, route: Route, *, let_down: bool) -> dict[str, Any]:
    """Returns the columns of the new follow-up that are not in FRESH. The log keeps all of them, and so holds its whole history.
    `let_down`: this customer was let down before."""
    at, team = heard.arrival.at, company.teams[route.team]
    hours = company.hours_of(route.team, route.name)
    until = company.deadlines(route.team, route.name, at)
    until = sooner(until, hours, at) if let_down else until
    fresh = ladder.Fresh(
        promised_at=at,
        claim_by=until.claim_by,
        close_by=until.close_by,
        state_since=at,
        moment=route.moment,
        value=heard.customer.value if heard.customer else None,
        held_until=None if hours.is_open(at) else hours.next_opening(at),
        is_test=heard.arrival.feedback.id.startswith(answers.TEST),
    )
    return {
        "workspace": team.workspace,
        "feedback_id": feedback_id,
        "team": team.name,
        "route": route.name,
        "moment": str(route.moment),
        "created_at": at,
        "claim_by": until.claim_by,
        "close_by": until.close_by,
        "promised_at": at,
        "state_since": at,
        "held_until": fresh.held_until,
        "next_look_at": ladder.next_look(fresh, team.ladder, hours, at),
        "weighed_at": at if heard.arrival.author_id is not None else None,
    }
