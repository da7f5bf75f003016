"""The weekly post: what its stories are told of, what was said of which week, and who thanked whom for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, cast, func, select, update

from storage import models
from storage.act_log import act
from storage.feedback import ABOUT, REAL, customer, feedback
from storage.figures import OPEN
from storage.followups import follow_up
from storage.prepared import AnyRow
from storage.statements import upsert

digest = models.Digest.__table__  # type: ignore[attr-defined]
thanks = models.Thanks.__table__  # type: ignore[attr-defined]

TELLING = ("team", "wins", "huddle", "leader", "month")
"""The kinds of post that quote customers, or tell of their cases."""

_worked = (
    select(
        *(follow_up.c[name] for name in ("id", "team", "state", "created_at", "close_by", "contacted_at", "closed_at", "cause")),
        *(feedback.c[name] for name in ("band", "comment", "wants_contact", "customer_id")),
    )
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .order_by(follow_up.c.id.desc())
)
_waiting = (
    select(follow_up.c.id)
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(REAL, follow_up.c.team == bindparam("team"), OPEN, follow_up.c.contacted_at.is_(None))
)
_fresh = upsert(digest, ["kind", "about", "period"])
_begin = {dialect: statement.returning(digest.c.id) for dialect, statement in _fresh.items()}
_thank = {
    dialect: statement.returning(thanks.c.id)
    for dialect, statement in upsert(thanks, ["digest_id", "follow_up_id", "from_id"]).items()
}


def worked_on(
    tx: Connection, team: str, told_since: datetime, start: datetime, end: datetime, also: Collection[int], limit: int
) -> Sequence[AnyRow]:
    """Cases of a team, told since then, in which something was done from `start` to `end`, and those in `also`; newest first."""
    told = (feedback.c.team == team, feedback.c.received_at >= told_since, feedback.c.received_at < end)
    contacted = and_(follow_up.c.contacted_at >= start, follow_up.c.contacted_at < end)
    closed = and_(follow_up.c.closed_at >= start, follow_up.c.closed_at < end)
    recent = tx.execute(_worked.where(*told, contacted | closed).limit(limit)).all()
    missing = set(also) - {row.id for row in recent}
    return [*recent, *(tx.execute(_worked.where(follow_up.c.id.in_(missing))).all() if missing else ())]


def lives(tx: Connection, follow_up_ids: Collection[int], before: datetime) -> Sequence[AnyRow]:
    """Every act on these cases before a moment, in order."""
    these = (act.c.follow_up_id.in_(follow_up_ids), act.c.at < before)
    return tx.execute(select(act).where(*these).order_by(act.c.id)).all() if follow_up_ids else ()


def closings(tx: Connection, follow_up_ids: Collection[int], before: datetime) -> dict[int, AnyRow]:
    """How each of these cases was last closed by then: the act, by follow-up."""
    return {row.follow_up_id: row for row in lives(tx, follow_up_ids, before) if row.verb == "close"}


def said_by(tx: Connection, customer_ids: Collection[int]) -> Sequence[AnyRow]:
    """When these customers answered, and how content they were, the oldest first."""
    columns = (feedback.c.customer_id, feedback.c.received_at, feedback.c.band)
    these = feedback.c.customer_id.in_(customer_ids)
    return tx.execute(select(*columns).where(these).order_by(feedback.c.received_at, feedback.c.id)).all() if customer_ids else ()


def kind_words(tx: Connection, team: str, start: datetime, end: datetime, limit: int) -> Sequence[AnyRow]:
    """What content customers of a team wrote in that time."""
    content = (feedback.c.band == "promoter", feedback.c.comment != "")
    columns = (feedback.c.id, feedback.c.comment)
    there = (feedback.c.team == team, feedback.c.received_at >= start, feedback.c.received_at < end)
    return tx.execute(select(*columns).where(*there, *content).order_by(feedback.c.id.desc()).limit(limit)).all()


def wins(tx: Connection, team: str, routes: Sequence[str], after: datetime, until: datetime, limit: int) -> Sequence[int]:
    """The answers that came by these routes in that time and that nobody follows up, the first that came first."""
    there = (feedback.c.team == team, feedback.c.route.in_(routes), feedback.c.received_at > after, feedback.c.received_at <= until)
    found = (
        select(feedback.c.id).outerjoin(follow_up, follow_up.c.feedback_id == feedback.c.id).where(*there, follow_up.c.id.is_(None))
    )
    return tx.execute(found.order_by(feedback.c.id).limit(limit)).scalars().all()


def answers(tx: Connection, feedback_ids: Sequence[int]) -> Sequence[AnyRow]:
    """These answers, with who gave them, in the order they came."""
    who = (customer.c[name] for name in ("key", *ABOUT))
    said = select(feedback, *who).outerjoin(customer, customer.c.id == feedback.c.customer_id)
    return tx.execute(said.where(feedback.c.id.in_(feedback_ids)).order_by(feedback.c.id)).all()


def telling(tx: Connection, feedback_ids: Collection[int], follow_up_ids: Collection[int], since: datetime) -> Sequence[AnyRow]:
    """The posts made since then that quote one of these answers, or tell of one of these follow-ups."""
    said = (digest.c.kind.in_(TELLING), digest.c.state.in_(("draft", "sent")), digest.c.made_at >= since)
    made = tx.execute(select(digest).where(*said))
    return [row for row in made if _tells(row.snapshot, set(feedback_ids), set(follow_up_ids))]


def _tells(said: Mapping[str, Any], feedback_ids: set[int], follow_up_ids: set[int]) -> bool:
    quoted = {*said.get("answers", ()), *(said.get(name) for name in ("kind_words", "good", "bad", "puzzling"))}
    told = {story["follow_up"] for story in said.get("stories", ())}
    lists = (said.get(name) for name in ("waiting", "lost", "timelines", "calls"))
    told |= {id for each in lists if isinstance(each, list) for id in each} | set(said.get("caused", {}).values())
    told |= {each["follow_up"] for each in said.get("raised", ())}
    return bool(quoted & feedback_ids or told & follow_up_ids)


def thanks_for(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """All that was said in thanks for what was done in these follow-ups."""
    return tx.execute(select(thanks).where(thanks.c.follow_up_id.in_(follow_up_ids)).order_by(thanks.c.id)).all()


def forget_thanks(tx: Connection, follow_up_ids: Collection[int]) -> None:
    """The words of them; that somebody was thanked stays."""
    tx.execute(update(thanks).where(thanks.c.follow_up_id.in_(follow_up_ids), thanks.c.note != "").values(note=""))


def heard_of(tx: Connection, teams: Collection[str], start: datetime, end: datetime) -> int:
    """How many answers of these teams' customers arrived in that time."""
    there = (REAL, feedback.c.team.in_(teams), feedback.c.received_at >= start, feedback.c.received_at < end)
    return tx.execute(select(func.count()).select_from(feedback).where(*there)).scalar_one()


