"""The tables of delivery: messages that chats must show, and the lanes they wait in. Times `_s` are real seconds since 1970."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from storage.models.columns import Row, key, partial_index, prose, ref


class Message(Row, table=True):
    """One thing that some chat must show, which version of it is wanted and which is shown. The delivery log.

    `thread_of` is the key of the message in whose thread it belongs. `gate` is the key of the lane it waits in.
    """

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'shown', 'parked')", name="state"),
        partial_index("ix_message_due", "gate", "id", where="shown < wanted AND state <> 'parked'"),
        partial_index("ix_message_remote", "remote_id", where="remote_id IS NOT NULL"),
        partial_index("ix_message_bundle_id", "bundle_id", where="bundle_id IS NOT NULL"),
        partial_index("ix_message_parked", "id", where="state = 'parked'"),
    )

    id: int | None = key()
    key: str = Field(unique=True)
    kind: str
    chat: str
    workspace: str
    channel: str
    gate: str
    follow_up_id: int | None = ref("follow_up.id", nullable=True, index=True)
    act_id: int | None = ref("act.id", nullable=True)
    person_id: int | None = ref("person.id", nullable=True)
    bundle_id: int | None = ref("bundle.id", nullable=True)
    thread_of: str | None = None
    wanted: int = 1
    shown: int = 0
    state: str = "waiting"
    attempts: int = 0
    doubts: int = 0
    reason: str = prose()
    remote_channel: str | None = None
    remote_id: str | None = None
    created_at: datetime
    created_s: float
    sent_s: float = 0


class Gate(Row, table=True):
    """The row of a lane into a chat: its lock, pace, Retry-After and lease in one.

    `fence` rises with each lease; the holder of an older lease cannot change anything. A gate is `idle` when nothing waits; whoever
    wants a message wakes its gate in the same transaction.
    """

    __table_args__ = (partial_index("ix_gate_due", "next_s", where="NOT idle"),)

    key: str = Field(primary_key=True)
    chat: str
    workspace: str
    channel: str
    idle: bool = False
    next_s: float = 0
    lease_s: float = 0
    fence: int = 0
