"""What customers said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Column, Connection, and_, func, literal_column, or_, select, tuple_, update

from storage import models
from storage.prepared import AnyRow, Prepared
from storage.statements import upsert

feedback = models.Feedback.__table__
customer = models.Customer.__table__

ABOUT = ("name", "email", "phone", "company", "value", "currency", "segment", "owner", "location")
"""The columns that describe a customer, beside `key`."""
CONTACT = ("name", "email", "phone")
"""The columns with contact details."""
FILLED_IN = (*CONTACT, "owner")
"""The columns that an answer fills in where they are empty and never overwrites: whoever can only answer a survey must not lead a
call, or the reminder of a colleague, to somebody else."""
GIVEN = tuple(f"given_{name}" for name in CONTACT)
"""The columns in which an answer keeps the contact details it gave, where they differ from the customer's."""
TEST = "hero-test:"
"""The prefix of the external id of a made-up answer, with which ops try out a source."""
REAL = feedback.c.external_id.not_like(f"{TEST}%")
"""Excludes tests: only what customers said is counted."""
IS_TEST = (func.substr(feedback.c.external_id, 1, literal_column(str(len(TEST)))) == literal_column(f"'{TEST}'")).label("is_test")
HISTORY = "hero-history"
"""The route of an answer that was imported only to be remembered: it is no customer whom every route missed."""
_new = (feedback.c.id, feedback.c.source, feedback.c.external_id)
_add = Prepared(upsert(feedback, ["workspace", "source", "external_id"], returning=_new))


def _step_by_step(column: Column[str], named: str) -> CTE:
    """Selects every source, or team, ever heard from, each by one step in the index: they are few, and answers are many."""
    first = select(func.min(column).label("name")).cte(named, recursive=True)
    after = select(func.min(column)).where(column > first.c.name).scalar_subquery()
    return first.union_all(select(after).where(first.c.name.is_not(None)))


