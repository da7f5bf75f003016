"""The tables of people: who is known in the chats, and who is on duty for a team."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Row, big, key


class Person(Row, table=True):
    """Somebody in a chat. `name` is empty until the platform tells us; `met_at` is when it last did. `admin` is whether they run
    the workspace; None until the platform tells us. `linked_email` is their address in app.yaml where it differs; ops confirmed it.

    How they want to be reminded: `rhythm` is "" (as usual), "less" (once a day) or "stop"; `quiet` is their own quiet hours, as
    `18:00-08:00` in their time zone. Until `paused_until` nothing is sent; until `away_until` it goes to `forward_to`.

    `naming` is how the weekly post may call them: None (as the company chose), "first", "off" (a teammate) or "never" (no story).
    """

    __table_args__ = (UniqueConstraint("chat", "workspace", "user_id"),)

    id: int | None = key()
    chat: str
    workspace: str
    user_id: str
    name: str = ""
    email: str | None = None
    timezone: str | None = None
    met_at: datetime | None = None
    admin: bool | None = None
    linked_email: str | None = Field(default=None, index=True)
    rhythm: str = ""
    quiet: str = ""
    naming: str | None = None
    paused_until: datetime | None = None
    away_until: datetime | None = None
    forward_to: int | None = Field(
        default=None, sa_column=Column(big(), ForeignKey("person.id", name="fk_person_forward_to"), nullable=True)
    )


class Duty(Row, table=True):
    """Who leads, backs up or manages a team, as the chats resolved the names in app.yaml. `role`: `leader`, `backup`, `manager`."""

    team: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    person_id: int = Field(sa_column=Column(big(), ForeignKey("person.id"), primary_key=True))
