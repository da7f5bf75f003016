"""The tables of what Microsoft Teams told us."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field

from storage.models.columns import Row


class MsTeamsChannel(Row, table=True):
    """A channel of Microsoft Teams that the bot was told of. `name` and `team_name` are empty until Teams tells them. `blocked_s`
    is when it last turned us away, in real seconds; 0 once Teams has told of it again. `left_s` is when the bot was last removed
    from it or, if it has been seen there since, when that was, likewise: nothing that happened before changes `installed`."""

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
    left_s: float | None = None


class MsTeamsPerson(Row, table=True):
    """Somebody in Microsoft Teams. `conversation_id` is their private chat with the bot, once there is one; `seen_in` is a
    conversation whose roster they are on. `installed` turns false when they remove the bot from their private chat; `parted_s` is
    when they last did so or, if they were in that chat since, when that was, in real seconds."""

    __tablename__ = "msteams_person"
    __table_args__ = (Index("ix_msteams_person_conversation", "conversation_id"),)

    id: str = Field(primary_key=True)
    conversation_id: str | None = None
    seen_in: str = ""
    tenant: str
    service_url: str
    installed: bool = True
    parted_s: float | None = None
