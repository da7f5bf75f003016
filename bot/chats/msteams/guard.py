"""Checks every request first: admits only what Microsoft signed for this bot, from an address that may be called back.

The bot builder checks issuer, signature, time and endorsement. Checked here in addition: a token must expire, must be for this app,
and must name the service it came from; and any failure is a refusal, never a server error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botbuilder.schema import Activity
from botframework.connector.auth.authentication_constants import AuthenticationConstants
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor
from botframework.connector.auth.verify_options import VerifyOptions

from bot.chats import TurnedAway
from bot.chats.msteams import Options, addresses
from bot.chats.msteams.keys import Key, Keys, UnknownKey

CHANNEL = "msteams"
SKEW = 300
"""Seconds by which the issuer's clock and ours may differ."""


class _Endorsed:
    """Only the keys that may sign for Microsoft Teams."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def get(self, key_id: str | None) -> Key:
        key = await self._keys.get(key_id)
        if key.endorsements is not None and CHANNEL not in key.endorsements:
            raise TurnedAway(403, "the key it is signed with does not speak for Microsoft Teams")
        return key


class Doorkeeper:
    """Admits activities signed with the issuer's `keys`."""

    def __init__(self, options: Options, keys: Keys) -> None:
        self._options = options
        rules = VerifyOptions(issuer=[options.issuer], audience=None, clock_tolerance=SKEW, ignore_expiration=False)
        self._extractor = JwtTokenExtractor(rules, options.openid_url, AuthenticationConstants.ALLOWED_SIGNING_ALGORITHMS)
        self._extractor.open_id_metadata = _Endorsed(keys)

    async def admit(self, headers: Mapping[str, str], content: bytes) -> Activity:
        """Returns the activity in a request. Raises TurnedAway."""
        header = headers.get("authorization", "")
        if not header.startswith("Bearer "):
            raise TurnedAway(401, "no bearer token")
        body = _object(content)
        await self._verify(header, body)
        try:
            activity = Activity().deserialize(body)
        except Exception as error:
            raise TurnedAway(400, "not an activity of the Bot Framework") from error
        if not isinstance(activity, Activity):
            raise TurnedAway(400, "not an activity of the Bot Framework")
        return activity

    async def _verify(self, header: str, body: dict[str, Any]) -> None:
        claims = await self._claims(header)
        if not isinstance(claims.get("exp"), int | float):
            raise TurnedAway(401, "the token never expires")
        if claims.get("aud") != self._options.app_id:
            raise TurnedAway(403, "the token is for another app; is app_id right?")
        if body.get("channelId") != CHANNEL:
            raise TurnedAway(403, "not from Microsoft Teams")
        url = body.get("serviceUrl")
        if not isinstance(url, str) or not url or claims.get("serviceurl") != url:
            raise TurnedAway(403, "the token does not speak for the service address it came with")
        if not addresses.allowed(url, self._options.service_urls):
            raise TurnedAway(403, "its service address is not one of service_urls")
        tenants = {tenant.casefold() for tenant in _tenants(body)}  # Teams names the tenant in everything it sends
        if tenants != {self._options.tenant.casefold()}:
            raise TurnedAway(403, "from another tenant" if tenants else "it names no tenant")

    async def _claims(self, header: str) -> dict[str, Any]:
        """Returns the claims of the token, once the bot builder has verified it, which fails with many exception types. Raises
        TurnedAway."""
        try:
            identity = await self._extractor.get_identity_from_auth_header(header, CHANNEL)
        except TurnedAway:
            raise
        except UnknownKey as error:
            raise TurnedAway(401, str(error)) from None
        except Exception as error:  # whatever it is, the token is not proven
            raise TurnedAway(401, f"the token does not hold: {type(error).__name__}") from error
        if identity is None or not identity.is_authenticated:
            raise TurnedAway(401, "the token is not from the issuer we know")
        return dict(identity.claims)


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise TurnedAway(400, "not JSON") from None
    if not isinstance(read, dict):
        raise TurnedAway(400, "not a JSON object")
    return read


def _tenants(body: dict[str, Any]) -> Sequence[str]:
    """Returns every tenant that the activity names."""
    said = [
        _part(_part(body, "conversation"), "tenantId"),
        _part(_part(_part(body, "channelData"), "tenant"), "id"),
    ]
    return [tenant for tenant in said if isinstance(tenant, str) and tenant]


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