def waiting_cases(tx: Connection, team: str, limit: int) -> Sequence[int]:
    """The ids of those who wait for a word from us, the longest waiting first."""
    asked = _waiting.order_by(follow_up.c.created_at, follow_up.c.id).limit(limit)
    return tx.execute(asked, {"team": team}).scalars().all()


def begin(tx: Connection, row: Mapping[str, Any]) -> int | None:
    """A digest that nobody made yet; answers its id, or None when somebody did."""
    fresh = {"version": 1, "choices": {}} | dict(row)
    made: int | None = tx.execute(_begin[tx.dialect.name], fresh).scalar_one_or_none()
    return made


def finish(tx: Connection, digest_id: int, state: str, snapshot: Mapping[str, Any], at: datetime) -> bool:
    """A draft becomes what it will stay; False when somebody else has done that."""
    draft = (digest.c.id == digest_id, digest.c.state == "draft")
    return tx.execute(update(digest).where(*draft).values(state=state, snapshot=snapshot, made_at=at)).rowcount == 1


def choose(tx: Connection, digest_id: int, seen_version: int, choices: Mapping[str, Any]) -> bool:
    """A leader decided about a draft; False when it went out, or another decision came first."""
    draft = (digest.c.id == digest_id, digest.c.version == seen_version, digest.c.state == "draft")
    return tx.execute(update(digest).where(*draft).values(choices=choices, version=seen_version + 1)).rowcount == 1


