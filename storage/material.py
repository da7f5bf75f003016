"""What posts are made of: the work done, what customers said, and who still waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, exists, func, or_, select

from storage import act_log
from storage.act_log import act
from storage.feedback import ABOUT, REAL, customer, feedback
from storage.figures import OF_WEEK, WAITS
from storage.followups import ANSWER_IS_OPEN, WAITS_SINCE, follow_up
from storage.prepared import AnyRow

_worked = (
    select(
        *(follow_up.c[name] for name in ("id", "team", "state", "created_at", "close_by", "contacted_at", "closed_at")),
        *(follow_up.c[name] for name in ("outcome", "cause")),
        *(feedback.c[name] for name in ("band", "comment", "wants_contact", "customer_id")),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(REAL)
    .order_by(follow_up.c.id.desc())
)
_waiting = (
    select(follow_up.c.id)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(follow_up.c.team == bindparam("team"), WAITS)
)
_start: BindParameter[datetime] = bindparam("start")
_end: BindParameter[datetime] = bindparam("end")
_lately = and_(
    *(feedback.c.team == bindparam("team"), feedback.c.received_at >= bindparam("told_since"), feedback.c.received_at < _end),
    and_(follow_up.c.contacted_at >= _start, follow_up.c.contacted_at < _end)
    | and_(follow_up.c.closed_at >= _start, follow_up.c.closed_at < _end),
)
_heard = select(feedback.c.id).where(OF_WEEK)
_eventful = select(
    exists(_heard) | exists(_waiting) | exists(_worked.with_only_columns(follow_up.c.id).where(_lately).order_by(None))
)
_content = and_(feedback.c.band == "promoter", feedback.c.wants_contact.is_(False), ~ANSWER_IS_OPEN)
"""Happy customers who wait for nothing from us: nobody is thanked for words of somebody who asked to be rung."""
_act_on_answer = act.join(follow_up, follow_up.c.id == act.c.follow_up_id).join(feedback, feedback.c.id == follow_up.c.feedback_id)


def worked_on(
    tx: Connection, team: str, told_since: datetime, start: datetime, end: datetime, also: Collection[int], limit: int
) -> Sequence[AnyRow]:
    """Returns a team's cases, told since then, that were contacted or closed in [start, end), newest first; then `also`."""
    span = {"team": team, "told_since": told_since, "start": start, "end": end}
    recent = tx.execute(_worked.where(_lately).limit(limit), span).all()
    missing = set(also) - {row.id for row in recent}
    return [*recent, *(tx.execute(_worked.where(follow_up.c.id.in_(missing))).all() if missing else ())]


def closings(tx: Connection, follow_up_ids: Collection[int], before: datetime) -> dict[int, AnyRow]:
    """Returns, by follow-up, the act that last closed it before then."""
    return {row.follow_up_id: row for row in act_log.on(tx, follow_up_ids, ("close",), before)}


