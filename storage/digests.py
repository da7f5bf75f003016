"""Digests and the other posts that look back: which exist, about whom and which period, and what they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Text, cast, func, select, update

from storage import models
from storage.prepared import AnyRow
from storage.statements import upsert

digest = models.Digest.__table__

TELLING = ("team", "wins", "huddle", "leader", "month")
"""The kinds of post that quote customers or tell about their follow-ups."""
REVIEW = "month"
TALK = ("huddle", REVIEW)
"""The kinds that keep what colleagues said at them."""
CLOCKS_DIFFER = timedelta(days=2)
"""A digest may seem older than what it tells: by the clock of another replica, or by one that was set back since."""

_begin = upsert(digest, ["kind", "about", "period"], returning=[digest.c.id])


def by_id(tx: Connection, digest_id: int) -> AnyRow | None:
    return tx.execute(select(digest).where(digest.c.id == digest_id)).one_or_none()


def by_period(tx: Connection, kind: str, about: str, period: str, *, lock: bool = False) -> AnyRow | None:
    """Returns that digest. With `lock` nobody else changes it until this unit ends: for those who decide by what it says."""
    this = select(digest).where(digest.c.kind == kind, digest.c.about == about, digest.c.period == period)
    return tx.execute(this.with_for_update() if lock else this).one_or_none()


def last_before(tx: Connection, kind: str, about: str, period: str, *, sent: bool = False) -> AnyRow | None:
    """Returns the last digest of its kind before that period; with `sent`, the last that was sent."""
    earlier = [digest.c.kind == kind, digest.c.about == about, digest.c.period < period]
    if sent:
        earlier.append(digest.c.state == "sent")
    return tx.execute(select(digest).where(*earlier).order_by(digest.c.period.desc()).limit(1)).one_or_none()


def first_periods(tx: Connection, kind: str) -> dict[str, str]:
    """Returns the first period of which there is a digest of this kind, by whom it is about."""
    asked = select(digest.c.about, func.min(digest.c.period).label("period")).where(digest.c.kind == kind)
    return {row.about: row.period for row in tx.execute(asked.group_by(digest.c.about))}


def states(tx: Connection, kind: str, periods: Collection[str]) -> dict[tuple[str, str], AnyRow]:
    """Returns id and state of the digests of this kind and these periods, by (about, period)."""
    asked = select(digest.c.id, digest.c.about, digest.c.period, digest.c.state).where(
        digest.c.kind == kind, digest.c.period.in_(periods)
    )
    return {(row.about, row.period): row for row in tx.execute(asked)}


def sent(tx: Connection, kind: str, periods: Collection[str]) -> Sequence[AnyRow]:
    """Returns the digests of these periods that were sent."""
    return tx.execute(select(digest).where(digest.c.kind == kind, digest.c.period.in_(periods), digest.c.state == "sent")).all()


def snapshots(tx: Connection, kind: str, about: str, since: str) -> Sequence[Mapping[str, Any]]:
    """Returns what the digests of this kind about this team or person said of that period and later ones."""
    these = (digest.c.kind == kind, digest.c.about == about, digest.c.period >= since)
    return tx.execute(select(digest.c.snapshot).where(*these)).scalars().all()


def withheld(tx: Connection, kind: str, period: str) -> Sequence[Mapping[str, Any]]:
    """Returns what the digests of that period would have said that nobody was to read."""
    this = (digest.c.kind == kind, digest.c.period == period, digest.c.state == "withheld")
    return tx.execute(select(digest.c.snapshot).where(*this)).scalars().all()


def begin(
    tx: Connection,
    *,
    kind: str,
    about: str,
    period: str,
    state: str,
    due_at: datetime,
    made_at: datetime,
    snapshot: Mapping[str, Any],
) -> int | None:
    """Create a digest unless it exists. Returns its id, or None if it exists."""
    row = {"kind": kind, "about": about, "period": period, "state": state, "due_at": due_at, "made_at": made_at}
    fresh = row | {"snapshot": snapshot, "version": 1, "choices": {}}
    made: int | None = tx.execute(_begin[tx.dialect.name], fresh).scalar_one_or_none()
    return made


def redraw(tx: Connection, digest_id: int, snapshot: Mapping[str, Any], at: datetime) -> None:
    """Replace the snapshot of a draft."""
    draft = (digest.c.id == digest_id, digest.c.state == "draft")
    tx.execute(update(digest).where(*draft).values(snapshot=snapshot, made_at=at))


def finish(tx: Connection, digest_id: int, state: str, snapshot: Mapping[str, Any], at: datetime) -> bool:
    """Turn a draft into its final state. Returns False if somebody else has done so."""
    draft = (digest.c.id == digest_id, digest.c.state == "draft")
    return tx.execute(update(digest).where(*draft).values(state=state, snapshot=snapshot, made_at=at)).rowcount == 1


def restate(tx: Connection, kind: str, about: str, period: str, snapshot: Mapping[str, Any], at: datetime) -> None:
    """Replace the snapshot of a digest in any state with what is known now."""
    this = (digest.c.kind == kind, digest.c.about == about, digest.c.period == period)
    tx.execute(update(digest).where(*this).values(snapshot=snapshot, made_at=at))


def note(tx: Connection, digest_id: int, seen_version: int, choices: Mapping[str, Any], *, draft: bool = False) -> bool:
    """Store what somebody chose for a digest, or added to it; with `draft`, only as long as it has not gone out. Returns False if
    it has, or somebody else was faster."""
    this = [digest.c.id == digest_id, digest.c.version == seen_version]
    if draft:
        this.append(digest.c.state == "draft")
    return tx.execute(update(digest).where(*this).values(choices=choices, version=seen_version + 1)).rowcount == 1


def telling(tx: Connection, feedback_ids: Collection[int], follow_up_ids: Collection[int], since: datetime) -> Sequence[AnyRow]:
    """Returns the digests that quote one of these answers or tell about one of these follow-ups, which began then."""
    said = (digest.c.kind.in_(TELLING), digest.c.state.in_(("draft", "sent")), digest.c.made_at >= since - CLOCKS_DIFFER)
    made = tx.execute(select(digest).where(*said))
    return [row for row in made if _tells(row.snapshot, set(feedback_ids), set(follow_up_ids))]


def telling_them(tx: Connection, kind: str, about: Collection[str], first: str, follow_up_id: int) -> Sequence[AnyRow]:
    """Returns the digests of this kind, for these people and from this period on, that tell about a follow-up. It reads no
    others."""
    these = (digest.c.kind == kind, digest.c.about.in_(about), digest.c.period >= first)
    return [row for row in tx.execute(select(digest).where(*these)) if _tells(row.snapshot, set(), {follow_up_id})]


def _tells(said: Mapping[str, Any], feedback_ids: set[int], follow_up_ids: set[int]) -> bool:
    quoted = {*said.get("answers", ()), *(said.get(name) for name in ("kind_words", "good", "bad", "puzzling"))}
    told = {story["follow_up"] for story in said.get("stories", ())}
    lists = (said.get(name) for name in ("waiting", "lost", "timelines", "calls"))
    told |= {id for each in lists if isinstance(each, list) for id in each} | set(said.get("caused", {}).values())
    told |= {each["follow_up"] for each in said.get("raised", ())}
    return bool(quoted & feedback_ids or told & follow_up_ids)


def old_talk(tx: Connection, before: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns huddles and monthly reviews from before then that still hold what colleagues promised, noted or decided, each with
    the period of the next one about the same team or person, if any. The rows are locked until this unit ends."""
    later = digest.alias("later")
    next_on = select(func.min(later.c.period)).where(
        later.c.kind == digest.c.kind, later.c.about == digest.c.about, later.c.period > digest.c.period, later.c.state == "sent"
    )
    talk = (digest.c.id, digest.c.kind, digest.c.about, digest.c.period, digest.c.version, digest.c.choices)
    columns = (*talk, next_on.scalar_subquery().label("next_period"))
    old = (digest.c.kind.in_(TALK), digest.c.made_at < before, func.length(cast(digest.c.choices, Text)) > len("{}"))
    return tx.execute(select(*columns).where(*old).order_by(digest.c.id).limit(limit).with_for_update(of=digest)).all()


def that_repeat(tx: Connection, review_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns id and reader (`about`) of the reviews that were sent and begin with what was decided in one of these."""
    before = digest.c.snapshot["before"].as_integer().in_(review_ids)
    return tx.execute(select(digest.c.id, digest.c.about).where(digest.c.kind == REVIEW, digest.c.state == "sent", before)).all()
