"""Plays the week through the complete bot: intake, taps, delivery and clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chats.practice.people import member
from bot.demo.week import BEGINS, ENDS, WEEK, CustomerSaid, Did
from bot.house import House
from bot.sources import plain
from handlers.arrivals.arrival import Arrival
from handlers.cards import Reply
from handlers.digests.digest import next_moment
from handlers.feedback import Person
from handlers.receive import Receipt
from handlers.situation import Tap
from storage import followups

SOURCE = "survey"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Late:
    """Something came due because nobody acted. `post`: it is the weekly post."""

    post: bool = False


async def play(
    house: House, steps: Sequence[CustomerSaid | Did] = WEEK, ends: str = ENDS
) -> AsyncIterator[tuple[CustomerSaid | Did | Late, Receipt | Reply | None]]:
    """Yields each step of the week with its result, once the chat shows it. Finally moves the clock to `ends`."""
    follow_ups: dict[str, int] = {}
    for step in steps:
        async for due in house.pass_time(moment(house, step.at)):
            await house.delivery.until_idle()
            yield _late(house, due), None
        if isinstance(step, CustomerSaid):
            result: Receipt | Reply = await _say(house, step, follow_ups)
        else:
            result = await house.tap(_tap(house, step, follow_ups[step.about]))
        await house.delivery.until_idle()
        yield step, result
    end = moment(house, ends)
    async for due in house.pass_time(end):
        await house.delivery.until_idle()
        yield _late(house, due), None
    await house.delivery.until_idle()
    yield _late(house, end), None


def _late(house: House, due: datetime) -> Late:
    return Late(post=next_moment(house.company, due - timedelta(microseconds=1)) == due)


def moment(house: House, at: str) -> datetime:
    """Convert `Tue 10:05` in the demo's week, or `next Mon 09:00` in the one after, to an aware datetime."""
    later = timedelta(days=7) if at.startswith("next ") else timedelta()
    day, _, clock = at.removeprefix("next ").partition(" ")
    hour, minute = map(int, clock.split(":"))
    monday = BEGINS.replace(tzinfo=house.company.timezone) + later
    return (monday + timedelta(days=_DAYS.index(day))).replace(hour=hour, minute=minute)


async def _say(house: House, step: CustomerSaid, follow_ups: dict[str, int]) -> Receipt:
    pieces = plain.parse(dict(step.feedback), plain.Options(unsigned=True))
    (receipt,) = await house.receive([Arrival(SOURCE, piece, house.clock.now()) for piece in pieces])
    if receipt.routed and receipt.id is not None:
        row = await house.store.read(followups.of_feedback, receipt.id)
        if row is not None:
            follow_ups[step.feedback["id"]] = row.id
    return receipt


def _tap(house: House, step: Did, target: int) -> Tap:
    chosen = {"to": _person(step.answers["to"])} if step.answers and "to" in step.answers else None
    return Tap(step.verb, target, _person(step.who), house.clock.now(), step.answers, chosen)


def _person(user_id: str) -> Person:
    known = member(user_id)
    assert known is not None
    return known.person
