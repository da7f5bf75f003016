"""Behind the door stands a real database: what arrives is stored by the code that stores it in earnest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import Connection, func, select

from handlers.arrivals.arrival import Arrival
from handlers.arrivals.customers import know
from handlers.company import Company
from handlers.feedback import Customer
from handlers.receive import Receipt, receive
from storage import errands, models
from storage.database import Store

feedback = models.Feedback.__table__
follow_up = models.FollowUp.__table__
act = models.Act.__table__
message = models.Message.__table__

_names = count()


class House:
    """One source at a time, each under a name of its own, so that what it stored can be told apart."""

    def __init__(self, store: Store, company: Company) -> None:
        self.store, self._company = store, company
        self.begin()

    def begin(self) -> None:
        self.name = f"sample-{next(_names)}"

    async def receive(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        return await self.store.write(partial(receive, company=self._company, arrivals=arrivals))

    async def notice(self, source: str, references: Sequence[str]) -> None:
        await self.store.write(errands.name, source, references, 0.0)

    async def know(self, told: Sequence[Customer], again: bool) -> Sequence[Receipt]:
        return await self.store.write(know, told, datetime.now(UTC), again)

    def named(self) -> list[str]:
        """The responses this source named, which are not fetched here."""
        return [row.reference for row in self.store.read_sync(errands.unfinished) if row.source == self.name]

    def stored(self) -> list[Any]:
        """Each piece of feedback of this source, with how many cards and first lines of a log it has."""
        return self.store.read_sync(self._stored)

    def _stored(self, tx: Connection) -> list[Any]:
        cards = select(func.count()).where(message.c.follow_up_id == follow_up.c.id, message.c.kind == "card")
        begun = select(func.count()).where(act.c.follow_up_id == follow_up.c.id, act.c.verb == "received")
        counted = (cards.scalar_subquery().label("cards"), begun.scalar_subquery().label("beginnings"))
        rows = select(feedback, *counted).outerjoin(follow_up, follow_up.c.feedback_id == feedback.c.id)
        return list(tx.execute(rows.where(feedback.c.source == self.name).order_by(feedback.c.id)))