def said_by(tx: Connection, customer_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns when these customers answered and in which band, oldest first."""
    columns = (feedback.c.customer_id, feedback.c.received_at, feedback.c.band)
    these = (REAL, feedback.c.customer_id.in_(customer_ids))
    return tx.execute(select(*columns).where(*these).order_by(feedback.c.received_at, feedback.c.id)).all() if customer_ids else ()


def kind_words(tx: Connection, team: str, start: datetime, end: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns what happy customers of a team, who wait for nothing, wrote in that time, newest first."""
    wrote = (feedback.c.comment != "", _content)
    columns = (feedback.c.id, feedback.c.comment)
    there = (REAL, feedback.c.team == team, feedback.c.received_at >= start, feedback.c.received_at < end)
    return tx.execute(select(*columns).where(*there, *wrote).order_by(feedback.c.id.desc()).limit(limit)).all()


def verbatims(tx: Connection, team: str, bands: Sequence[str], start: datetime, end: datetime) -> Sequence[int]:
    """Returns the ids of the last 50 answers of a team's customers in these bands that have a comment, newest first; of happy
    customers only those who wait for nothing from us."""
    there = (REAL, feedback.c.team == team, feedback.c.received_at >= start, feedback.c.received_at <= end)
    wrote = (feedback.c.band.in_(bands), feedback.c.comment != "", (feedback.c.band != "promoter") | _content)
    return tx.execute(select(feedback.c.id).where(*there, *wrote).order_by(feedback.c.id.desc()).limit(50)).scalars().all()


@dataclass(frozen=True, slots=True)
class Untold:
    """Which answers the next post tells: those received after `since` and behind the answer `told_to`, or received after `late`,
    which may have been stored later than the answers behind them."""

    since: datetime
    told_to: int
    late: datetime


def wins(tx: Connection, team: str, routes: Sequence[str], untold: Untold, until: datetime, limit: int) -> Sequence[int]:
    """Returns the untold answers that came by these routes up to `until` and have no follow-up, oldest first."""
    there = (
        feedback.c.team == team,
        feedback.c.route.in_(routes),
        feedback.c.received_at > untold.since,
        feedback.c.received_at <= until,
        or_(feedback.c.id > untold.told_to, feedback.c.received_at > untold.late),
    )
    found = select(feedback.c.id).outerjoin(follow_up, follow_up.c.feedback_id == feedback.c.id)
    found = found.where(REAL, *there, follow_up.c.id.is_(None))
    return tx.execute(found.order_by(feedback.c.id).limit(limit)).scalars().all()


def answers(tx: Connection, feedback_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Returns these answers, with the customers who gave them, in the order they came."""
    who = (customer.c[name] for name in ("key", *ABOUT))
    said = select(feedback, *who).outerjoin(customer, customer.c.id == feedback.c.customer_id)
    return tx.execute(said.where(feedback.c.id.in_(feedback_ids)).order_by(feedback.c.id)).all()


def waiting_cases(tx: Connection, team: str, limit: int, *, nobodys_first: bool = False) -> Sequence[int]:
    """Returns the ids of the follow-ups whose customers wait to hear from us, longest waiting first; with `nobodys_first`, those
    that nobody has come before all others."""
    had = (follow_up.c.owner_id.is_not(None),) if nobodys_first else ()
    asked = _waiting.order_by(*had, WAITS_SINCE, follow_up.c.id).limit(limit)
    return tx.execute(asked, {"team": team}).scalars().all()


def who_waits(tx: Connection, teams: Collection[str]) -> Sequence[int]:
    """Returns the ids of all follow-ups of these teams whose customers wait to hear from us, longest waiting first."""
    asked = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    asked = asked.where(follow_up.c.team.in_(teams), WAITS)
    return tx.execute(asked.order_by(WAITS_SINCE, follow_up.c.id)).scalars().all()


def waiting_since(tx: Connection, team: str) -> Sequence[datetime]:
    """Returns since when each customer has waited who waits to hear from us."""
    return tx.execute(_waiting.with_only_columns(WAITS_SINCE), {"team": team}).scalars().all()


def heard_of(tx: Connection, teams: Collection[str], start: datetime, end: datetime, most: int) -> int:
    """Returns how many answers of these teams' customers arrived in that time, counted up to `most`."""
    there = (REAL, feedback.c.team.in_(teams), feedback.c.received_at >= start, feedback.c.received_at < end)
    some = select(feedback.c.id).where(*there).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(some)).scalar_one()


def said_more(tx: Connection, start: datetime, end: datetime) -> bool:
    """Returns whether a customer of any team added something in that time to an answer that somebody followed up."""
    these = (*_acts(tx, ("updated", "reopen"), start, end, None), act.c.person_id.is_(None))
    found: bool = tx.execute(select(exists(select(act.c.id).select_from(_act_on_answer).where(*these)))).scalar_one()
    return found


def eventful(tx: Connection, team: str, start: datetime, end: datetime, told_since: datetime) -> bool:
    """Returns whether there is anything to look at in a team's week, from `start` to `end`: an answer, somebody who waits now, or a
    case, told since `told_since`, that was contacted or closed in it."""
    span = {"team": team, "told_since": told_since, "start": start, "end": end}
    found: bool = tx.execute(_eventful, span).scalar_one()
    return found


def done_by(
    tx: Connection,
    people: Collection[int] | None,
    verbs: Sequence[str],
    start: datetime,
    end: datetime | None,
    teams: Collection[str] | None = None,
) -> int:
    """Returns on how many cases of these teams (None: all) these people (None: anybody) did one of these verbs from `start` on."""
    these = _acts(tx, verbs, start, end, teams)
    if people is not None:
        these.append(act.c.person_id.in_(people))
    return tx.execute(select(func.count(func.distinct(act.c.follow_up_id))).select_from(_act_on_answer).where(*these)).scalar_one()


def who_did(tx: Connection, verbs: Sequence[str], start: datetime, end: datetime, teams: Collection[str]) -> Collection[int]:
    """Returns everybody who did one of these verbs on a case of these teams in that time."""
    these = (*_acts(tx, verbs, start, end, teams), act.c.person_id.is_not(None))
    return tx.execute(select(act.c.person_id).distinct().select_from(_act_on_answer).where(*these)).scalars().all()


def _acts(
    tx: Connection, verbs: Sequence[str], start: datetime, end: datetime | None, teams: Collection[str] | None
) -> list[ColumnElement[bool]]:
    these = [REAL, act.c.id >= _first_since(tx, start), act.c.verb.in_(verbs), act.c.at >= start]
    these += [act.c.at < end] if end is not None else []
    return these + ([follow_up.c.team.in_(teams)] if teams is not None else [])


def deeds(
    tx: Connection,
    verbs: Sequence[str],
    start: datetime,
    end: datetime,
    teams: Collection[str] | None = None,
    but: Collection[str] = (),
) -> Sequence[AnyRow]:
    """Returns on how many cases of these teams (None: of all `but` some) each person did each of these verbs in that time, as
    person_id, verb and number."""
    number = func.count(func.distinct(act.c.follow_up_id)).label("number")
    these = _acts(tx, verbs, start, end, teams) + ([follow_up.c.team.not_in(but)] if but else [])
    asked = select(act.c.person_id, act.c.verb, number).select_from(_act_on_answer)
    return tx.execute(asked.where(*these, act.c.person_id.is_not(None)).group_by(act.c.person_id, act.c.verb)).all()


def contacts(
    tx: Connection, start: datetime, end: datetime, teams: Collection[str] | None = None, but: Collection[str] = ()
) -> dict[int, int]:
    """Returns with how many customers of these teams (None: of all `but` some) each person was in touch in that time, by person
    id: by any verb that notes a contact, even if the case was reopened since."""
    these = _acts(tx, ("contacted", "wait", "close"), start, end, teams) + ([follow_up.c.team.not_in(but)] if but else [])
    these += [act.c.set["contacted_at"].as_string().is_not(None), act.c.person_id.is_not(None)]
    asked = select(act.c.person_id, func.count(func.distinct(act.c.follow_up_id)).label("number")).select_from(_act_on_answer)
    return {row.person_id: row.number for row in tx.execute(asked.where(*these).group_by(act.c.person_id))}


def _first_since(tx: Connection, start: datetime) -> int:
    """Returns an id close before the first act since then: ids rise with time, so the log need not be read from its beginning."""
    low, high = 0, tx.execute(select(func.max(act.c.id))).scalar_one() or 0
    while high - low > 1000:
        middle = (low + high) // 2
        at = tx.execute(select(act.c.at).where(act.c.id >= middle).order_by(act.c.id).limit(1)).scalar_one()
        low, high = (middle, high) if at < start else (low, middle)
    return low
