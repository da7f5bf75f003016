"""The connection to one workspace: one client on one session, the bot's identity there, and background work after a response."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.background import Background
from bot.chats import Refused, Unknown, Unreachable
from bot.chats.slack import Options
from bot.chats.slack.outcome import answer_of, refusal
from bot.loopback import LOOPBACK

log = structlog.get_logger()

LOGGER = logging.getLogger("slack")
LOGGER.setLevel(logging.ERROR)
"""Passed to every part of Bolt and slack-sdk: below ERROR they log whole bodies, which contain customers' words."""

APART_S = 0.005
"""Seconds between private answers while people tap, so that sending them does not delay the responses to taps."""
CALM_S, APART_IN_CALM_S = 0.05, 0.001
"""After CALM_S seconds without a tap, private answers are only APART_IN_CALM_S seconds apart."""
MOST_UNTOLD = 1800
"""Private answers that may wait for their turn. While more wait, each is sent at once, or memory would fill up."""
LEARN_AGAIN = 10.0
"""Seconds between two attempts to learn the bot's identity while Slack is unavailable."""
FIRST_S = 2.0
"""Seconds for which a start waits for the first attempt, so that the first tap finds it known."""


@dataclass(frozen=True, slots=True)
class Us:
    """The bot's identity, as returned by auth.test. `team` may be empty for the token of a whole organisation."""

    team: str
    enterprise: str | None
    user: str
    bot: str | None
    url: str = ""
    """Of the workspace, as in `https://northwind.slack.com/`; empty until auth.test has told it."""


class Wire(Background):
    """Must be opened inside the event loop before anything is sent. No call is retried implicitly."""

    def __init__(
        self, options: Options, deadline: float, us: Us | None = None, learned: Callable[[Us], Awaitable[None]] | None = None
    ) -> None:
        """`us` is the bot's identity in a workspace that installed the app, whose token is set separately. None: the wire of
        app.yaml's own token, which calls `learned` once Slack has told who it is."""
        super().__init__("slack", deadline)
        self.us, self._learned = us, learned
        token = options.bot_token.get_secret_value() if options.bot_token is not None and us is None else None
        self.client = AsyncWebClient(token=token, base_url=options.api_url, retry_handlers=[], logger=LOGGER)
        if _loopback(options.api_url):
            self.client.proxy = None  # slack-sdk reads HTTPS_PROXY but ignores NO_PROXY
        self._learning: asyncio.Task[None] | None = None
        self._learn_at = self._tapped_at = self._told_at = 0.0
        self._one_by_one, self._untold = asyncio.Lock(), 0

    async def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self._deadline)  # the client ignores its own `timeout` once it has a session
        self.client.session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        self.learn_soon()
        if self._learning is not None:
            await asyncio.wait({self._learning}, timeout=FIRST_S)

    async def close(self) -> None:
        await self.finish()
        if self.client.session is not None:
            await self.client.session.close()

    async def turn(self) -> None:
        """Wait for one's turn to send a private answer to somebody who has just tapped."""
        self._tapped_at, self._untold = time.monotonic(), self._untold + 1
        try:
            async with self._one_by_one:
                await asyncio.sleep(max(0.0, self._told_at + self._apart() - time.monotonic()))
                self._told_at = time.monotonic()
        finally:
            self._untold -= 1

    def _apart(self) -> float:
        if self._untold > MOST_UNTOLD:
            return 0.0
        return APART_S if time.monotonic() - self._tapped_at < CALM_S else APART_IN_CALM_S

    async def authorize(self) -> AuthorizeResult:
        """For Bolt: answered from the one auth.test, or without it while Slack is unavailable: a tap must never wait for a call."""
        if self.us is None:
            self.learn_soon()
            return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=self.client.token)
        us = self.us
        return AuthorizeResult(
            enterprise_id=us.enterprise, team_id=us.team, bot_token=self.client.token, bot_id=us.bot, bot_user_id=us.user
        )

    async def identity(self) -> Us | None:
        """Returns the bot's identity, for what can wait for a call; None while Slack does not tell it."""
        self.learn_soon()
        if self._learning is not None:
            await asyncio.wait({self._learning})
        return self.us

    async def respond(self, url: str, message: Mapping[str, Any]) -> None:
        """Answer through a response_url: works five times within 30 minutes, also in channels the bot is not in. Raises what `post`
        raises."""
        if urlsplit(url).scheme != "https" and not _loopback(url):
            raise Refused("the address to answer to is not https")
        session = self.client.session
        assert session is not None, "the wire is not open"
        try:
            proxy = None if _loopback(url) else self.client.proxy
            async with session.post(url, json=dict(message), proxy=proxy, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise refusal(answer.status, "expired_url" if answer.status == 404 else None, answer.headers)
                if (await answer.text()).startswith('{"ok":false'):
                    raise refusal(200, "expired_url", answer.headers)
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(f"Slack cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unknown(f"no readable answer from Slack: {type(error).__name__}") from error

    def learn_soon(self) -> None:
        """Ask, in the background and now and then, who the bot is here, until Slack has told."""
        if not (self.us and self.us.url) and self.client.token and time.monotonic() >= self._learn_at:
            self._learn_at = time.monotonic() + LEARN_AGAIN
            self._learning = self.soon(self._learn())

    async def _learn(self) -> None:
        said = await answer_of(self.client.auth_test())
        us = self.us or Us(said.get("team_id") or "", said.get("enterprise_id"), said["user_id"], said.get("bot_id"))
        self.us = replace(us, url=said.get("url") or "")
        log.info("slack.connected", team=us.team or us.enterprise)
        if self._learned is not None:
            await self._learned(us)


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK
