"""The content of a monthly review, stored as numbers and ids when it is made: what became of customers, and whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from handlers.calendar import months
from handlers.calendar.months import Month
from handlers.case import State
from handlers.digests import worth
from handlers.feedback import Band
from handlers.reviews import timeline
from handlers.team import Team
from storage import material, reviews
from storage import worth as stored
from storage.pieces import grouped, pieces
from storage.prepared import AnyRow

GROUPS = ("recovered", "unhappy", "lost", "unknown")
"""What can have become of a customer."""
URGENT = {"lost": 0, "unhappy": 1, "unknown": 2}
"""Sort keys of the groups to call; the lowest is called first."""
TIMELINES = 3
MOST_LOST = 200
"""Lost customers whose causes are read, the newest first."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Became:
    """One customer of a month: which group they are in, and the case that represents them. `lost` are all cases of that month in
    which they were marked as lost: what they were worth may be noted in any."""

    group: str
    row: AnyRow
    team: str
    lost: tuple[AnyRow, ...] = ()

    @property
    def worth(self) -> Sequence[AnyRow]:
        return self.lost or (self.row,)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether we were in touch with a lost customer: `in_time`, `late` or `never`; and when first."""

    how: str
    at: datetime | None = None


def take(tx: Connection, teams: Mapping[str, Team], shares: Mapping[str, tuple[int, int]], month: Month) -> dict[str, Any]:
    """Count the month of these teams. `shares` is this leader's part of each team's calls: (index, number of leaders)."""
    customers = of_month(tx, teams, month)
    lost = sorted((each.row for each in customers if each.group == "lost"), key=lambda row: row.id, reverse=True)
    grouped = {group: [each for each in customers if each.group == group] for group in GROUPS}
    first = first_time(tx, grouped["recovered"], teams, month)
    priced = grouped | {"recovered": first}
    contacts = reached(tx, lost)
    calls, group_of = _calls(tx, customers, teams, shares), {each.row.id: each.group for each in customers}
    return {
        "month": str(month),
        "teams": list(teams),
        "counts": {group: len(each) for group, each in grouped.items()},
        "worth": {group: asdict(worth.of_rows(tx, [row for one in each for row in one.worth])) for group, each in priced.items()},
        "again": len(grouped["recovered"]) - len(first),
        "reached": {name: sum(each.how == name for each in contacts.values()) for name in ("in_time", "late", "never")},
        "lost": [row.id for row in lost[:MOST_LOST]],
        "timelines": [row.id for row in sorted(lost, key=lambda row: _hardest(row, contacts[row.id]))[:TIMELINES]],
        "calls": calls,
        "groups": [group_of[id] for id in calls],
    }


def of_month(tx: Connection, teams: Mapping[str, Team], month: Month) -> list[Became]:
    """Returns what became of every unhappy customer of the month, as known now; each once, also if they wrote to several teams."""
    return _together(each for team in teams.values() for each in became(tx, team, month))


def became(tx: Connection, team: Team, month: Month) -> list[Became]:
    """Returns every customer who told the team in that month that it let them down, or left it then; each once."""
    span = months.bounds(month, team.hours)
    rows = {row.id: row for row in (*stored.told(tx, team.name, *span), *stored.lost(tx, [team.name], *span))}
    cases = grouped(sorted(rows.values(), key=lambda row: row.id), "who")
    later = _later(tx, [who for who in cases if who > 0])
    return [_became(theirs, later.get(who, ()), team.name) for who, theirs in cases.items()]


def _became(theirs: Sequence[AnyRow], answers: Sequence[AnyRow], team: str) -> Became:
    """Decided by the customer's later answers, once we had been in touch; without an answer it is unknown."""
    if lost := [row for row in theirs if row.lost_at is not None]:
        return Became("lost", lost[-1], team, tuple(lost))
    closed = [row.closed_at for row in theirs if row.state == State.CLOSED and row.contacted_at is not None]
    since = min(closed, default=None)
    after = [a.band for a in answers if since is not None and a.received_at > since and a.band != Band.UNSCORED]
    group = "unknown" if not after else "unhappy" if after[-1] == Band.DETRACTOR else "recovered"
    return Became(group, theirs[-1], team)


