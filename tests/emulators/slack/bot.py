"""Calling the bot: signed HTTP requests or Socket Mode envelopes, the three-second limit, and retries of events."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

import aiohttp

from tests.emulators.slack.payloads import VERIFICATION_TOKEN, envelope, sign
from tests.emulators.slack.world import Json

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack

Kind = Literal["interactive", "slash_commands", "events_api"]
RETRY_AFTER = (0.0, 60.0, 300.0)
"""Platform seconds before the first, second and third retry of an event."""
MOST_ANSWER = 1_000_000


@dataclass(frozen=True)
class Answer:
    """What the bot returned. `error` is None for a 2xx in time, otherwise Slack's word for the failure."""

    status: int | None
    body: str = ""
    error: str | None = None
    took: float = 0.0
    no_retry: bool = False


@dataclass
class Delivery:
    """One event and every attempt to deliver it."""

    event_id: str
    payload: Json
    attempts: list[Answer] = field(default_factory=list)

    @property
    def delivered(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].error is None


async def deliver(slack: Slack, kind: Kind, payload: Json, retry: tuple[int, str] | None = None) -> Answer:
    """Make one attempt over the bot's connection, HTTP or Socket Mode. Slack gives up after three seconds."""
    if slack.bot_url:
        return await _by_http(slack, kind, payload, retry)
    if slack.links:
        return await slack.links[0].send(kind, payload, slack.patience, retry)
    raise RuntimeError("no bot to reach: set slack.bot_url, or let the bot connect by Socket Mode")


async def _by_http(slack: Slack, kind: Kind, payload: Json, retry: tuple[int, str] | None) -> Answer:
    if kind == "events_api":
        body, content_type = json.dumps(payload).encode(), "application/json"
    else:
        fields = {"payload": json.dumps(payload)} if kind == "interactive" else payload
        body, content_type = urlencode(fields).encode(), "application/x-www-form-urlencoded"
    headers = signed(slack, body, content_type)
    if retry:
        headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
    return await send(slack, body, headers)


def signed(slack: Slack, body: bytes, content_type: str) -> dict[str, str]:
    """Returns the headers with which Slack would send this request."""
    timestamp = str(int(time.time()))
    return {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(slack.signing_secret, timestamp, body),
    }


async def send(slack: Slack, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the given bytes to the bot's URL, for requests of any kind: forged, old or truncated."""
    begun = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=slack.patience)
    try:
        async with slack.session.post(
            str(slack.bot_url), data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as reply:
            text = (await reply.content.read(MOST_ANSWER)).decode(errors="replace")
            good = 200 <= reply.status < 300
            no_retry = reply.headers.get("x-slack-no-retry") == "1"
            return Answer(reply.status, text, None if good else "http_error", time.monotonic() - begun, no_retry)
    except TimeoutError:
        return Answer(None, error="http_timeout", took=time.monotonic() - begun)
    except aiohttp.ClientError as error:
        return Answer(None, body=str(error), error="connection_failed", took=time.monotonic() - begun)


async def deliver_event(slack: Slack, event: Json) -> Delivery:
    """Deliver one event, retrying as Slack does: the same event_id, at most three times, until a 2xx or a no-retry."""
    event_id = f"Ev{secrets.token_hex(5).upper()}"
    delivery = Delivery(event_id, envelope(slack, event, event_id))
    slack.deliveries.append(delivery)
    answer = await deliver(slack, "events_api", delivery.payload)
    delivery.attempts.append(answer)
    for number, pause in enumerate(RETRY_AFTER, 1):
        if answer.error is None or answer.no_retry:
            break
        await asyncio.sleep(pause * slack.time_scale)
        answer = await deliver(slack, "events_api", delivery.payload, (number, answer.error))
        delivery.attempts.append(answer)
    return delivery


async def verify_url(slack: Slack) -> bool:
    """Slack's URL verification: whether the challenge is returned, as text or as JSON."""
    challenge = secrets.token_hex(16)
    body = json.dumps({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}).encode()
    answer = await send(slack, body, signed(slack, body, "application/json"))
    if answer.status != 200:
        return False
    try:
        return bool(json.loads(answer.body) == {"challenge": challenge})
    except ValueError:
        return answer.body.strip() == challenge


async def ssl_check(slack: Slack) -> bool:
    """Slack's certificate check: an unsigned form that must be answered 200."""
    body = urlencode({"ssl_check": "1", "token": VERIFICATION_TOKEN}).encode()
    answer = await send(slack, body, {"Content-Type": "application/x-www-form-urlencoded"})
    return answer.status == 200
