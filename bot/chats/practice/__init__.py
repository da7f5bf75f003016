"""The practice chat: made-up people, real cards, and a clock to push forward. Nothing leaves this computer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """The keys of `chats.practice` in app.yaml: none so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")
