"""The parts of app.yaml, as far as they could be read."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.config.keys import CompanyKeys, DeliveryKeys, DigestTime, MemoryKeys, RetentionKeys, ServerKeys
from bot.config.ladder_keys import StepKeys
from handlers.rules import Route, Team


class SourceSettings(BaseModel):
    """A survey tool that is connected: its folder in bot/sources, and that folder's own Options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    options: Any


@dataclass(slots=True)
class Parts:
    """What could be read, also from a file with mistakes in it: enough to look for more of them. Routes by their index."""

    company: CompanyKeys | None = None
    memory: MemoryKeys | None = None
    server: ServerKeys | None = None
    delivery: DeliveryKeys | None = None
    retention: RetentionKeys | None = None
    chats: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, SourceSettings] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    digests: dict[str, DigestTime] = field(default_factory=dict)
    routes: dict[int, Route] = field(default_factory=dict)
    ladder: tuple[StepKeys, ...] | None = None
    holidays: Container[date] = frozenset()
