"""Whether the database itself is well, and what is in it: for `hero doctor` and the metrics."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, func, not_, select

from storage.feedback import REAL, customer, feedback
from storage.figures import BECAME, RUNS, UNHAPPY
from storage.followups import OPEN_NOW, follow_up
from storage.lanes import gate
from storage.messages import WAITING, message
from storage.prepared import AnyRow

_TRIAL = "doctor:doctor:doctor"
_past = and_(follow_up.c.contacted_at.is_(None), not_(RUNS))
_standing = (
    select(follow_up.c.team, follow_up.c.state, func.count().label("number"), func.sum(case((_past, 1), else_=0)).label("past"))
    .join(feedback, feedback.c.id == follow_up.c.feedback_id)
    .where(OPEN_NOW, REAL)
    .group_by(follow_up.c.team, follow_up.c.state)
)
_way = case((BECAME != "waiting", BECAME), (RUNS, "running"), else_="past")
_became = (
    select(feedback.c.team, _way.label("became"), func.count().label("number"))
    .join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    .where(REAL, UNHAPPY, feedback.c.team.in_(bindparam("teams", expanding=True)), feedback.c.received_at >= bindparam("since"))
    .where(follow_up.c.state != "dismissed")
    .group_by(feedback.c.team, _way)
)


def customers(tx: Connection) -> int:
    """Returns how many customers are in the directory."""
    return tx.execute(select(func.count()).select_from(customer).where(customer.c.merged_into.is_(None))).scalar_one()


def write_something(tx: Connection) -> None:
    """Write a row and delete it again; raises what any other write would raise."""
    row = {"key": _TRIAL, "chat": "doctor", "workspace": "doctor", "channel": "doctor"}
    tx.execute(gate.delete().where(gate.c.key == _TRIAL))
    tx.execute(gate.insert().values(idle=True, next_s=0.0, lease_s=0.0, fence=0, **row))
    tx.execute(gate.delete().where(gate.c.key == _TRIAL))


def unflushed(tx: Connection) -> Sequence[str]:
    """Returns the settings that let this PostgreSQL acknowledge what is on no disk yet."""
    asked = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off' ORDER BY name"
    return tx.exec_driver_sql(asked).scalars().all()


def server_seconds(tx: Connection) -> float:
    """Returns PostgreSQL's time in real seconds since 1970. A SQLite file has no clock of its own."""
    return float(tx.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


def in_doubt(tx: Connection, before_s: float) -> int:
    """Returns how many messages were sent before then without anybody knowing yet whether they arrived."""
    doubtful = and_(WAITING, message.c.state == "sending", message.c.remote_id.is_(None))
    number: int = tx.execute(select(func.count()).where(doubtful, message.c.sent_s < before_s)).scalar_one()
    return number


def standing(tx: Connection, now: datetime) -> Sequence[AnyRow]:
    """Returns how many open follow-ups each team has in each state (`number`), and to how many of these customers a promise was
    broken while they still wait for a word from us (`past`). A test of a source is no customer."""
    return tx.execute(_standing, {"now": now}).all()


def became(tx: Connection, teams: Collection[str], since: datetime, now: datetime) -> Sequence[AnyRow]:
    """Returns how many customers told each of these teams since then that it let them down, by what became of the promise to them:
    `in_time`, `later`, `unreached`; `running` and `past` of those who still wait."""
    return tx.execute(_became, {"teams": list(teams), "since": since, "now": now}).all()