def by_id(tx: Connection, digest_id: int) -> AnyRow | None:
    return tx.execute(select(digest).where(digest.c.id == digest_id)).one_or_none()


def by_period(tx: Connection, kind: str, about: str, period: str) -> AnyRow | None:
    this = (digest.c.kind == kind, digest.c.about == about, digest.c.period == period)
    return tx.execute(select(digest).where(*this)).one_or_none()


def states(tx: Connection, kind: str, periods: Collection[str]) -> dict[tuple[str, str], AnyRow]:
    """What is known of these periods, by (about, period)."""
    asked = select(digest.c.id, digest.c.about, digest.c.period, digest.c.state).where(
        digest.c.kind == kind, digest.c.period.in_(periods)
    )
    return {(row.about, row.period): row for row in tx.execute(asked)}


def sent(tx: Connection, kind: str, periods: Collection[str]) -> Sequence[AnyRow]:
    """What was said of these periods."""
    return tx.execute(select(digest).where(digest.c.kind == kind, digest.c.period.in_(periods), digest.c.state == "sent")).all()


def thank(tx: Connection, row: Mapping[str, Any]) -> int | None:
    """Note a thank-you; None when the same person gave it before."""
    made: int | None = tx.execute(_thank[tx.dialect.name], dict(row)).scalar_one_or_none()
    return made


def thanked(tx: Connection, thanks_id: int) -> AnyRow | None:
    return tx.execute(select(thanks).where(thanks.c.id == thanks_id)).one_or_none()


def redraw(tx: Connection, digest_id: int, snapshot: Mapping[str, Any], at: datetime) -> None:
    """A draft says something else now."""
    draft = (digest.c.id == digest_id, digest.c.state == "draft")
    tx.execute(update(digest).where(*draft).values(snapshot=snapshot, made_at=at))


def heard_before(tx: Connection, before: datetime) -> bool:
    """Whether any customer had said anything by then."""
    first = tx.execute(select(feedback.c.received_at).where(REAL).order_by(feedback.c.id).limit(1)).scalar_one_or_none()
    return first is not None and first < before


def done_by(
    tx: Connection,
    people: Collection[int] | None,
    verbs: Sequence[str],
    start: datetime,
    end: datetime | None,
    teams: Collection[str] | None = None,
) -> int:
    """On how many cases of these teams (None: all) these people (None: anybody) did one of these things from `start` on."""
    these = [
        act.c.id >= _first_since(tx, start),
        act.c.verb.in_(verbs),
        act.c.at >= start,
        *([act.c.at < end] if end is not None else []),
    ]
    if people is not None:
        these.append(act.c.person_id.in_(people))
    if teams is not None:
        these.append(act.c.follow_up_id.in_(select(follow_up.c.id).where(follow_up.c.team.in_(teams))))
    return tx.execute(select(func.count(func.distinct(act.c.follow_up_id))).where(*these)).scalar_one()


def deeds(tx: Connection, verbs: Sequence[str], start: datetime, end: datetime) -> Sequence[AnyRow]:
    """On how many cases each person did each of these things in that time: person_id, verb, number."""
    number = func.count(func.distinct(act.c.follow_up_id)).label("number")
    these = (act.c.id >= _first_since(tx, start), act.c.verb.in_(verbs), act.c.at >= start, act.c.at < end)
    asked = select(act.c.person_id, act.c.verb, number).where(*these, act.c.person_id.is_not(None))
    return tx.execute(asked.group_by(act.c.person_id, act.c.verb)).all()


