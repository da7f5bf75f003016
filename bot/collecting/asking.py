"""Calls the APIs of survey tools: only at addresses that app.yaml names, within limits, and with retries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import stamina

from bot.listening import Denied, Gone, NotNow, TokenRefused, Wait, payload
from bot.retry_after import asked_to_wait

MOST_BYTES = 8 * 1024 * 1024
WAIT_S, LONGEST_WAIT_S = 60.0, 3600.0
"""Seconds to wait if a tool does not say how long, and the longest wait that is accepted from one."""
TRIES = 3


class Asker:
    """Makes requests for one source. An address is a path below the source's first one, or a whole URL, such as a tool gives for
    the next page: then its origin must be that of an address that app.yaml names, so that no response can send us elsewhere, least
    of all into our own network.

    Raises Wait, NotNow, Denied and TokenRefused.
    """

    def __init__(self, client: httpx.AsyncClient, addresses: Sequence[str]) -> None:
        self._client = client
        self._addresses = [httpx.URL(address) for address in addresses]

    async def get(self, address: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
        return await self._ask("GET", address, params=params, headers=headers)

    async def post(
        self, address: str, *, form: Mapping[str, str] | None = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        return await self._ask("POST", address, data=form, json=json, headers=headers)

    async def _ask(self, method: str, address: str, **what: Any) -> Any:
        url = self._allowed(address)
        tries = stamina.retry_context(NotNow, TRIES, timeout=None, wait_initial=0.2, wait_max=2, wait_jitter=0.1)
        async for attempt in tries:
            with attempt:
                return await self._once(method, url, what)
        raise AssertionError("unreachable: the last attempt raises")

    def _allowed(self, address: str) -> httpx.URL:
        base = self._addresses[0]
        try:
            if not address.startswith(("http://", "https://")):
                return base.copy_with(path=f"{base.path.rstrip('/')}/{address.lstrip('/')}")
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise Denied("it named an address that is none") from None
        if url.userinfo or not any(_place(url) == _place(known) for known in self._addresses):
            raise Denied("it named an address outside of its own; nothing was asked there")
        return url

    async def _once(self, method: str, url: httpx.URL, what: dict[str, Any]) -> Any:
        try:
            async with self._client.stream(method, url, **what) as answer:
                _look_at_status(answer)
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise Denied(f"its answer is larger than {MOST_BYTES // 1024 // 1024} MiB")
        except httpx.HTTPError as error:
            raise NotNow(f"it was not reached ({type(error).__name__})") from error
        try:
            return payload.read(body)
        except payload.Unreadable as error:
            raise NotNow("its answer was cut off, or is not JSON") from error


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _look_at_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        raise Wait(min(max(asked_to_wait(answer.headers.get("retry-after"), WAIT_S), 1.0), LONGEST_WAIT_S))
    if status >= 500 or status == 408:
        raise NotNow(f"it is in trouble (HTTP {status})")
    if status in (401, 403):
        raise TokenRefused(f"it does not accept our token, or what we ask needs another permission (HTTP {status})")
    if status in (404, 410):
        raise (Gone if status == 404 else Denied)(f"what we ask for is not there, or no longer (HTTP {status})")
    if status not in (200, 207):  # 207: a batch of which only a part was found
        raise Denied(f"it will not answer this (HTTP {status})")
