"""The sections of app.yaml that could be read."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.config.keys import CompanyKeys, DeliveryKeys, MemoryKeys, RetentionKeys, ServerKeys
from bot.config.ladder_keys import StepKeys
from handlers.rules import Route
from handlers.team import Team


class SourceSettings(BaseModel):
    """A connected survey tool: its folder in bot/sources and that folder's Options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    options: Any


@dataclass(slots=True)
class Parts:
    """What could be read, even from a file with mistakes: enough to look for more. `routes` is keyed by index in the file."""

    company: CompanyKeys | None = None
    memory: MemoryKeys | None = None
    server: ServerKeys | None = None
    delivery: DeliveryKeys | None = None
    retention: RetentionKeys | None = None
    chats: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, SourceSettings] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    routes: dict[int, Route] = field(default_factory=dict)
    ladder: tuple[StepKeys, ...] | None = None
    holidays: Container[date] = frozenset()
