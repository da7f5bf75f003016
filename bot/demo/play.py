"""Plays the week through the whole house, as customers and colleagues would: intake, taps, delivery, clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bot.app import House
from bot.chats.practice.people import member
from bot.demo.week import BEGINS, ENDS, WEEK, Did, Said
from bot.sources import plain
from handlers.cards import Reply
from handlers.feedback import Person
from handlers.receive import Arrival, Receipt
from handlers.situation import Tap
from storage import followups

SOURCE = "survey"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Late:
    """Nobody did anything, and something came due."""


async def play(house: House) -> AsyncIterator[tuple[Said | Did | Late, Receipt | Reply | None]]:
    """Each step of the week with what came of it, after the chat shows it; then the clock stands where the demo begins."""
    follow_ups: dict[str, int] = {}
    for step in WEEK:
        async for _ in house.pass_time(moment(house, step.at)):
            await _settled(house)
            yield Late(), None
        if isinstance(step, Said):
            result: Receipt | Reply = await _say(house, step, follow_ups)
        else:
            result = await house.tap(_tap(house, step, follow_ups[step.about]))
        await _settled(house)
        yield step, result
    async for _ in house.pass_time(moment(house, ENDS)):
        await _settled(house)
        yield Late(), None


def moment(house: House, at: str) -> datetime:
    """`Tue 10:05` of the demo's week, aware."""
    day, _, clock = at.partition(" ")
    hour, minute = map(int, clock.split(":"))
    monday = BEGINS.replace(tzinfo=house.company.timezone)
    return (monday + timedelta(days=_DAYS.index(day))).replace(hour=hour, minute=minute)


async def _say(house: House, step: Said, follow_ups: dict[str, int]) -> Receipt:
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


async def _settled(house: House) -> None:
    assert house.delivery is not None
    await house.delivery.settled()
