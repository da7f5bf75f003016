"""What delivery works with: the store, chats and clock of the house, and its time limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.chats import Chat
from bot.config.keys import DeliveryKeys
from handlers.company import Company
from storage.database import Store


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: how long one call may take, how long after its start a send may still be accepted late, how long a lane is leased,
    and how often lanes are looked at without a wake-up."""

    deadline: float = 8.0
    settle: float = 10.0
    lease: float = 20.0
    safety: float = 15.0

    @classmethod
    def of(cls, said: DeliveryKeys) -> Timing:
        """Returns the timing that app.yaml sets."""
        return cls(said.deadline, said.settle, said.lease)


@dataclass(frozen=True, slots=True)
class DeliveryServices:
    """What the loop and all of its sends share. `company` and `now`, the house clock, are called for each picture; `catch_up` loads
    what ops arranged in chat, for when a picture cannot be drawn."""

    store: Store
    chats: Mapping[str, Chat]
    company: Callable[[], Company]
    catch_up: Callable[[], Awaitable[None]]
    now: Callable[[], datetime]
    timing: Timing
