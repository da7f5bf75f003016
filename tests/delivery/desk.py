"""A desk at which one message at a time is leased and sent, to inspect its row and its lane afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.chats import Posted
from bot.delivery.clock import SendingClock
from bot.delivery.send import Sender
from bot.delivery.services import DeliveryServices, Timing
from handlers.cards import Card
from handlers.feedback import Place
from storage import lanes, messages, sending
from storage.messages import message
from storage.sending import Attempt
from tests.conftest import Shop
from tests.delivery.test_delivery import Scripted, nothing_new

TIMING = Timing(deadline=0.3, settle=5.0, lease=60.0)
LATER = 1000.0
"""Seconds after which every back-off is over."""


@dataclass
class Watched(Scripted):
    """Also records how it was asked to look for a message in doubt, and can be made to never answer, whatever is asked or only when
    asked to look."""

    asked: list[tuple[str, datetime, Posted | None]] = field(default_factory=list)
    silent: bool = False
    blind: bool = False

    async def post(self, place: Place, card: Card, key: str, thread: Posted | None = None) -> Posted:
        if self.silent:
            await asyncio.Event().wait()
        return await super().post(place, card, key, thread)

    async def find(self, place: Place, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        self.asked.append((key, since, thread))
        if self.blind:
            await asyncio.Event().wait()
        return await super().find(place, key, since, thread)


@dataclass
class Desk:
    """Leases what waits and has it sent, one message at a time, on demand."""

    shop: Shop
    chat: Watched
    timing: Timing = TIMING
    clock: SendingClock = field(default_factory=SendingClock)

    def __post_init__(self) -> None:
        here, chats = self.shop, {self.chat.name: self.chat}
        services = DeliveryServices(here.store, chats, lambda: here.company, nothing_new, lambda: here.now, self.timing)  # type: ignore[arg-type]
        self.sender = Sender(services, self.clock)

    def leased(self, after: float = 0.0) -> Attempt:
        now = self.clock.seconds() + after
        [attempt], _ = self.shop.store.write_sync(sending.lease, ["slack"], now, self.timing.settle, self.timing.lease, 10)
        return attempt

    async def sends(self, attempt: Attempt, for_s: float = 1000.0) -> tuple[float, float]:
        """Send it. Returns when that began and ended."""
        begun = self.clock.seconds()
        await self.sender.serve(attempt, None, begun + for_s)
        return begun, self.clock.seconds()

    def tried(self, key: str, times: int) -> None:
        """Set the number of attempts already made."""
        self.shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.key == key).values(attempts=times)))

    def row(self, key: str = "card:1") -> Any:
        return self.shop.store.read_sync(messages.by_key, key)

    def rests_until(self, key: str = "slack:main:C1") -> float:
        [lane] = self.shop.store.read_sync(lambda tx: tx.execute(select(lanes.gate).where(lanes.gate.c.key == key)).all())
        assert lane.lease_s == 0.0, "nobody holds it any more"
        return float(lane.next_s)


def rests(desk: Desk, during: tuple[float, float], shortest: float, longest: float | None = None) -> bool:
    """Whether the lane waits between `shortest` and `longest` seconds, counted from some moment of that interval."""
    return during[0] + shortest - 0.001 <= desk.rests_until() <= during[1] + (longest or shortest) + 0.001


def counted(counter: Any, *labels: str) -> float:
    return float(counter.labels(*labels)._value.get())


async def shown(desk: Desk) -> None:
    """Post the card, then want it again."""
    await desk.sends(desk.leased())
    desk.shop.store.write_sync(messages.want_again, 1)
