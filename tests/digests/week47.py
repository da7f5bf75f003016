"""The stage of the tests about weekly posts: a shop in week 47 of 2026."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.cards import Card
from handlers.digests import digest
from handlers.feedback import Customer
from handlers.ladder import Role
from storage import digests, nudges, people
from tests.conftest import ANA, LEA, Shop, said

MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
"""Monday 9:00 in Oslo."""
NEXT = MONDAY + timedelta(days=7)
FRIDAY_PREVIEW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""Two hours before the team goes home."""
KEY = "digest:oak-street:2026-W47"
SLOW = "Waited 45 minutes and nobody came."


@dataclass
class Week47(Shop):
    """A shop on the Monday of week 47; posts go out when it says `ticks`. `number` is that of the last follow-up."""

    number: int = 0
    answers: int = 0

    def ticks(self, at: datetime | None = None) -> datetime | None:
        self.now = at or self.now
        return self.store.write_sync(digest.send_digests, self.company, self.now)

    def post(self, period: str = "2026-W47", kind: str = "team") -> Any:
        return self.store.read_sync(digests.by_period, kind, "oak-street", period)

    def says(self, score: float, comment: str, **more: Any) -> None:
        """A customer answers, and nobody does anything yet."""
        self.answers += 1
        self.number += score < 7
        self.hears(said(f"s-{self.answers}", score, comment, **more))

    def done(
        self, n: int, who: Any = ANA, comment: str = SLOW, *, cause: str = "other", earlier: bool = False, **more: Any
    ) -> None:
        """One customer complains and is looked after; the follow-up has the number `n`."""
        if earlier:
            more["customer"] = Customer(key="c-often")
        self.says(3, comment, **more)
        self.tap("claim", who, n)
        self.passes(minutes=30)
        self.tap("close", who, n, outcome="fixed", done=f"Rang customer {n}.", cause=cause)

    def told(self) -> Card:
        """The post as the channel reads it on the Monday after."""
        self.ticks(NEXT)
        return self.card(KEY)

    def leader(self, who: Any = LEA) -> int:
        """The chats know who leads."""

        def put(tx: Any) -> int:
            row = people.ensure(tx, who.chat, who.workspace, who.user_id, who.name)
            nudges.put_on_duty(tx, "oak-street", Role.LEADER, [row.id])
            return int(row.id)

        return self.store.write_sync(put)

    def press(self, verb: str, who: Any, story: int | None = None, **answers: str) -> Any:
        row = self.post()
        target: Any = f"digest:{row.id}" + (f":{story}" if story else "")
        return self.tap(verb, who, target, **answers)
