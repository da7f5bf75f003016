"""Whether the database itself is well, and what is in it: for `hero doctor` and the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, DateTime, and_, func, select, text

from storage.feedback import customer
from storage.followups import OPEN_NOW, follow_up
from storage.lanes import gate
from storage.messages import message
from storage.prepared import AnyRow

_TRIAL = "doctor:doctor:doctor"


def customers(tx: Connection) -> int:
    """Returns how many customers are in the directory."""
    return tx.execute(select(func.count()).select_from(customer).where(customer.c.merged_into.is_(None))).scalar_one()


def write_something(tx: Connection) -> None:
    """Write a row and delete it again; raises what any other write would raise."""
    row = {"key": _TRIAL, "chat": "doctor", "workspace": "doctor", "channel": "doctor"}
    tx.execute(gate.delete().where(gate.c.key == _TRIAL))
    tx.execute(gate.insert().values(idle=True, next_s=0.0, lease_s=0.0, fence=0, **row))
    tx.execute(gate.delete().where(gate.c.key == _TRIAL))


def server_time(tx: Connection) -> datetime:
    """Returns the time of the database server (PostgreSQL)."""
    at: datetime = tx.execute(select(func.now(type_=DateTime(timezone=True)))).scalar_one()
    return at


def server_seconds(tx: Connection) -> float:
    """Returns PostgreSQL's time in real seconds since 1970. A SQLite file has no clock of its own."""
    return float(tx.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())


def in_doubt(tx: Connection, before_s: float) -> int:
    """Returns how many messages were sent before then without anybody knowing yet whether they arrived."""
    # Begins exactly as the partial index over waiting messages: SQLite uses that index only if the condition matches textually.
    waits = text("message.shown < message.wanted AND message.state <> 'parked'")
    doubtful = and_(waits, message.c.state == "sending", message.c.remote_id.is_(None))
    number: int = tx.execute(select(func.count()).where(doubtful, message.c.sent_s < before_s)).scalar_one()
    return number


def standing(tx: Connection) -> Sequence[AnyRow]:
    """Returns how many open follow-ups each team has in each state."""
    columns = (follow_up.c.team, follow_up.c.state, func.count().label("number"))
    return tx.execute(select(*columns).where(OPEN_NOW).group_by(follow_up.c.team, follow_up.c.state)).all()
