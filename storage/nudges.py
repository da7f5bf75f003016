"""Reminders: what the ladder asked for, and the private bundles in which people get them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, literal_column, or_, select, text, update

from storage import models
from storage.followups import follow_up
from storage.people import is_one, known_by_one_of, mails, person
from storage.prepared import AnyRow, Prepared
from storage.statements import upsert

nudge = models.Nudge.__table__
bundle = models.Bundle.__table__
duty = models.Duty.__table__

# Written exactly as in the partial index over waiting ones: SQLite uses that index only if the condition matches textually, and
# otherwise reads every reminder there ever was.
_waiting = text("nudge.state = 'waiting'")
_ripe = (_waiting, nudge.c.send_at <= bindparam("now"))
_who = nudge.c.person_id + literal_column("0")  # + 0 rules out the index on person_id: few wait, and their time finds them
_ripe_first = select(_who).where(*_ripe).distinct().order_by(_who).limit(bindparam("most"))
# Built once, since they run at each tick. The people are locked, because two replicas must not count one person's bundles at the
# same moment. Each statement sees what was committed before it.
_ready = Prepared(
    select(person.c.id).where(person.c.id.in_(_ripe_first)).order_by(person.c.id).with_for_update(key_share=True, of=person)
)
_unlooked = Prepared(select(follow_up.c.team).where(follow_up.c.next_look_at < bindparam("now")).distinct())
_due = select(nudge).where(_who.in_(bindparam("people", expanding=True)), *_ripe).order_by(_who, nudge.c.id).with_for_update()
_due_later = select(nudge).where(_who.in_(bindparam("people", expanding=True)), _waiting, nudge.c.send_at > bindparam("now"))
_in_bundle = Prepared(select(nudge).where(nudge.c.bundle_id == bindparam("this")).order_by(nudge.c.due_at, nudge.c.id))
_heard = (
    select(nudge)
    .where(
        nudge.c.follow_up_id.in_(bindparam("these", expanding=True)),
        nudge.c.person_id.is_not(None),
        nudge.c.state.in_(("sent", "muted")),
    )
    .order_by(nudge.c.due_at, nudge.c.id)
)
_add = Prepared(upsert(nudge, ["follow_up_id", "promise", "step", "audience"]))
_put_on_duty = upsert(duty, ["team", "role", "person_id"])
_finish = Prepared(
    update(nudge)
    .where(nudge.c.id == bindparam("nudge"))
    .values(state=bindparam("becomes"), sent_at=bindparam("at"), bundle_id=bindparam("bundle"), off_hours=bindparam("off"))
)
MOST_COUNTED = 1_000_000
"""More private messages than any company's people get in a month."""


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add these reminders; one that was added before is left as it is."""
    _add.each(tx, rows)


def counted(tx: Connection, follow_up_ids: Collection[int], but: Sequence[str]) -> dict[tuple[int, int], int]:
    """Returns how many nudges each person had or will have about each of these cases, by (follow-up, person). Steps whose names
    begin with one of `but` do not count."""
    no_nudge = or_(*(nudge.c.step.startswith(prefix) for prefix in but))
    rows = tx.execute(
        select(nudge.c.follow_up_id, nudge.c.person_id, func.count())
        .where(nudge.c.follow_up_id.in_(follow_up_ids), nudge.c.person_id.is_not(None), nudge.c.state.in_(("waiting", "sent")))
        .where(~no_nudge)
        .group_by(nudge.c.follow_up_id, nudge.c.person_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def had(tx: Connection, follow_up_id: int, promise: int, step: str, person_ids: Collection[int]) -> Collection[int]:
    """Returns those of these people for whom that very step exists already."""
    this = (nudge.c.follow_up_id == follow_up_id, nudge.c.promise == promise, nudge.c.step == step)
    return tx.execute(select(nudge.c.person_id).where(*this, nudge.c.person_id.in_(person_ids))).scalars().all()


def said_in_threads(tx: Connection, follow_up_ids: Collection[int]) -> Collection[tuple[int, int, str]]:
    """Returns what the threads of these cases were told, as (follow-up, promise, step)."""
    told = (nudge.c.follow_up_id.in_(follow_up_ids), nudge.c.audience == "thread")
    rows = tx.execute(select(nudge.c.follow_up_id, nudge.c.promise, nudge.c.step).where(*told))
    return {(row.follow_up_id, row.promise, row.step) for row in rows}


def heard(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns private reminders about these cases that were sent, or withheld from people who want none; oldest first."""
    if not follow_up_ids:
        return ()
    return tx.execute(_heard, {"these": list(follow_up_ids)}).all()


