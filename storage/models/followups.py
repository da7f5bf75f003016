"""The tables of follow-ups, and of the log of acts on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey
from sqlmodel import Field

from storage.models.columns import Row, big, json, key, partial_index, prose, ref


class FollowUp(Row, table=True):
    """The promise to get back to one customer. `version` rises with every change; `next_look_at` is when the clock looks again.

    `promised_at` is when the current promise began, `promises` is how many began before it, `taken_at` is when somebody first took
    the follow-up under this promise, and `state_since` is when the state began. `rungs_unclaimed` and `rungs_claimed` count the
    ladder steps that were passed. `held_until` is when its card is posted. `quiet_until`: until then its owner snoozed it, or waits
    for the customer. `asked_at` is when the owner was asked “still yours?”. `weighed_at` is when somebody said whether a comment
    without a score tells of a problem, or that what was dismissed is one after all. `lost_at` is when somebody said that the
    customer left. `named_closer_id` is who ended it although the customer names them, until somebody who leads confirms it.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        CheckConstraint("state IN ('new', 'claimed', 'waiting', 'closed', 'dismissed')", name="state"),
        partial_index("ix_follow_up_look", "next_look_at", where="next_look_at IS NOT NULL"),
        partial_index("ix_follow_up_open", "team", "id", where="state IN ('new', 'claimed', 'waiting')"),
        partial_index("ix_follow_up_owner_open", "owner_id", where="state IN ('claimed', 'waiting')"),
        partial_index("ix_follow_up_lost", "lost_at", where="lost_at IS NOT NULL"),
        partial_index("ix_follow_up_named_closer", "team", where="named_closer_id IS NOT NULL"),
    )

    id: int | None = key()
    workspace: str
    feedback_id: int = Field(sa_column=Column(big(), ForeignKey("feedback.id"), nullable=False, unique=True))
    team: str
    route: str
    moment: str
    state: str = "new"
    version: int = 1
    owner_id: int | None = ref("person.id", nullable=True)
    created_at: datetime
    claim_by: datetime
    close_by: datetime
    next_look_at: datetime | None = None
    claimed_at: datetime | None = None
    taken_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    promised_at: datetime
    promises: int = 0
    state_since: datetime
    rungs_unclaimed: int = 0
    rungs_claimed: int = 0
    held_until: datetime | None = None
    quiet_until: datetime | None = None
    asked_at: datetime | None = None
    help_at: datetime | None = None
    weighed_at: datetime | None = None
    lost_at: datetime | None = None
    named_closer_id: int | None = Field(default=None, sa_column=Column(big(), nullable=True))
    outcome: str | None = None
    cause: str | None = None
    done: str = prose()
    reason: str = prose()


class Act(Row, table=True):
    """One row of the append-only log. `set` holds each column the act changed, so that a follow-up's history can be replayed."""

    __table_args__ = (
        partial_index("ix_act_reopened", "at", where="verb = 'reopen'"),
        partial_index("ix_act_snoozed", "at", where="verb = 'snooze'"),
        partial_index("ix_act_lost", "follow_up_id", where="verb = 'lost'"),
    )

    id: int | None = key()
    workspace: str
    follow_up_id: int = ref("follow_up.id", index=True)
    verb: str
    person_id: int | None = ref("person.id", nullable=True)
    at: datetime
    set: dict[str, Any] = json(dict)
    detail: dict[str, Any] = json(dict)
