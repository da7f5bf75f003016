"""The lanes into chats, and their gates: opened when messages wait, and released to send. Times are real seconds since 1970.

A lane is one way into a chat, in which messages wait in order: a conversation, or all edits in a workspace. Its gate is its row,
which is its lock, pace and lease; a message refers to its lane by the gate's key.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, false, update

from storage import models
from storage.prepared import Prepared
from storage.statements import upsert
from storage.units import wake

Lane = tuple[str, str, str]
"""(chat, workspace, channel or name of the lane)."""

gate = models.Gate.__table__

_awake = {"idle": False, "next_s": 0.0, "lease_s": 0.0, "fence": 0}
_wake = Prepared(upsert(gate, ["key"], lambda _: {"idle": false()}, only=gate.c.idle, returning=[gate.c.key]), always=_awake)


def key_of(chat: str, workspace: str, channel: str) -> str:
    """Returns the key of a lane's gate; `channel` is the lane's name where the lane is not a conversation."""
    return f"{chat}:{workspace}:{channel}"


def open_gates(tx: Connection, lanes: Iterable[Lane]) -> None:
    """Make sure that these lanes, each (chat, workspace, channel), exist and are not idle; in sorted order, to avoid deadlocks.

    Delivery is woken only for a lane that was idle: it knows already when to come back to the others.
    """
    rows = [{"key": key_of(*lane), "chat": lane[0], "workspace": lane[1], "channel": lane[2]} for lane in sorted(lanes)]
    if _wake.each(tx, rows):
        wake(tx)


def let_speak(tx: Connection, *which: ColumnElement[bool]) -> None:
    """Clear the wait of these gates. The negative `next_s` also cancels the back-off of an attempt in flight."""
    if tx.execute(update(gate).where(~gate.c.idle, *which).values(next_s=-1.0)).rowcount:
        wake(tx)
