"""Connects the practice page to the house: playing a customer, pushing the clock, and the JSON that other chats would get."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from bot.chats.msteams import adaptive
from bot.chats.practice.extras import Channel, Extras
from bot.chats.practice.speak import Practice
from bot.chats.slack import blocks
from bot.house import House
from bot.sources import plain
from handlers.arrivals.arrival import Arrival
from handlers.cards import Card
from handlers.receive import Receipt
from handlers.team import Team
from handlers.wording.openings import appears
from storage import followups

SOURCE = "practice"
"""The source that the page's customer form sends as, unless app.yaml names one of kind `plain`."""
PAYLOADS: Mapping[str, Callable[[Card], Mapping[str, Any]]] = {"Microsoft Teams": adaptive.message, "Slack": blocks.message}
"""What each real chat would be sent for a card; a new chat adds one entry."""
SPARE = Channel("spare", "A spare channel", team=False)
"""A channel that belongs to no team yet, for trying `here`."""


def furnish_practice_page(house: House, *, start_again: Callable[[], Awaitable[str]] | None = None) -> None:
    """Give the practice page what it needs from the house. Only a demo, which can start again, has a clock to push."""

    async def send_feedback(said: dict[str, Any]) -> str:
        source = next((name for name, s in house.settings.sources.items() if s.kind == "plain"), SOURCE)
        feedback = plain.parse(said, plain.Options(unsigned=True))
        now = house.clock.now()
        (receipt,) = await house.receive([Arrival(source, piece, now) for piece in feedback])
        return f"Thank you. {await _became(house, receipt, now)}"

    async def push_clock(to: str, channel: str) -> str:
        due = await _deadline(house, channel) if to == "deadline" else None
        at = due.at if due is not None else _moment(house, to, channel)
        if at is None:
            return "Nothing here has a deadline ahead. Send some feedback first."
        async for _ in house.pass_time(at):
            await house.delivery.until_idle()  # so that what was due on the way is dated when it was due
        now = house.clock.now().astimezone(house.company.timezone)
        return f"It is now {now:%A} {now.day} {now:%B}, {now:%H:%M}.{due.told if due is not None else ''}"

    given = Extras(
        channels=lambda: _channels(house),
        send_feedback=send_feedback,
        push_clock=push_clock if start_again else None,
        start_again=start_again,
        payloads=PAYLOADS,
        timezone=house.company.timezone,
    )
    cast("Practice", house.chats["practice"]).offer(given)


async def _became(house: House, receipt: Receipt, now: datetime) -> str:
    """What became of an answer, for whoever played the customer."""
    row = await house.store.read(followups.of_feedback, receipt.id) if receipt.id is not None else None
    if row is None and receipt.routed:
        return "The team reads it at its next opening; its route is for wins, so nobody has to follow it up."
    if row is None:
        return "It is stored; no route in app.yaml asks anybody to follow up on an answer like this."
    if row.held_until is not None:
        return appears(house.company.teams[row.team], row.held_until, now)
    return "The team has just been told."


def _channels(house: House) -> list[Channel]:
    """Returns the channels of the current teams, and the spare one until a team is made of it."""
    now = house.clock.now()
    taken = [
        Channel(p.channel, team.title, closed=_closed(team, now))
        for team in house.company.teams.values()
        for p in team.channels
        if p.chat == "practice"
    ]
    return taken if any(channel.id == SPARE.id for channel in taken) else [*taken, SPARE]


def _closed(team: Team, now: datetime) -> str:
    return "" if team.hours.is_open(now) else appears(team, team.hours.next_opening(now), now)


@dataclass(frozen=True, slots=True)
class _Deadline:
    """The moment after a promise ended, and the sentence that says whose it was: that card may be far up."""

    at: datetime
    told: str


async def _deadline(house: House, channel: str) -> _Deadline | None:
    here = [team.name for team in _teams(house, channel)] or list(house.company.teams)
    row = await house.store.read(followups.next_deadline, here, house.clock.now())
    if row is None:
        return None
    who = row.name.split()[0] if row.name else "a customer"
    new = row.state == "new"
    what = "that somebody replies to" if new else "to look after"
    at = row.claim_by if new else row.close_by
    return _Deadline(at + timedelta(seconds=1), f" Our promise {what} {who} (#{row.id}) has just ended.")


def _teams(house: House, channel: str) -> list[Team]:
    return [team for team in house.company.teams.values() if any(p.channel == channel for p in team.channels)]


def _moment(house: House, to: str, channel: str) -> datetime | None:
    """Returns when `hour`, `closing` or `monday` is for that channel; None if there is no such time."""
    now, zone = house.clock.now(), house.company.timezone
    match to:
        case "deadline":
            return None
        case "closing":
            return _closing(_teams(house, channel), now)
        case "monday":
            local = now.astimezone(zone)
            monday = local.date() + timedelta(days=7 - local.weekday() if (local.weekday(), local.time()) >= (0, time(9)) else 0)
            return datetime.combine(monday, time(9), zone)
        case _:
            return now + timedelta(hours=1)


def _closing(here: list[Team], now: datetime) -> datetime | None:
    return min((at for team in here if (at := team.hours.closing(now)) is not None), default=None)
