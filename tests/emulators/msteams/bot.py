"""Calling the bot: signed activities, the time limit, and redelivery."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.emulators.msteams.world import Json

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams

AGAIN_AFTER = (1.0, 5.0)
"""Platform seconds before an activity that was answered too late or with a 5xx is redelivered."""
MOST_ANSWER = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What the bot returned. `error` is None for a 2xx in time, otherwise timeout, connection_failed or http_error."""

    status: int | None
    body: str = ""
    content_type: str = ""
    error: str | None = None
    took: float = 0.0

    @property
    def worth_another(self) -> bool:
        return self.error is not None and (self.status is None or self.status >= 500)


@dataclass
class Delivery:
    """One activity and every attempt to deliver it, all with the same activity id."""

    activity: Json
    attempts: list[Answer] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].error is None


async def attempt(teams: MsTeams, activity: Json) -> Answer:
    """Sign an activity and deliver it once."""
    headers = {"Authorization": teams.issuer.authorization(activity["serviceUrl"]) or ""}
    return await send(teams, json.dumps(activity).encode(), headers)


async def send(teams: MsTeams, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the given bytes to the bot's URL, for requests of any kind: forged, old or truncated."""
    if teams.bot_url is None:
        raise RuntimeError("no bot to reach: set teams.bot_url")
    begun = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=teams.patience)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)",
    } | headers
    try:
        async with teams.session.post(teams.bot_url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as reply:
            text = (await reply.content.read(MOST_ANSWER)).decode(errors="replace")
            error = None if 200 <= reply.status < 300 else "http_error"
            return Answer(reply.status, text, reply.content_type, error, time.monotonic() - begun)
    except TimeoutError:
        return Answer(None, error="timeout", took=time.monotonic() - begun)
    except aiohttp.ClientError as error:
        return Answer(None, body=str(error), error="connection_failed", took=time.monotonic() - begun)


async def deliver(teams: MsTeams, activity: Json, *, again: bool = True) -> Delivery:
    """Deliver an activity; with `again`, up to three times until it is answered 2xx or 4xx in time."""
    delivery = Delivery(activity)
    teams.deliveries.append(delivery)
    delivery.attempts.append(await attempt(teams, activity))
    if again:
        await _again(teams, delivery)
    answer = delivery.attempts[-1]
    if delivery.delivered and activity["type"] != "invoke" and answer.body.strip() not in ("", "{}"):
        teams.reject(activity["type"], "body_ignored", [f"Teams shows nothing of the answer {answer.body[:80]!r}"], answer.body)
    return delivery


async def _again(teams: MsTeams, delivery: Delivery) -> None:
    for pause in AGAIN_AFTER:
        if not delivery.attempts[-1].worth_another:
            return
        await asyncio.sleep(pause * teams.time_scale)
        delivery.attempts.append(await attempt(teams, delivery.activity))


async def deliver_all(teams: MsTeams, activities: list[Json]) -> list[Delivery]:
    """Deliver them one after another, as Teams does for an installation."""
    return [await deliver(teams, each) for each in activities]


async def invoke(teams: MsTeams, activity: Json) -> Answer:
    """Deliver what a person pressed. They see the first answer; if it is late, Teams delivers the activity once more."""
    delivery = Delivery(activity)
    teams.deliveries.append(delivery)
    first = await attempt(teams, activity)
    delivery.attempts.append(first)
    if first.error == "timeout":
        teams.keep(asyncio.ensure_future(_once_more(teams, delivery)))
    return first


async def _once_more(teams: MsTeams, delivery: Delivery) -> None:
    await asyncio.sleep(AGAIN_AFTER[0] * teams.time_scale)
    delivery.attempts.append(await attempt(teams, delivery.activity))


def read_json(answer: Answer) -> Any:
    """Returns the answer's body as JSON. Raises ValueError when it is not JSON."""
    if answer.content_type != "application/json":
        raise ValueError(f"an answer to an invoke must be application/json, not {answer.content_type or 'nothing'}")
    return json.loads(answer.body)
