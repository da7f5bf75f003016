"""The client for the Bot Framework's connector: one client, one token, one attempt per call, and only to allowed addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bot.background import Background
from bot.chats import Refused, Throttled, Unknown, Unreachable
from bot.chats.msteams import Options, addresses
from bot.chats.msteams.budget import Budget
from bot.chats.msteams.outcome import NotAccepted, answered, failed
from bot.chats.msteams.token import Token
from bot.http_client import http_client

CONNECT = 3.0
AT_ONCE = 0.5
"""Maximum seconds to wait for budget; a call that would wait longer raises Throttled."""
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)


class Wire(Background):
    """Must be opened inside the event loop before anything is sent."""

    def __init__(self, options: Options, deadline: float) -> None:
        super().__init__("msteams", deadline)
        self.options = options
        self.bot_id = f"28:{options.app_id}"
        self.token = Token(options, lambda: self.client)
        self._budget = Budget()
        self._client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """The client, shared with the token and the keys. It never follows a redirect: that would carry the token elsewhere."""
        assert self._client is not None, "the wire is not open"
        return self._client

    def open(self) -> None:
        self._client = http_client(self._deadline, connect_s=CONNECT, limits=LIMITS)

    async def close(self) -> None:
        """Finish what is in progress, and close the client."""
        await self.finish()
        await self.token.stop()
        if self._client is not None:
            await self._client.aclose()

    async def post(
        self, service_url: str, path: str, body: Mapping[str, Any], about: str, until: float | None = None
    ) -> Mapping[str, Any]:
        """`about` is the conversation, without the thread. `until` is when to give up, in the event loop's time, by default a
        deadline from now."""
        return await self._call("POST", service_url, path, about, body, until)

    async def put(
        self, service_url: str, path: str, body: Mapping[str, Any], about: str, until: float | None = None
    ) -> Mapping[str, Any]:
        return await self._call("PUT", service_url, path, about, body, until)

    async def delete(self, service_url: str, path: str, about: str) -> Mapping[str, Any]:
        return await self._call("DELETE", service_url, path, about)

    async def get(self, service_url: str, path: str, about: str, **query: str) -> Mapping[str, Any]:
        return await self._call("GET", service_url, f"{path}?{urlencode(query)}" if query else path, about)

    def end(self) -> float:
        """Returns when something that begins now must have ended, in the event loop's time."""
        return asyncio.get_running_loop().time() + self._deadline

    async def _call(
        self, verb: str, service_url: str, path: str, about: str, body: Mapping[str, Any] | None = None, until: float | None = None
    ) -> Mapping[str, Any]:
        """Make one call, within its time limit. Raises Throttled, Unreachable, RefusedByCode or Unknown."""
        if not addresses.allowed(service_url, self.options.service_urls):
            raise Refused("The service address we were told is no longer one of service_urls: check app.yaml, then replay")
        sent = False
        try:
            async with asyncio.timeout_at(until or self.end()):
                token = await self.token.get()
                await self._turn("reads" if verb == "GET" else "sends", about)
                sent = True
                headers = {"authorization": f"Bearer {token}"}
                response = await self.client.request(verb, f"{service_url.rstrip('/')}{path}", json=body, headers=headers)
        except TimeoutError:
            if not sent:
                raise Unreachable("The sign-in of Microsoft did not answer in time") from None
            raise Unknown("Microsoft Teams did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failed(error) from error
        try:
            return answered(response)
        except NotAccepted:
            self.token.forget(token)
            raise
        except Throttled as error:
            self._budget.close(about, error.seconds)
            raise

    async def _turn(self, kind: str, about: str) -> None:
        """Wait for budget, if at most AT_ONCE seconds. Raises Throttled otherwise."""
        while wait := self._budget.take(kind, about, self.options.tenant):
            if wait > AT_ONCE:
                raise Throttled(wait)
            await asyncio.sleep(wait)


def path(*parts: str) -> str:
    """Returns a path of the connector; ids in it are quoted so that they cannot change the path."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
