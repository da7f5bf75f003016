"""The issuer and the login: OpenID metadata, rotating signing keys, and client-credentials tokens that expire."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable

from tests.emulators.msteams import tokens
from tests.emulators.msteams.tokens import Json, Key

SCOPE = "https://api.botframework.com/.default"


class LoginError(Exception):
    """A refused login, worded as Entra does."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.body = {
            "error": error,
            "error_description": description,
            "error_codes": [int(description[6:].split(":", maxsplit=1)[0])],
        }


class Issuer:
    """Signs what Teams sends, and issues the bot's tokens. Only the emulator's thread changes it."""

    def __init__(
        self, *, app_id: str, app_secret: str, tenant: str, issuer: str, token_life: float, now: Callable[[], float]
    ) -> None:
        self.app_id, self.app_secret, self.tenant, self.issuer = app_id, app_secret, tenant, issuer
        self.token_life = token_life
        self.fetches: Counter[str] = Counter()
        """How often `metadata`, `keys` and `token` were requested, successfully or not."""
        self._now = now
        self._live: dict[str, float] = {}
        self._rolled = 0
        self._key = self._new_key()
        self._unendorsed = Key(secrets.token_hex(8), tokens.made(-2), ("webchat", "directline"))
        self._published = [self._unendorsed, self._key]

    # Keys

    def _new_key(self) -> Key:
        self._rolled += 1
        return Key(secrets.token_hex(8), tokens.made(self._rolled))

    def roll_keys(self, *, publish: bool = True, retire: bool = False) -> None:
        """Sign with a new key from now on; `publish` it at once, and `retire` (withdraw) the old ones."""
        self._key = self._new_key()
        if retire:
            self._published = [self._unendorsed]
        if publish:
            self.publish_keys()

    def publish_keys(self) -> None:
        """Publish the current key, if `roll_keys` did not."""
        if self._key not in self._published:
            self._published.append(self._key)

    def metadata(self, origin: str) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{origin}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }

    def keys(self) -> Json:
        return {"keys": [key.published() for key in self._published]}

    # Tokens of what Teams sends

    def authorization(self, service_url: str, forgery: str | None = None) -> str | None:
        """Returns the Authorization header of an activity from this service: valid, or forged (see tokens.FORGERIES)."""
        now = self._now()
        said = tokens.claims(app_id=self.app_id, issuer=self.issuer, service_url=service_url, now=now)
        if forgery is not None:
            return tokens.forged(forgery, self._key, self._unendorsed, said, now)
        return f"Bearer {tokens.signed(self._key, said)}"

    # Tokens of what the bot sends

    def grant(self, tenant: str, form: Json) -> Json:
        """Exchange client credentials for a token. Raises LoginError."""
        if tenant != self.tenant:
            raise LoginError(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")
        wrong = set(form) ^ {"grant_type", "client_id", "client_secret", "scope"}
        if wrong:
            raise LoginError(400, "invalid_request", f"AADSTS900144: missing or unknown parameters: {', '.join(sorted(wrong))}")
        if form["grant_type"] != "client_credentials":
            raise LoginError(400, "unsupported_grant_type", f"AADSTS70003: grant type {form['grant_type']!r} is not supported.")
        if form["client_id"] != self.app_id:
            raise LoginError(400, "unauthorized_client", f"AADSTS700016: Application '{form['client_id']}' was not found.")
        if form["client_secret"] != self.app_secret:
            raise LoginError(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if form["scope"] != SCOPE:
            raise LoginError(400, "invalid_scope", f"AADSTS70011: The scope {form['scope']!r} is not valid.")
        return self._granted()

    def _granted(self) -> Json:
        token = secrets.token_urlsafe(32)
        self._live[token] = time.monotonic() + self.token_life
        lasts = int(self.token_life)
        return {"token_type": "Bearer", "expires_in": lasts, "ext_expires_in": lasts, "access_token": token}

    def token(self) -> str:
        """Returns a valid bearer token without a login, for calls that a test makes itself."""
        return str(self._granted()["access_token"])

    def expire_tokens(self) -> None:
        """Invalidate every token issued so far, as when the secret is changed."""
        self._live.clear()

    def is_live(self, token: str) -> bool:
        return self._live.get(token, 0.0) > time.monotonic()
