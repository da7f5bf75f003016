"""The queries behind the figures of a team's week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, case, exists, func, literal_column, select, text

from storage import act_log
from storage.act_log import act
from storage.feedback import REAL, TEST, feedback
from storage.followups import OPEN_NOW, WAITS_SINCE, follow_up
from storage.pieces import grouped, pieces
from storage.prepared import AnyRow, Prepared

_team: BindParameter[str] = bindparam("team")
_start: BindParameter[datetime] = bindparam("start")
_end: BindParameter[datetime] = bindparam("end")
OF_WEEK = and_(REAL, feedback.c.team == _team, feedback.c.received_at >= _start, feedback.c.received_at < _end)
UNHAPPY = text("feedback.band IN ('detractor', 'unscored')")
WAITS = and_(REAL, OPEN_NOW, follow_up.c.contacted_at.is_(None))
"""The customer waits to hear from us."""

# Only the columns that the figures of a week need, since there may be many rows.
_told = Prepared(
    select(
        *(
            follow_up.c[name]
            for name in ("state", "route", "created_at", "promised_at", "claim_by", "close_by", "outcome", "cause")
        ),
        follow_up.c.reason,
        follow_up.c.taken_at,
        follow_up.c.contacted_at,
        WAITS_SINCE.label("waits_since"),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(OF_WEEK, UNHAPPY)
)
DISMISSED = and_(follow_up.c.state == "dismissed", follow_up.c.reason != "erased")
"""Dismissed by somebody; not ended because the customer was erased."""
BECAME = case(
    (DISMISSED, "dismissed"),
    (follow_up.c.state == "dismissed", "erased"),
    (and_(follow_up.c.contacted_at <= follow_up.c.close_by, follow_up.c.taken_at <= follow_up.c.claim_by), "in_time"),
    (follow_up.c.contacted_at.is_not(None), "later"),
    (OPEN_NOW, "waiting"),
    else_="unreached",
)
NOW: BindParameter[datetime] = bindparam("now", type_=follow_up.c.claim_by.type)
RUNS = and_(func.coalesce(follow_up.c.taken_at, NOW) <= follow_up.c.claim_by, follow_up.c.close_by >= NOW)
"""Both parts of the promise to somebody who waits can still be kept."""
_ways = (
    select(BECAME.label("became"), func.count().label("number"))
    .select_from(feedback)
    .join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    .where(OF_WEEK, UNHAPPY)
    .group_by(BECAME)
)
_answers = (
    select(feedback.c.metric, feedback.c.band, func.count().label("number"))
    .where(OF_WEEK)
    .group_by(feedback.c.metric, feedback.c.band)
)
_by = case((follow_up.c.owner_id.is_(None), follow_up.c.claim_by), else_=follow_up.c.close_by)
_due = case((and_(_by >= NOW, _by < bindparam("until")), 1), else_=0)
_waiting = (
    select(
        func.count().label("number"),
        func.min(WAITS_SINCE).label("oldest_at"),
        func.coalesce(func.sum(_due), 0).label("due"),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(follow_up.c.team == _team, WAITS)
)
_reopened_now = and_(act.c.verb == "reopen", act.c.at >= _start, act.c.at < _end)
_theirs = (
    select(follow_up.c.id)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(REAL, follow_up.c.team == _team, follow_up.c.id == act.c.follow_up_id)
)
_reopened = select(act.c.follow_up_id).where(_reopened_now, act.c.follow_up_id.in_(_theirs))
_earlier_ones = _theirs.where(feedback.c.received_at < _start, follow_up.c.state != "dismissed")
_told_again = (
    select(act.c.follow_up_id)
    .distinct()
    .where(_reopened_now, act.c.person_id.is_(None), act.c.follow_up_id.in_(_earlier_ones))
    .order_by(act.c.follow_up_id)
)
_named = (
    select(feedback.c.customer_id, feedback.c.received_at, feedback.c.band)
    .where(OF_WEEK, feedback.c.customer_id.is_not(None), feedback.c.band != "unscored")
    .order_by(feedback.c.received_at, feedback.c.id)
)
_earlier = feedback.alias("earlier")
# Expressions, which no index over teams serves: SQLite would choose that one, and read all that the team ever heard, instead of the
# index over customers.
_of_team, _earlier_of_team = (answer.c.team + literal_column("''") == _team for answer in (feedback, _earlier))
_looked_after = (
    select(follow_up.c.id, follow_up.c.closed_at, feedback.c.customer_id)
    .select_from(feedback)
    .join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    .where(
        *(feedback.c.customer_id.in_(bindparam("these", expanding=True)), _of_team, UNHAPPY),
        *(follow_up.c.state == "closed", follow_up.c.contacted_at.is_not(None), follow_up.c.closed_at < _end),
    )
)
_said_earlier = exists().where(
    *(_earlier.c.customer_id == feedback.c.customer_id, _earlier_of_team, _earlier.c.band != "unscored"),
    *(_earlier.c.received_at > follow_up.c.closed_at, _earlier.c.received_at < _start),
    _earlier.c.external_id.not_like(f"{TEST}%"),
)
_silent_since = _looked_after.where(~_said_earlier).order_by(follow_up.c.closed_at, follow_up.c.id)
AT_ONCE = 500
"""Customers asked about in one statement."""


_causes = (
    select(func.coalesce(follow_up.c.cause, "").label("cause"), func.count().label("number"))
    .select_from(feedback)
    .join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    .where(OF_WEEK, UNHAPPY, follow_up.c.state == "closed")
    .group_by(follow_up.c.cause)
)


def causes(tx: Connection, team: str, start: datetime, end: datetime) -> dict[str, int]:
    """Returns how many follow-ups of that time were closed, by cause; "" where nobody gave one."""
    return {row.cause: row.number for row in tx.execute(_causes, {"team": team, "start": start, "end": end})}


def told(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns what became of everybody who told the team in [start, end) that it let them down."""
    return _told.all(tx, {"team": team, "start": start, "end": end})


