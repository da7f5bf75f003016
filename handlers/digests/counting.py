"""Counts the figures of a team's week from the rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handlers.calendar import weeks
from handlers.calendar.promise import Deadlines
from handlers.calendar.weeks import Week
from handlers.case import State
from handlers.company import Company
from handlers.digests import figures
from handlers.digests.figures import Figures, Kept, Promised
from handlers.feedback import Band, Metric
from handlers.team import Team
from storage import feedback, material
from storage import figures as counted

CHARTED = 8
"""Weeks in the chart."""


def figures_of(tx: Connection, team: Team, week: Week, now: datetime) -> Figures:
    """Returns the figures of that week as they are now."""
    start, end = weeks.bounds(week, team.hours)
    answers = counted.answers(tx, team.name, start, end)
    again = counted.answered_next(tx, team.name, start, end)
    begun = week.begun(now.astimezone(team.hours.zone).date())
    waiting = counted.waiting(tx, team.name, now, weeks.bounds(begun, team.hours)[1])
    return figures.of_week(
        counted.told(tx, team.name, start, end),
        now,
        answers=sum(row.number for row in answers),
        score=figures.score({row.band: row.number for row in answers if row.metric == Metric.NPS}),
        reopened=len(reopened(tx, team, week)),
        told_again=len(counted.told_again(tx, team.name, start, end)),
        asked_again=len(again),
        recovered=sum(band != Band.DETRACTOR for band in again.values()),
        waiting_now=waiting.number,
        oldest_at=waiting.oldest_at,
        due=waiting.due,
    )


def causes_of(tx: Connection, team: Team, week: Week) -> dict[str, int] | None:
    """Returns the causes of that week alone, for comparison; None without any answer, since then nothing is known of it."""
    if not is_heard(tx, team, week):
        return None
    return counted.causes(tx, team.name, *weeks.bounds(week, team.hours))


def kept_of(tx: Connection, team: Team, week: Week) -> Kept:
    """Returns what became of the customers of that week alone."""
    return figures.kept(counted.ways(tx, team.name, *weeks.bounds(week, team.hours)))


def chart_of(tx: Connection, team: Team, week: Week, number: int = CHARTED) -> dict[Week, Kept]:
    """Returns the last `number` weeks up to that one, the oldest first, but none before the team's first answer."""
    first = feedback.first_of(tx, team.name)
    each = [week.after(-back) for back in reversed(range(number))]
    begun = [one for one in each if first is not None and weeks.now_in(team.hours, first) <= one]
    return {one: kept_of(tx, team, one) for one in begun or [week]}


def is_heard(tx: Connection, team: Team, week: Week) -> bool:
    """Returns whether any answer of the team's customers arrived in that week."""
    return bool(material.heard_of(tx, [team.name], *weeks.bounds(week, team.hours), 1))


def promise_of(tx: Connection, company: Company, team: Team, week: Week) -> Promised | None:
    """Returns what was promised to everybody who told us in that week; None if it was not the same for all: a route may have its
    own promise, a customer who was let down before is promised it in half the time, and the promise may have changed."""
    rows = [row for row in counted.told(tx, team.name, *weeks.bounds(week, team.hours)) if row.state != State.DISMISSED]
    given = {(company.promise_of(team.name, row.route), company.hours_of(team.name, row.route).nonstop) for row in rows}
    if len(given) != 1:
        return None
    if any(Deadlines(row.claim_by, row.close_by) != company.deadlines(team.name, row.route, row.promised_at) for row in rows):
        return None
    [(promise, nonstop)] = given
    return Promised(str(promise.claim), str(promise.close), not nonstop)


def reopened(tx: Connection, team: Team, week: Week) -> list[int]:
    """Returns the cases of customers who needed us again after their case was closed; reopening a dismissed one does not count."""
    start, end = weeks.bounds(week, team.hours)
    before: dict[int, str] = {}
    found: dict[int, None] = {}
    for act in counted.reopened(tx, team.name, start, end):
        if act.verb == "reopen" and start <= act.at < end and before.get(act.follow_up_id) == "close":
            found[act.follow_up_id] = None
        before[act.follow_up_id] = act.verb
    return list(found)
