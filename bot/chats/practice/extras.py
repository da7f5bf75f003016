"""What the practice page offers besides a chat: a customer form, a clock to push forward, a view of what other chats would get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from handlers.cards import Card


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel people can read. `id` is the one in app.yaml (`practice:oak-street` without the chat); `team`: whether it is a
    team's. While the team is closed, `closed` says when a card appears there."""

    id: str
    title: str
    team: bool = True
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Extras:
    """Passed to Practice.offer by bot/pages/practice_page.py. What is None is not offered on the page.

    `send_feedback` takes the object that a source of kind `plain` accepts and returns the sentence for the customer; it may raise
    FieldError. `channels` may change, as teams are created in chat. `push_clock(to, channel)` takes `hour`, `deadline`, `closing`
    or `monday` as `to` and returns one sentence; so does `start_again`. `payloads` maps another chat's display name to a function
    that renders the exact JSON it would get for a card. The page shows times in `timezone`.
    """

    channels: Callable[[], Sequence[Channel]] = tuple
    send_feedback: Callable[[dict[str, Any]], Awaitable[str]] | None = None
    push_clock: Callable[[str, str], Awaitable[str]] | None = None
    start_again: Callable[[], Awaitable[str]] | None = None
    payloads: Mapping[str, Callable[[Card], Mapping[str, Any]]] = field(default_factory=dict)
    timezone: tzinfo = UTC
