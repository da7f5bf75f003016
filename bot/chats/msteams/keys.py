"""Caches the issuer's signing keys: fetched without blocking, with one shared and rate-limited fetch for all who wait."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm

from bot.chats.msteams import addresses

log = structlog.get_logger()

REFETCH = 60.0
"""Seconds between two fetches for unknown keys: forged key ids must not make us flood the issuer."""
RETRY = 5.0
"""Seconds between two attempts while no key has ever been fetched."""
STALE = 3600.0
"""Seconds after which keys are refetched in the background: a key may have been withdrawn."""
WAIT = 2.0
"""Seconds to wait for a fetch, which continues afterwards: a request must be answered within three."""
PATIENCE = 5.0
"""Seconds that each of the two requests of a fetch may take."""


class UnknownKey(Exception):
    """No key with this id is published, as far as we could find out."""


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key, with the attributes that the bot builder's extractor expects. `endorsements`: the channels it may sign for;
    None if the issuer does not say."""

    public_key: Any
    endorsements: tuple[str, ...] | None


class Keys:
    """The keys behind one OpenID metadata document. Replaces the bot builder's own cache, which blocks the event loop, has no
    timeout and does not notice new keys for a day. `seconds` is a monotonic clock."""

    def __init__(self, url: str, client: Callable[[], httpx.AsyncClient], seconds: Callable[[], float] = time.monotonic) -> None:
        self._url, self._client, self._seconds = url, client, seconds
        self._keys: Mapping[str, Key] = {}
        self._fetching: asyncio.Task[None] | None = None
        self._fetched_at = self._asked_at = self._refetched_at = -float("inf")

    async def get(self, key_id: str | None) -> Key:
        """Returns the key with this id. Raises UnknownKey."""
        if not isinstance(key_id, str):
            raise UnknownKey("the token does not name its key")
        if key_id not in self._keys:
            await self._look_again()
        elif self._seconds() - self._fetched_at > STALE and self._seconds() - self._refetched_at >= REFETCH:
            self._refetched_at = self._seconds()
            self._fetch()
        try:
            return self._keys[key_id]
        except KeyError:
            raise UnknownKey("no key with this id is published") from None

    async def warm(self) -> None:
        """Fetch ahead of need; a failure does not matter."""
        if not self._keys:
            await self._look_again()

    async def stop(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _look_again(self) -> None:
        """Wait for the fetch in progress, or start one if the rate limits allow it."""
        now = self._seconds()
        if self._fetching is None:
            if self._keys and now - self._refetched_at < REFETCH:
                return
            if not self._keys and now - self._asked_at < RETRY:
                return
            if self._keys:
                self._refetched_at = now
            self._fetch()
        if self._fetching is not None:
            await asyncio.wait({self._fetching}, timeout=WAIT)

    def _fetch(self) -> None:
        if self._fetching is None:
            self._asked_at = self._seconds()
            self._fetching = asyncio.create_task(self._fetched())

    async def _fetched(self) -> None:
        try:
            document = await self._read(self._url)
            keys = _keys(await self._read(addresses.checked(str(document["jwks_uri"]))))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("msteams.keys_away", url=self._url, why=f"{type(error).__name__}: {error}")
        else:
            if keys:
                self._keys, self._fetched_at = keys, self._seconds()
        finally:
            self._fetching = None

    async def _read(self, url: str) -> Any:
        response = await self._client().get(url, timeout=PATIENCE)
        response.raise_for_status()
        return response.json()


def _keys(document: Any) -> dict[str, Key]:
    """Returns the RSA keys of a key set by their ids; unreadable keys are left out."""
    keys = {}
    for each in document["keys"]:
        if not (isinstance(each, dict) and isinstance(each.get("kid"), str) and each.get("kty") == "RSA"):
            continue
        said = each.get("endorsements")
        try:
            public = RSAAlgorithm.from_jwk(json.dumps({name: each[name] for name in ("kty", "n", "e")}))
        except (PyJWTError, KeyError, TypeError, ValueError) as error:  # one bad key must not hide the others
            log.warning("msteams.key_unreadable", why=type(error).__name__)
            continue
        keys[each["kid"]] = Key(public, tuple(str(channel) for channel in said) if isinstance(said, list) else None)
    return keys
