"""The lanes into chats, a gate each: opened for what waits there, and let speak. Times are real seconds since 1970.

A lane is one way into a chat, where messages wait in order: a conversation, or all edits in a workspace. Its gate is its row,
which is its lock, pace and lease; a message names by the gate's key the lane it waits in.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, false, update

from storage import models
from storage.prepared import Prepared
from storage.statements import upsert
from storage.units import wake

gate = models.Gate.__table__  # type: ignore[attr-defined]

_awake = {"idle": False, "next_s": 0.0, "lease_s": 0.0, "fence": 0}
_opened = upsert(gate, ["key"], lambda _: {"idle": false()}, only=gate.c.idle)
_wake = Prepared({on: opened.returning(gate.c.key) for on, opened in _opened.items()}, always=_awake)


def key_of(chat: str, workspace: str, channel: str) -> str:
    """The key of a lane's gate; `channel` is the name of the lane where that is no conversation."""
    return f"{chat}:{workspace}:{channel}"


def open_gates(tx: Connection, lanes: Iterable[tuple[str, str, str]]) -> None:
    """Make sure that these lanes, each (chat, workspace, channel), exist and are looked at; in one order, against deadlocks.

    Delivery is woken only for a lane that was idle: it knows already when to come back to the others.
    """
    rows = [{"key": key_of(*lane), "chat": lane[0], "workspace": lane[1], "channel": lane[2]} for lane in sorted(lanes)]
    if _wake.each(tx, rows):
        wake(tx)


def let_speak(tx: Connection, *which: ColumnElement[bool]) -> None:
    """What kept these lanes from speaking is over. One that tries at this very moment, and fails, need not rest either."""
    if tx.execute(update(gate).where(~gate.c.idle, *which).values(next_s=-1.0)).rowcount:
        wake(tx)


def seconds(tx: Connection) -> float:
    """What time it is for PostgreSQL, in real seconds. A SQLite file has no clock of its own."""
    return float(tx.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
