"""Wins: what happy customers said, once a day, at the team's opening. Idempotent: may run twice, late, on any replica: the row
decides.

Nobody has to follow them up. A happy customer who asks to be contacted is not a win but waits for a reply, and gets a card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from handlers import cases, wanted
from handlers.company import Company
from handlers.digests.wins_card import Win
from handlers.team import Team
from storage import digests, material, messages
from storage.material import Untold
from storage.prepared import AnyRow

KIND = "wins"
BACK = timedelta(days=7)
"""How far back unreported wins are included; further if the team was closed for longer."""
CLOSED = 60
"""The longest closure in days after which wins are still told."""
MISSED = 3
"""Days back for which a missed post is made up: only the newest is posted, and includes what the others would have said."""
OVERLAP = timedelta(minutes=10)
"""The search overlaps by this much, so that what was being stored while a post was made is in the next one."""
MOST = 1000
"""Maximum answers told in one post; the next one tells the rest."""


def send(tx: Connection, company: Company, team: Team, now: datetime) -> int:
    """Make the post that is due, unless another run did. Returns how many were made. A day without wins is recorded, but nothing is
    posted."""
    names = _routes(company, team)
    due = next((at for at in _each_due(team, now, range(0, -MISSED - 1, -1)) if at <= now), None) if names else None
    if due is None:
        return 0
    on = str(due.astimezone(team.hours.zone).date())
    if digests.by_period(tx, KIND, team.name, on) is not None:
        return 0
    before = digests.last_before(tx, KIND, team.name, on)
    lately = digests.snapshots(tx, KIND, team.name, str((due - BACK).astimezone(team.hours.zone).date()))
    said = frozenset(id for each in (*lately, *([before.snapshot] if before is not None else [])) for id in each["answers"])
    untold = _untold(tx, team, before, due)
    found = [one for one in material.wins(tx, team.name, names, untold, due, MOST + len(said)) if one not in said][:MOST]
    state, told = "sent" if found else "withheld", {"answers": found}
    made = digests.begin(tx, kind=KIND, about=team.name, period=on, state=state, due_at=due, made_at=now, snapshot=told)
    if made is None:
        return 0
    if found:
        messages.want(tx, wanted.posts(KIND, team, on), now)
    return 1


def moments(company: Company, team: Team, after: datetime) -> Iterator[datetime]:
    """Yields when such posts are due, around a moment."""
    if _routes(company, team):
        yield from _each_due(team, after, range(-1, 15))


def told(tx: Connection, row: AnyRow) -> list[Win]:
    """Returns what a post says, with today's words: erased customers are gone from it."""
    return [win_of(each) for each in material.answers(tx, row.snapshot["answers"])]


def win_of(row: AnyRow) -> Win:
    """Returns what a customer said, from a row of storage.material."""
    return Win(cases.said_by(row), row.metric, row.score, (row.worst, row.best), row.comment, row.touchpoint)


def _routes(company: Company, team: Team) -> Sequence[str]:
    return [route.name for route in company.routes if route.wins and route.may_lead_to(team)]


def _each_due(team: Team, at: datetime, days: Iterable[int]) -> Iterator[datetime]:
    """Yields when such a post is due on these days, counted from that of `at`; not on a day off."""
    today = at.astimezone(team.hours.zone).date()
    return (due for n in days if (due := _due(team, today + timedelta(days=n))) is not None)


def _untold(tx: Connection, team: Team, before: AnyRow | None, due: datetime) -> Untold:
    """Returns which wins are unreported: those of the last days, some of which may have become wins since the last post by what the
    customer added; or, after a long closure, those since the opening before it. If the last post was full, those behind the last
    answer that it told."""
    if before is None:
        return Untold(due - BACK, 0, due)
    late = before.due_at - OVERLAP
    last = material.answers(tx, before.snapshot["answers"][-1:]) if len(before.snapshot["answers"]) == MOST else ()
    if last:
        return Untold(last[0].received_at - OVERLAP, last[0].id, late)
    opened = next(_each_due(team, due, range(-1, -CLOSED - 1, -1)), due)
    since = min(max(late, opened - OVERLAP), due - BACK)
    return Untold(since, 0, since)


def _due(team: Team, day: date) -> datetime | None:
    """Returns when the team opens on that day; if at midnight, and it is there at the time of its weekly post, then. None on a day
    off."""
    opening, posting = team.hours.opening_on(day), team.hours.moment(day, team.posting.at)
    is_midnight = opening == team.hours.moment(day, time())
    return posting if is_midnight and team.hours.is_open(posting) else opening
