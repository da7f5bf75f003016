"""What the practice page offers beyond a chat: a customer to be, a clock to push, a look at what other chats would get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from handlers.cards import Card


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel people can read. `id` is the one in app.yaml (`practice:oak-street` without the chat), `team`: whether it is
    a team's. `closed` says when a card appears there, while its team is closed."""

    id: str
    title: str
    team: bool = True
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Extras:
    """Handed to Practice.furnish by whoever puts the house together. What is None is not offered on the page.

    `send_feedback` takes the object a source of kind `plain` takes and answers the sentence for the customer; it may raise
    FieldError. `channels` may change, as teams are made in chat. `push_clock(to, channel)` takes `hour`, `deadline`, `closing` or
    `monday` and answers one sentence, `start_again` likewise. `payloads` draws the exact JSON another chat would get for a card, by
    that chat's name for people. Times on the page are told in `timezone`.
    """

    channels: Callable[[], Sequence[Channel]] = tuple
    send_feedback: Callable[[dict[str, Any]], Awaitable[str]] | None = None
    push_clock: Callable[[str, str], Awaitable[str]] | None = None
    start_again: Callable[[], Awaitable[str]] | None = None
    payloads: Mapping[str, Callable[[Card], Mapping[str, Any]]] = field(default_factory=dict)
    touchpoints: Sequence[str] = ("counter", "collection", "delivery", "phone")
    timezone: tzinfo = UTC