def due(tx: Connection, teams: Collection[str], now: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns private reminders whose time has come, for at most `limit` people, grouped by person, oldest first.

    Returns none while some follow-up of these teams still waits for a look: another replica is at work on it, and sends whatever
    more it finds for the same people.
    """
    people = [row.id for row in _ready.all(tx, {"now": now, "most": limit})]
    if not people or any(row.team in teams for row in _unlooked.all(tx, {"now": now})):
        return []
    return tx.execute(_due, {"now": now, "people": people}).all()


def due_later(tx: Connection, person_ids: Collection[int], now: datetime) -> Sequence[AnyRow]:
    """Returns what waits for these people, to be sent after `now`, oldest first. `due` has locked them."""
    return tx.execute(_due_later.order_by(_who, nudge.c.id), {"now": now, "people": list(person_ids)}).all()


def asked_to_step_in(tx: Connection, follow_up_id: int, promise: int) -> frozenset[int]:
    """Returns the ids of the people who were told, in their private bundle, of a case that is not theirs."""
    told = (nudge.c.follow_up_id == follow_up_id, nudge.c.person_id.is_not(None), nudge.c.state == "sent")
    found = tx.execute(select(nudge.c.person_id).where(*told, nudge.c.promise == promise, nudge.c.role != "owner"))
    return frozenset(found.scalars())


def who_is_due(tx: Connection, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns the people for whom a private reminder is due, at most `limit`."""
    these = select(person).where(person.c.id.in_(_ripe_first)).order_by(person.c.id)
    return tx.execute(these, {"now": now, "most": limit}).all()


def next_due(tx: Connection, after: datetime) -> datetime | None:
    """Returns the soonest time after `after` for which a reminder waits; None if there is none."""
    soonest: datetime | None = tx.execute(select(func.min(nudge.c.send_at)).where(_waiting, nudge.c.send_at > after)).scalar_one()
    return soonest


def waiting_about(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns what waits to be sent about these cases, to anybody."""
    return tx.execute(select(nudge).where(_waiting, nudge.c.follow_up_id.in_(follow_up_ids)).order_by(nudge.c.id)).all()


def take_back(tx: Connection, nudge_ids: Sequence[int]) -> None:
    """Forget these as far as they still wait, so that the same may be asked for anew."""
    if nudge_ids:
        tx.execute(delete(nudge).where(nudge.c.id.in_(nudge_ids), _waiting))


def wait_again(tx: Connection, person_id: int, follow_up_id: int, promise: int, step: str, now: datetime) -> None:
    """Make a reminder of theirs that was dropped due again."""
    this = (nudge.c.follow_up_id == follow_up_id, nudge.c.promise == promise, nudge.c.step == step)
    theirs = (nudge.c.person_id == person_id, nudge.c.state == "dropped")
    tx.execute(update(nudge).where(*this, *theirs).values(state="waiting", send_at=now))


def put_off(tx: Connection, nudge_ids: Sequence[int], until: datetime) -> None:
    tx.execute(update(nudge).where(nudge.c.id.in_(nudge_ids)).values(send_at=until))


def weigh_anew(tx: Connection, person_id: int, now: datetime) -> None:
    """Make everything that waits for somebody due now, so that it is weighed again."""
    later = (nudge.c.person_id == person_id, nudge.c.state == "waiting", nudge.c.send_at > now)
    tx.execute(update(nudge).where(*later).values(send_at=now))


def finish(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what became of reminders: each row has `nudge` (id), `becomes`, `at`, `bundle` (id or None), `off` (outside hours)."""
    if rows:
        _finish.each(tx, rows)


def bundles_on(tx: Connection, person_id: int, day: str) -> int:
    """Returns how many bundles a person had on a day of their calendar."""
    return tx.execute(select(func.count()).where(bundle.c.person_id == person_id, bundle.c.day == day)).scalar_one()


def bundles_elsewhere(tx: Connection, these: Collection[AnyRow], day: str, since: datetime) -> dict[int, int]:
    """Returns how many bundles each of these people had on a day in their other chats, by person id. Those before `since` are not
    looked at; the others are all looked at, so this is asked once for many people."""
    addresses = {mail for who in these for mail in mails(who)}
    lately = (bundle.c.at >= since, bundle.c.day == day, known_by_one_of(addresses))
    asked = select(person, func.count().label("number")).join(bundle, bundle.c.person_id == person.c.id).where(*lately)
    had = tx.execute(asked.group_by(person.c.id)).all() if addresses else ()
    return {who.id: sum(row.number for row in had if row.id != who.id and is_one(who, row)) for who in these}


def open_bundle(tx: Connection, person_id: int, day: str, number: int, at: datetime) -> int:
    """Add a bundle. Returns its id; the unique key stops a second replica."""
    values = {"person_id": person_id, "day": day, "number": number, "at": at}
    number_of_it: int = tx.execute(insert(bundle).values(**values).returning(bundle.c.id)).scalar_one()
    return number_of_it


def in_bundle(tx: Connection, bundle_id: int) -> Sequence[AnyRow]:
    """Returns the reminders in a bundle, in the order in which they came due."""
    return _in_bundle.all(tx, {"this": bundle_id})


def on_duty(tx: Connection) -> dict[tuple[str, str], list[int]]:
    """Returns who leads, backs up and manages each team, as far as the chats know them: person ids by (team, role)."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in tx.execute(select(duty).order_by(duty.c.person_id)):
        found.setdefault((row.team, row.role), []).append(row.person_id)
    return found


def put_on_duty(tx: Connection, team: str, role: str, person_ids: Sequence[int]) -> None:
    """Give this role in the team to these people, and to nobody else."""
    tx.execute(delete(duty).where(duty.c.team == team, duty.c.role == role))
    if person_ids:
        # On PostgreSQL another replica may be storing the same at this moment.
        tx.execute(_put_on_duty[tx.dialect.name], [{"team": team, "role": role, "person_id": id} for id in sorted(set(person_ids))])


def noise(tx: Connection, since: datetime, until: datetime | None = None) -> Sequence[AnyRow]:
    """Returns the bot's own noise in [since, until), by state and role: how many reminders, and how many of them outside hours."""
    off = func.sum(case((nudge.c.off_hours, 1), else_=0))
    columns = (nudge.c.state, nudge.c.role, func.count().label("number"), off.label("off_hours"))
    then = (nudge.c.due_at >= since, *((nudge.c.due_at < until,) if until is not None else ()))
    return tx.execute(select(*columns).where(*then).group_by(nudge.c.state, nudge.c.role)).all()


def per_person_and_day(tx: Connection, since: datetime) -> AnyRow:
    """Returns how many `bundles` went out since then, on how many person-days (`days`), and the most one person had on one day."""
    # The LIMIT keeps the subquery apart: otherwise SQLite reads all bundles there are, in the order in which it groups them.
    lately = (
        select(bundle.c.person_id, bundle.c.day).where(bundle.c.at >= since).order_by(bundle.c.at).limit(MOST_COUNTED).subquery()
    )
    each = select(lately.c.person_id, lately.c.day, func.count().label("bundles"))
    days = each.group_by(lately.c.person_id, lately.c.day).subquery()
    figures = (func.count().label("days"), func.sum(days.c.bundles).label("bundles"), func.max(days.c.bundles).label("most"))
    return tx.execute(select(*figures).select_from(days)).one()


def muted(tx: Connection) -> int:
    """Returns how many people want no reminders at all; whoever is in two chats by one address is one."""
    who = func.coalesce(person.c.linked_email, person.c.email, person.c.chat + literal_column("':'") + person.c.user_id)
    return tx.execute(select(func.count(who.distinct())).where(person.c.rhythm == "stop")).scalar_one()