def first_time(tx: Connection, recovered: Sequence[Became], teams: Mapping[str, Team], month: Month) -> list[Became]:
    """Returns those who had not come back before that month: the value of the others is not added a second time."""
    first = []
    for name, team in teams.items():
        here = [each for each in recovered if each.team == name]
        before = stored.content_before(tx, {each.row.who for each in here}, months.bounds(month, team.hours)[0])
        first += [each for each in here if each.row.who not in before]
    return first


def _later(tx: Connection, customers: Sequence[int]) -> dict[int, list[AnyRow]]:
    each = (material.said_by(tx, these) for these in pieces(customers, AT_ONCE))
    return grouped(chain.from_iterable(each), "customer_id")


def _together(each: Iterable[Became]) -> list[Became]:
    """Count a customer of several teams once: as lost if any team lost them, else as unhappy, recovered, unknown, in this order."""
    order = ("lost", "unhappy", "recovered", "unknown")
    found: dict[int, Became] = {}
    for one in each:
        known = found.get(one.row.who)
        if known is None or order.index(one.group) < order.index(known.group):
            found[one.row.who] = one
        else:
            found[one.row.who] = replace(known, lost=(*known.lost, *one.lost))
    return list(found.values())


def reached(tx: Connection, lost: Sequence[AnyRow]) -> dict[int, Contact]:
    """Returns whether and when we were first in touch with each of these lost customers, by case: also where it was opened again
    since, and by the promise that they had then."""
    lives = reviews.lives(tx, [row.id for row in lost])
    return {row.id: _contact(row, lives.get(row.id, ())) for row in lost}


def _contact(row: AnyRow, acts: Sequence[AnyRow]) -> Contact:
    first = timeline.first_contact(acts)
    if first is None:
        return Contact("never")
    return Contact("in_time" if first.at <= (timeline.promised(acts, first) or row.close_by) else "late", first.at)


def _hardest(row: AnyRow, contact: Contact) -> tuple[int, float, int]:
    """Sort key: those we never reached first, then those who waited longest for a contact."""
    if contact.at is None:
        return 0, 0.0, row.id
    return 1, -(contact.at - row.created_at).total_seconds(), row.id


def _calls(
    tx: Connection, customers: Sequence[Became], teams: Mapping[str, Team], shares: Mapping[str, tuple[int, int]]
) -> list[int]:
    """Returns whom this leader is to call: lost customers first, then unhappy and unknown ones; the most valuable first, then the
    oldest. Of each team at most as many as it asks for, and in all no more than the team that asks for most."""
    open_to = [each for each in customers if each.group != "recovered" and each.row.reachable]
    spoken = reviews.spoken_to(tx, {each.row.who for each in open_to if each.row.who > 0})
    open_to = [each for each in open_to if _may_call(each.row, spoken.get(each.row.who, ()))]
    values = worth.values(tx, [each.row for each in open_to])
    open_to.sort(key=lambda each: (URGENT[each.group], -values.get(each.row.id, 0), each.row.created_at, each.row.id))
    mine = []
    turn, left = dict.fromkeys(teams, 0), {name: team.posting.calls for name, team in teams.items()}
    for each in open_to:
        place, of = shares.get(each.team, (0, 1))
        if turn[each.team] % of == place and left[each.team]:
            mine.append(each.row.id)
            left[each.team] -= 1
        turn[each.team] += 1
    return mine[: max((team.posting.calls for team in teams.values()), default=0)]


def _may_call(row: AnyRow, acts: Sequence[AnyRow]) -> bool:
    """Returns False for customers who must not be called, and for a second call about the same case."""
    return all(act.verb != "do_not_call" and act.follow_up_id != row.id for act in acts)