def ways(tx: Connection, team: str, start: datetime, end: datetime) -> dict[str, int]:
    """Like `told`, but returns counts: how many were `in_time`, `later`, `unreached`, `waiting`, `dismissed`, `erased`."""
    return {row.became: row.number for row in tx.execute(_ways, {"team": team, "start": start, "end": end})}


def answers(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns how many answers of the team's customers arrived, by metric and band."""
    return tx.execute(_answers, {"team": team, "start": start, "end": end}).all()


def waiting(tx: Connection, team: str, now: datetime, until: datetime) -> AnyRow:
    """Returns how many customers of the team wait to hear from us, since when the first does, and to how many of them what was
    promised next is due from `now` to `until`."""
    return tx.execute(_waiting, {"team": team, "now": now, "until": until}).one()


def reopened(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[AnyRow]:
    """Returns the acts that closed, dismissed or reopened any follow-up of the team that was reopened in that time, in order."""
    these = tx.execute(_reopened, {"team": team, "start": start, "end": end}).scalars().all()
    return act_log.on(tx, these, ("close", "dismiss", "reopen"))


def told_again(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[int]:
    """Returns the follow-ups that customers opened again in that time by what they said, in an answer that had come before it."""
    return tx.execute(_told_again, {"team": team, "start": start, "end": end}).scalars().all()


def answered_again(tx: Connection, team: str, start: datetime, end: datetime) -> dict[int, str]:
    """Returns, by closed follow-up whose customer answered another survey in that time, the band of their last answer."""
    found = {}
    for row, said in _closed_before(tx, _looked_after, team, start, end):
        if row.closed_at < said[-1].received_at:
            found[row.id] = said[-1].band
    return found


def answered_next(tx: Connection, team: str, start: datetime, end: datetime) -> dict[int, str]:
    """Returns, by closed follow-up whose customer answered another survey in that time, and for the first time since, the band of
    that answer. Each customer once, by what was closed last before they answered."""
    found: dict[int, tuple[int, str]] = {}
    for row, said in _closed_before(tx, _silent_since, team, start, end):
        since = next((answer for answer in said if row.closed_at < answer.received_at), None)
        if since is not None:
            found[row.customer_id] = (row.id, since.band)
    return dict(found.values())


def _closed_before(
    tx: Connection, asked: Select[Any], team: str, start: datetime, end: datetime
) -> Iterator[tuple[AnyRow, list[AnyRow]]]:
    """Yields the closed follow-ups of those who answered in that time, each with its customer's answers."""
    said = grouped(tx.execute(_named, {"team": team, "start": start, "end": end}), "customer_id")
    for customers in pieces(list(said), AT_ONCE):
        these = {"these": customers, "team": team, "start": start, "end": end}
        yield from ((row, said[row.customer_id]) for row in tx.execute(asked, these))


def dismissed(tx: Connection, team: str, start: datetime, end: datetime) -> Sequence[int]:
    """Returns the follow-ups that somebody dismissed among those the team was told of in that time."""
    asked = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    asked = asked.where(OF_WEEK, UNHAPPY, DISMISSED)
    return tx.execute(asked, {"team": team, "start": start, "end": end}).scalars().all()


def unconfirmed(tx: Connection, teams: Sequence[str]) -> Sequence[int]:
    """Returns the follow-ups of these teams ended by somebody whom the customer names, and not confirmed yet."""
    # Written exactly as in their partial index: SQLite uses that index only if the condition matches textually.
    these = (text("follow_up.named_closer_id IS NOT NULL"), follow_up.c.team.in_(teams), REAL)
    asked = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id).where(*these)
    return tx.execute(asked.order_by(follow_up.c.closed_at, follow_up.c.id)).scalars().all()


def unscored(tx: Connection, teams: Sequence[str]) -> Sequence[int]:
    """Returns the unclaimed follow-ups of these teams whose comment came without a score."""
    waits = (REAL, follow_up.c.team.in_(teams), OPEN_NOW, follow_up.c.state == "new", feedback.c.band == "unscored")
    asked = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    return tx.execute(asked.where(*waits).order_by(follow_up.c.id)).scalars().all()
