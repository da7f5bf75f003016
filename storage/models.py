"""The tables. Times are aware UTC; those of the sending itself (`_s`) are real seconds since 1970, whatever the house clock is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _big() -> Any:
    return BigInteger().with_variant(Integer, "sqlite")


def _key() -> Any:
    return Field(default=None, sa_column=Column(_big(), primary_key=True, autoincrement=True))


def _ref(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(_big(), ForeignKey(target), nullable=nullable, index=index))


def _json(default: type[Any]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def _prose() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False))


class Person(SQLModel, table=True):
    """Somebody in a chat. `name` is empty until the platform told us; `met_at` is when it last did.

    How they want to be reminded: `rhythm` is "" (as usual), "less" (once a day) or "stop"; `quiet` is their own quiet hours as
    `18:00-08:00` of their time zone. Until `paused_until` nothing is sent; until `away_until` it goes to `forward_to`.
    """

    __table_args__ = (UniqueConstraint("chat", "workspace", "user_id"),)

    id: int | None = _key()
    chat: str
    workspace: str
    user_id: str
    name: str = ""
    email: str | None = None
    timezone: str | None = None
    met_at: datetime | None = None
    rhythm: str = ""
    quiet: str = ""
    paused_until: datetime | None = None
    away_until: datetime | None = None
    forward_to: int | None = Field(
        default=None, sa_column=Column(_big(), ForeignKey("person.id", name="fk_person_forward_to"), nullable=True)
    )


class Duty(SQLModel, table=True):
    """Who leads, backs up or manages a team, as the chats resolved what app.yaml names. `role`: `leader`, `backup`, `manager`."""

    team: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    person_id: int = Field(sa_column=Column(_big(), ForeignKey("person.id"), primary_key=True))


class Customer(SQLModel, table=True):
    """The directory, one row per identity (the sender's key, else the e-mail)."""

    __table_args__ = (UniqueConstraint("workspace", "key"),)

    id: int | None = _key()
    workspace: str
    key: str
    name: str | None = None
    email: str | None = Field(default=None, index=True)
    phone: str | None = None
    company: str | None = None
    value: float | None = None
    currency: str | None = None
    segment: str | None = None


class Feedback(SQLModel, table=True):
    """What a customer said. `route` is None where no route matched: stored, counted and shown to ops."""

    __table_args__ = (
        UniqueConstraint("workspace", "source", "external_id"),
        Index(
            "ix_feedback_customer_low",
            "customer_id",
            "received_at",
            sqlite_where=text("band = 'detractor'"),
            postgresql_where=text("band = 'detractor'"),
        ),
    )

    id: int | None = _key()
    workspace: str
    source: str
    external_id: str
    fingerprint: str
    metric: str
    band: str
    score: float | None = None
    worst: float
    best: float
    comment: str = _prose()
    customer_id: int | None = _ref("customer.id", nullable=True)
    touchpoint: str | None = None
    tags: list[str] = _json(list)
    link: str | None = None
    wants_contact: bool = False
    occurred_at: datetime
    received_at: datetime
    route: str | None = None


class FollowUp(SQLModel, table=True):
    """The promise to get back to one customer. `version` rises with every change; `next_look_at` is when the clock looks again.

    `promised_at` is when the promise began that holds now, `promises` how many began before it, `state_since` when the state
    began. `rungs_unclaimed` and `rungs_claimed` count the steps of the ladder that were passed. `held_until`: its card is posted
    then. `quiet_until`: its owner snoozed it, or waits for the customer. `asked_at`: the owner was asked “still yours?”.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        CheckConstraint("state IN ('new', 'claimed', 'waiting', 'closed', 'dismissed')", name="state"),
        Index(
            "ix_follow_up_look",
            "next_look_at",
            sqlite_where=text("next_look_at IS NOT NULL"),
            postgresql_where=text("next_look_at IS NOT NULL"),
        ),
        Index(
            "ix_follow_up_open",
            "team",
            "id",
            sqlite_where=text("state IN ('new', 'claimed', 'waiting')"),
            postgresql_where=text("state IN ('new', 'claimed', 'waiting')"),
        ),
        Index(
            "ix_follow_up_owner_open",
            "owner_id",
            sqlite_where=text("state IN ('claimed', 'waiting')"),
            postgresql_where=text("state IN ('claimed', 'waiting')"),
        ),
    )

    id: int | None = _key()
    workspace: str
    feedback_id: int = Field(sa_column=Column(_big(), ForeignKey("feedback.id"), nullable=False, unique=True))
    team: str
    route: str
    moment: str
    state: str = "new"
    version: int = 1
    owner_id: int | None = _ref("person.id", nullable=True)
    created_at: datetime
    claim_by: datetime
    close_by: datetime
    next_look_at: datetime | None = None
    claimed_at: datetime | None = None
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
    outcome: str | None = None
    cause: str | None = None
    done: str = _prose()
    reason: str = _prose()


class Act(SQLModel, table=True):
    """One line of the log that is only ever added to. `set` holds each column the act changed, so that a life can be replayed."""

    id: int | None = _key()
    workspace: str
    follow_up_id: int = _ref("follow_up.id", index=True)
    verb: str
    person_id: int | None = _ref("person.id", nullable=True)
    at: datetime
    set: dict[str, Any] = _json(dict)
    detail: dict[str, Any] = _json(dict)


class Bundle(SQLModel, table=True):
    """One private message to a person with all their reminders of one run: the `number`th of their `day` (as 2026-11-25)."""

    __table_args__ = (UniqueConstraint("person_id", "day", "number"),)

    id: int | None = _key()
    person_id: int = _ref("person.id")
    day: str
    number: int
    at: datetime


class Nudge(SQLModel, table=True):
    """One step of the ladder for one case, to one person or into its thread. Unique, so nothing is said twice.

    `audience` is `thread` or `person:ID`. `promise` counts the promises of the case before the one it is about. `state`:
    `waiting` for its time, `sent`, `dropped` (no longer needed), `muted` (they want none), `unaddressed` (nobody known to tell).
    """

    __table_args__ = (
        UniqueConstraint("follow_up_id", "promise", "step", "audience"),
        CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'muted', 'unaddressed')", name="state"),
        Index("ix_nudge_due", "send_at", sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
    )

    id: int | None = _key()
    workspace: str
    follow_up_id: int = _ref("follow_up.id")
    promise: int
    step: str
    role: str
    audience: str
    person_id: int | None = _ref("person.id", nullable=True, index=True)
    state: str = "waiting"
    due_at: datetime
    send_at: datetime | None = None
    sent_at: datetime | None = None
    off_hours: bool = False
    bundle_id: int | None = _ref("bundle.id", nullable=True, index=True)


class Message(SQLModel, table=True):
    """One thing that some chat must show: which version is wanted, which is shown. The delivery log.

    `thread_of` is the key of the message in whose thread it belongs. `gate` is the lane it waits in.
    """

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'shown', 'parked')", name="state"),
        Index(
            "ix_message_due",
            "gate",
            "id",
            sqlite_where=text("shown < wanted AND state <> 'parked'"),
            postgresql_where=text("shown < wanted AND state <> 'parked'"),
        ),
        Index("ix_message_parked", "id", sqlite_where=text("state = 'parked'"), postgresql_where=text("state = 'parked'")),
    )

    id: int | None = _key()
    key: str = Field(unique=True)
    kind: str
    chat: str
    workspace: str
    channel: str
    gate: str
    follow_up_id: int | None = _ref("follow_up.id", nullable=True, index=True)
    act_id: int | None = _ref("act.id", nullable=True)
    person_id: int | None = _ref("person.id", nullable=True)
    bundle_id: int | None = _ref("bundle.id", nullable=True, index=True)
    thread_of: str | None = None
    wanted: int = 1
    shown: int = 0
    state: str = "waiting"
    attempts: int = 0
    doubts: int = 0
    reason: str = _prose()
    remote_channel: str | None = None
    remote_id: str | None = None
    created_at: datetime
    created_s: float
    sent_s: float = 0
    shown_s: float = 0


class Gate(SQLModel, table=True):
    """A lane into a chat: its lock, pace, Retry-After and lease in one. `fence` rises with each lease; an old one changes nothing.

    `idle` gates have nothing waiting; whoever wants a message wakes its gate in the same transaction.
    """

    __table_args__ = (Index("ix_gate_due", "next_s", sqlite_where=text("NOT idle"), postgresql_where=text("NOT idle")),)

    key: str = Field(primary_key=True)
    chat: str
    workspace: str
    channel: str
    idle: bool = False
    next_s: float = 0
    lease_s: float = 0
    fence: int = 0


class PracticePost(SQLModel, table=True):
    """What the practice chat shows: the practice platform's own memory, as Slack has its own."""

    __tablename__ = "practice_post"
    __table_args__ = (Index("ix_practice_post_channel", "channel", "id"),)

    id: int | None = _key()
    channel: str
    thread_id: int | None = _ref("practice_post.id", nullable=True)
    key: str = Field(unique=True)
    card: dict[str, Any] = _json(dict)
    posted_at: datetime
    edited_at: datetime | None = None
    edits: int = 0


class MsTeamsChannel(SQLModel, table=True):
    """A channel of Microsoft Teams the bot was told of. `name` and `team_name` are empty until Teams said them. `blocked_s` is
    when it last turned us away, in real seconds; 0 when it did not since."""

    __tablename__ = "msteams_channel"
    __table_args__ = (Index("ix_msteams_channel_team", "team_id"),)

    id: str = Field(primary_key=True)
    team_id: str
    name: str = ""
    team_name: str = ""
    tenant: str
    service_url: str
    installed: bool = True
    blocked_s: float = 0


class MsTeamsPerson(SQLModel, table=True):
    """Somebody in Microsoft Teams. `conversation_id` is our private chat, once there is one; `seen_in` the conversation whose
    roster they are on. `installed` turns false when they remove the bot from their private chat."""

    __tablename__ = "msteams_person"
    __table_args__ = (Index("ix_msteams_person_conversation", "conversation_id"),)

    id: str = Field(primary_key=True)
    conversation_id: str | None = None
    seen_in: str = ""
    tenant: str
    service_url: str
    installed: bool = True