_sources, _teams = _step_by_step(feedback.c.source, "sources"), _step_by_step(feedback.c.team, "teams")
_of_source = select(feedback.c.received_at).where(feedback.c.source == _sources.c.name, REAL)
_newest = _of_source.order_by(feedback.c.received_at.desc()).limit(1)  # not max(): past the tests, this stops at the first answer
_last = select(_sources.c.name, _newest.scalar_subquery().label("at")).where(_sources.c.name.is_not(None))
_of_team = select(feedback.c.received_at).where(feedback.c.team == _teams.c.name, REAL)
_oldest = _of_team.order_by(feedback.c.received_at).limit(1)
_first = select(_teams.c.name, _oldest.scalar_subquery().label("at")).where(_teams.c.name.is_not(None))


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Store what is new. Returns the ids of the new rows by (source, external id)."""
    return {(row.source, row.external_id): row.id for row in _add.each(tx, rows)}


def heard(tx: Connection, workspace: str, source: str, external_id: str) -> AnyRow:
    """Returns the stored row of a known response, locked until the unit ends."""
    this = (feedback.c.workspace == workspace, feedback.c.source == source, feedback.c.external_id == external_id)
    return tx.execute(select(feedback).where(*this).with_for_update()).one()


def heard_all(tx: Connection, workspace: str, origins: Collection[tuple[str, str]]) -> dict[tuple[str, str], AnyRow]:
    """Returns the stored rows of known responses by (source, external id), locked in the order of their ids to avoid deadlocks."""
    if not origins:
        return {}
    these = (feedback.c.workspace == workspace, tuple_(feedback.c.source, feedback.c.external_id).in_(sorted(set(origins))))
    found = tx.execute(select(feedback).where(*these).order_by(feedback.c.id).with_for_update())
    return {(row.source, row.external_id): row for row in found}


def known(tx: Connection, workspace: str, origins: Collection[tuple[str, str]]) -> Sequence[AnyRow]:
    """Returns `id`, `source`, `external_id` and `route` of those of these responses that were stored before. Locks nothing."""
    if not origins:
        return ()
    these = (feedback.c.workspace == workspace, tuple_(feedback.c.source, feedback.c.external_id).in_(sorted(set(origins))))
    return tx.execute(select(*_new, feedback.c.route).where(*these)).all()


def is_known(tx: Connection, workspace: str, source: str, external_id: str) -> bool:
    """Returns whether this response was stored before."""
    this = (feedback.c.workspace == workspace, feedback.c.source == source, feedback.c.external_id == external_id)
    return tx.execute(select(feedback.c.id).where(*this)).first() is not None


def revise(tx: Connection, feedback_id: int, values: Mapping[str, Any]) -> None:
    """Replace what a response said with its late update."""
    tx.execute(update(feedback).where(feedback.c.id == feedback_id).values(**values))


def unrouted(tx: Connection, since: datetime, bands: Collection[str] = ()) -> int:
    """Returns how many pieces of feedback, of these bands if any are named, arrived since then and matched no route."""
    lately = [feedback.c.source == _sources.c.name, feedback.c.received_at >= since, feedback.c.route.is_(None)]
    if bands:
        lately.append(feedback.c.band.in_(sorted(bands)))
    return tx.execute(select(func.count()).select_from(_sources).join(feedback, and_(*lately))).scalar_one()


def taken_by_others(tx: Connection, since: datetime, bands: Collection[str], routes: Collection[str], most: int) -> Sequence[int]:
    """Returns the ids of the newest pieces of feedback, of these bands, that arrived since then and none of these routes took."""
    others = or_(feedback.c.route.is_(None), feedback.c.route.not_in(sorted({HISTORY, *routes})))
    lately = and_(feedback.c.source == _sources.c.name, feedback.c.received_at >= since, feedback.c.band.in_(sorted(bands)))
    asked = select(feedback.c.id).select_from(_sources).join(feedback, lately).where(others, REAL)
    return tx.execute(asked.order_by(feedback.c.received_at.desc()).limit(most)).scalars().all()


def last_by_source(tx: Connection) -> dict[str, datetime]:
    """Returns when each source was last heard from. One that sent nothing but tests is left out."""
    return {row.name: row.at for row in tx.execute(_last) if row.at is not None}


def first_by_team(tx: Connection) -> dict[str, datetime]:
    """Returns when each team's customers were first heard. A team that got nothing but tests is left out."""
    return {row.name: row.at for row in tx.execute(_first) if row.at is not None}


def first_of(tx: Connection, team: str) -> datetime | None:
    """Returns when a team's customers were first heard; tests by ops do not count."""
    this = select(feedback.c.received_at).where(feedback.c.team == team, REAL).order_by(feedback.c.received_at).limit(1)
    found: datetime | None = tx.execute(this).scalar_one_or_none()
    return found


def first_since(tx: Connection, source: str, at: datetime) -> datetime | None:
    """Returns when a source was first heard from since `at`; tests by ops do not count."""
    this = (feedback.c.source == source, feedback.c.received_at >= at, REAL)
    soonest = select(feedback.c.received_at).where(*this).order_by(feedback.c.received_at).limit(1)
    found: datetime | None = tx.execute(soonest).scalar_one_or_none()
    return found


def heard_since(tx: Connection, source: str, at: datetime) -> int:
    """Returns how many answers a source brought since `at`; tests by ops do not count."""
    this = (feedback.c.source == source, feedback.c.received_at >= at, REAL)
    return tx.execute(select(func.count()).select_from(feedback).where(*this)).scalar_one()


def reached_no_team(tx: Connection, since: datetime, until: datetime, bands: Collection[str] = ()) -> int:
    """Returns how many answers, of these bands if any are named, arrived in [since, until) that belong to no team."""
    lost = [REAL, feedback.c.team.is_(None), feedback.c.route.is_(None)]
    lost += [feedback.c.received_at >= since, feedback.c.received_at < until]
    lost += [feedback.c.band.in_(sorted(bands))] if bands else []
    return tx.execute(select(func.count()).select_from(feedback).where(*lost)).scalar_one()
