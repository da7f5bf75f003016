"""The log of acts on follow-ups, one row per act: append to it, and ask what it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, text

from storage import models
from storage.followups import change, follow_up
from storage.people import person
from storage.prepared import AnyRow, Prepared

act = models.Act.__table__

MARKED_AS_LOST = text("act.verb = 'lost'")
"""Written exactly as in the partial index: SQLite uses that index only if the condition matches textually."""

# Built once: each private card asks.
_newest = select(act).where(act.c.follow_up_id == bindparam("this")).order_by(act.c.id.desc()).limit(literal_column("1"))
_given = Prepared(_newest.where(text("act.verb IN ('claim', 'hand_over', 'reopen')")))
_ended = Prepared(_newest.where(text("act.verb IN ('close', 'dismiss', 'no_problem')")))
_last_by = Prepared(_newest.where(act.c.person_id == bindparam("who")))
_last_of_verb = Prepared(_newest.with_only_columns(act.c.person_id).where(act.c.verb == bindparam("verb")))
_last_done = Prepared(_newest.where(text("act.verb <> 'details_shown'")))
_ends = Prepared(
    select(act.c.verb, act.c.at, act.c.detail, *(person.c[name] for name in ("id", "chat", "workspace", "user_id", "name")))
    .outerjoin(person, person.c.id == act.c.person_id)  # nobody lets a case go
    .where(
        act.c.follow_up_id == bindparam("this"),
        text("act.verb IN ('contacted', 'tried', 'wait', 'close', 'hand_over', 'release', 'let_go')"),
    )
    .order_by(act.c.id)
)
_one = Prepared(select(act).where(act.c.id == bindparam("this")))
_write = Prepared(insert(act))
_write_each = Prepared(insert(act).returning(act.c.id, act.c.follow_up_id))


@dataclass  # neither frozen nor with slots, which would cost each tap and each look more than the dictionary did
class Act:
    """One line of the log, without its id. `set` holds each column that the act changes, `detail` whatever else it tells."""

    workspace: str
    follow_up_id: int
    verb: str
    at: datetime
    person_id: int | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)


def write(tx: Connection, acts: Sequence[Act]) -> None:
    """Append acts to the log."""
    _write.each(tx, [_row(each) for each in acts])


def write_each(tx: Connection, acts: Sequence[Act]) -> dict[int, int]:
    """Append one act for each of several follow-ups, in one statement. Returns the act ids by follow-up id."""
    return {row.follow_up_id: row.id for row in _write_each.each(tx, [_row(each) for each in acts])}


def write_one(tx: Connection, act: Act, **more: Any) -> int:
    """Append one act, which set these columns, too. Returns its id."""
    [row] = _write_each.all(tx, _row(act, **more))
    number: int = row.id
    return number


def carry_out(tx: Connection, act: Act, seen_version: int) -> int | None:
    """Change the columns that the act sets, if its follow-up is still at the version that was read, and log it. Returns its id;
    None if somebody else was faster, and nothing happened."""
    if not change(tx, act.follow_up_id, seen_version, act.set):
        return None
    return write_one(tx, act, version=seen_version + 1)


def held_until(tx: Connection, team: str, since: datetime, opened_at: datetime) -> int:
    """Returns how many follow-ups of a team were held until that opening time, of those received since then."""
    until = act.c.set["held_until"].as_string() == to_jsonable_python(opened_at.astimezone(UTC))
    begun = select(func.count()).select_from(act).join(follow_up, follow_up.c.id == act.c.follow_up_id)
    of_team = (follow_up.c.team == team, follow_up.c.created_at <= opened_at, act.c.verb == "received", until)
    return tx.execute(begun.where(*of_team, act.c.at > since)).scalar_one()


def snoozes(tx: Connection, since: datetime) -> int:
    """Returns how often somebody snoozed a follow-up since then."""
    return tx.execute(select(func.count()).where(text("act.verb = 'snooze'"), act.c.at >= since)).scalar_one()


def last_times(tx: Connection, follow_up_ids: Collection[int], verbs: Collection[str]) -> dict[int, datetime]:
    """Returns when one of these verbs was last done, by follow-up id."""
    if not follow_up_ids:
        return {}
    done = (act.c.follow_up_id.in_(follow_up_ids), act.c.verb.in_(verbs))
    last = select(act.c.follow_up_id, func.max(act.c.at, type_=act.c.at.type)).where(*done).group_by(act.c.follow_up_id)
    return {row[0]: row[1] for row in tx.execute(last)}


def on(
    tx: Connection, follow_up_ids: Collection[int], verbs: Collection[str] | None = None, before: datetime | None = None
) -> Sequence[AnyRow]:
    """Returns the acts on these follow-ups in the order in which they were done; only those of these verbs, or done before then, if
    that is given."""
    these = [act.c.follow_up_id.in_(follow_up_ids)]
    these += [act.c.verb.in_(verbs)] if verbs is not None else []
    these += [act.c.at < before] if before is not None else []
    return tx.execute(select(act).where(*these).order_by(act.c.id)).all() if follow_up_ids else ()


def given(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """Returns the act by which somebody came to have a follow-up last: a claim, a hand-over or a reopening."""
    return _given.first(tx, {"this": follow_up_id})


def last(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """Returns what was done last with a follow-up."""
    return _last_done.first(tx, {"this": follow_up_id})


def last_by(tx: Connection, follow_up_id: int, person_id: int) -> AnyRow | None:
    """Returns what somebody did last with a follow-up."""
    return _last_by.first(tx, {"this": follow_up_id, "who": person_id})


def ends(tx: Connection, follow_up_id: int) -> Sequence[AnyRow]:
    """Returns the acts by which somebody was in touch with the customer, tried to be, closed the follow-up or no longer had it; and
    who did each."""
    return _ends.all(tx, {"this": follow_up_id})


def reopened(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """Returns who reopened the follow-up last: a row whose `person_id` is None if the customer did, by what they said; None if it
    was never reopened."""
    return _last_of_verb.first(tx, {"this": follow_up_id, "verb": "reopen"})


def ended(tx: Connection, follow_up_id: int) -> AnyRow | None:
    """Returns the act by which somebody closed or dismissed the follow-up last; None if nobody did."""
    return _ended.first(tx, {"this": follow_up_id})


def one(tx: Connection, act_id: int) -> AnyRow:
    [row] = _one.all(tx, {"this": act_id})
    return row


def _row(act: Act, **more: Any) -> dict[str, Any]:
    changes = {name: _in_utc(value) if isinstance(value, datetime) else value for name, value in act.set.items()}
    return {**vars(act), "set": changes | more}


def _in_utc(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC)
