"""Caches the bot's access token: fetched once for all concurrent calls, renewed before it expires."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import quote

import httpx

from bot.chats import Throttled, Unreachable
from bot.chats.msteams import Options
from bot.chats.msteams.outcome import seconds

EARLY = 300.0
"""Seconds before its expiry at which a token is replaced; a short-lived one at half its life."""
LIFE = 3600.0


class Token:
    """A client-credentials token of one app in one tenant."""

    def __init__(self, options: Options, client: Callable[[], httpx.AsyncClient]) -> None:
        self._client = client
        self._url = f"{options.login_url.rstrip('/')}/{quote(options.tenant, safe='')}/oauth2/v2.0/token"
        self._asked = {
            "grant_type": "client_credentials",
            "client_id": options.app_id,
            "client_secret": options.app_secret.get_secret_value(),
            "scope": options.scope,
        }
        self._value = ""
        self._until = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """Returns the token. Concurrent callers share one fetch. Raises Unreachable or Throttled: nothing was sent yet."""
        if self._value and time.monotonic() < self._until:
            return self._value
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        return await asyncio.shield(self._fetching)

    def forget(self, value: str) -> None:
        """Discard a rejected token; the next call fetches another."""
        if value == self._value:
            self._value = ""

    async def stop(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # retrieve it, or asyncio logs it as never retrieved when all waiters are gone

    async def _fetch(self) -> str:
        try:
            response = await self._client().post(self._url, data=self._asked)
            said = response.json() if "json" in response.headers.get("content-type", "") else {}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unreachable(f"The sign-in of Microsoft cannot be reached: {str(error) or type(error).__name__}") from error
        if response.status_code == 429:
            raise Throttled(seconds(response.headers.get("retry-after")))
        value = said.get("access_token") if response.status_code == 200 and isinstance(said, dict) else None
        if not isinstance(value, str) or not value:
            why = said.get("error") if isinstance(said, dict) else None
            raise Unreachable(
                f"Microsoft's sign-in gave no token ({response.status_code} {why or 'without a reason'}): "
                "check app_id, app_secret (it expires) and tenant in app.yaml"
            )
        life = _number(said.get("expires_in"))
        self._value, self._until = value, time.monotonic() + life - min(EARLY, life / 2)
        return value


def _number(value: object) -> float:
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return LIFE