def thanks_to(tx: Connection, people: Collection[int], start: datetime, end: datetime) -> Sequence[AnyRow]:
    """How often each of these people was thanked in that time: to_id, number."""
    these = (thanks.c.to_id.in_(people), thanks.c.at >= start, thanks.c.at < end)
    return tx.execute(select(thanks.c.to_id, func.count().label("number")).where(*these).group_by(thanks.c.to_id)).all()


def _first_since(tx: Connection, start: datetime) -> int:
    """Near the id of the first act since then: the log grows with time, so it need not be read from its beginning."""
    low, high = 0, tx.execute(select(func.max(act.c.id))).scalar_one() or 0
    while high - low > 1000:
        middle = (low + high) // 2
        at = tx.execute(select(act.c.at).where(act.c.id >= middle).order_by(act.c.id).limit(1)).scalar_one()
        low, high = (middle, high) if at < start else (low, middle)
    return low


def verbatims(tx: Connection, team: str, bands: Sequence[str], start: datetime, end: datetime) -> Sequence[int]:
    """The last answers of a team's customers in these bands in which they wrote something: the ids."""
    there = (feedback.c.team == team, feedback.c.received_at >= start, feedback.c.received_at <= end)
    wrote = (feedback.c.band.in_(bands), feedback.c.comment != "")
    return tx.execute(select(feedback.c.id).where(*there, *wrote).order_by(feedback.c.id.desc()).limit(50)).scalars().all()


def waiting_since(tx: Connection, team: str) -> Sequence[datetime]:
    """Since when each of those waits who wait for a word from us."""
    return tx.execute(_waiting.with_only_columns(follow_up.c.created_at), {"team": team}).scalars().all()


def last_before(tx: Connection, kind: str, about: str, period: str) -> AnyRow | None:
    """The last one of its kind before that period."""
    earlier = (digest.c.kind == kind, digest.c.about == about, digest.c.period < period)
    return tx.execute(select(digest).where(*earlier).order_by(digest.c.period.desc()).limit(1)).one_or_none()


def note(tx: Connection, digest_id: int, seen_version: int, choices: Mapping[str, Any]) -> bool:
    """Keep what somebody added to what was said; False when somebody else was faster."""
    this = (digest.c.id == digest_id, digest.c.version == seen_version)
    return tx.execute(update(digest).where(*this).values(choices=choices, version=seen_version + 1)).rowcount == 1


def old_talk(tx: Connection, before: datetime, limit: int) -> Sequence[AnyRow]:
    """Huddles from before then of which promises or notes are still kept, each with the one that repeats them, if any. Nobody else
    writes to them until this unit ends."""
    later = digest.alias("later")
    next_on = select(func.min(later.c.period)).where(
        later.c.kind == "huddle", later.c.about == digest.c.about, later.c.period > digest.c.period
    )
    talk = (digest.c.id, digest.c.about, digest.c.period, digest.c.version, digest.c.choices)
    columns = (*talk, next_on.scalar_subquery().label("next_period"))
    old = (digest.c.kind == "huddle", digest.c.made_at < before, func.length(cast(digest.c.choices, Text)) > len("{}"))
    return tx.execute(select(*columns).where(*old).order_by(digest.c.id).limit(limit).with_for_update(of=digest)).all()


def forget_talk(tx: Connection, digest_ids: Collection[int]) -> None:
    """What people promised and noted at these huddles."""
    tx.execute(update(digest).where(digest.c.id.in_(digest_ids)).values(choices={}))


def restate(tx: Connection, kind: str, about: str, period: str, snapshot: Mapping[str, Any], at: datetime) -> None:
    """Say it anew, with what is known now."""
    this = (digest.c.kind == kind, digest.c.about == about, digest.c.period == period)
    tx.execute(update(digest).where(*this).values(snapshot=snapshot, made_at=at))
