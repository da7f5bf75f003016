"""What delivery works with: the house's memory, chats and clock, and how long it waits for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.chats import Chat
from bot.config.keys import DeliveryKeys
from handlers.rules import Company
from storage.database import Store


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: how long one call may take, how long a late accept may still arrive after a send began, how long a lane is ours;
    and how often lanes are looked at without having been woken."""

    deadline: float = 8.0
    settle: float = 10.0
    lease: float = 20.0
    safety: float = 15.0

    @classmethod
    def of(cls, said: DeliveryKeys) -> Timing:
        """As app.yaml has it."""
        return cls(said.deadline, said.settle, said.lease)


@dataclass(frozen=True, slots=True)
class DeliveryServices:
    """What the loop and each of its sends share. `company` and `now`, the house clock, are asked for each picture; `catch_up`
    takes over what ops arranged in chat, where there seems to be nothing to draw one from."""

    store: Store
    chats: Mapping[str, Chat]
    company: Callable[[], Company]
    catch_up: Callable[[], Awaitable[None]]
    now: Callable[[], datetime]
    timing: Timing
