"""Signed tokens as the Bot Framework's issuer makes them, and every forgery that a bot must refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Json = dict[str, Any]
LIFE = 3600
SKEW = 300
"""The permitted clock difference in seconds: an expired token must exceed it."""

FORGERIES = {
    "no header": "no Authorization header at all",
    "empty header": "an empty Authorization header",
    "wrong scheme": "Basic instead of Bearer",
    "garbage": "a bearer that is no token",
    "no signature": "a token cut off before its signature",
    "wrong audience": "made for another bot",
    "no audience": "made for nobody",
    "wrong issuer": "by another issuer",
    "no issuer": "by no issuer",
    "expired": "expired for longer than clocks may differ",
    "not yet valid": "valid only later than clocks may differ",
    "no expiry": "never expires",
    "wrong service url": "for another service than the activity names",
    "no service url": "for no service",
    "hs256": "signed with the public key as a shared secret",
    "none": "not signed, and saying so",
    "wrong key": "signed with another key under the name of a real one",
    "unknown key": "signed with a key that nobody published",
    "no key id": "without saying which key",
    "not endorsed": "signed with a published key that does not vouch for msteams",
    "tampered": "claims changed after signing",
}


@dataclass(frozen=True)
class Key:
    """A signing key of the issuer. `endorsements` are the channels it vouches for."""

    kid: str
    private: rsa.RSAPrivateKey
    endorsements: tuple[str, ...] = ("msteams",)

    def published(self) -> Json:
        """Returns this key as part of a JWKS document."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.kid, "n": _number(numbers.n), "e": _number(numbers.e),
            "endorsements": list(self.endorsements),
        }  # fmt: skip


@cache
def made(_nth: int) -> rsa.RSAPrivateKey:
    """Returns a private key, cached by number because generating one is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def claims(*, app_id: str, issuer: str, service_url: str, now: float) -> Json:
    """Returns the claims of a valid token. `now` is seconds since the epoch."""
    return {"serviceurl": service_url, "nbf": int(now) - SKEW, "exp": int(now) + LIFE, "iss": issuer, "aud": app_id}


def signed(key: Key, said: Json, **header: Any) -> str:
    """Returns a token with these claims. A header whose value is None is left out."""
    head = {"alg": "RS256", "kid": key.kid, "x5t": key.kid, "typ": "JWT", **header}
    body = _body({name: value for name, value in head.items() if value is not None}, said)
    return f"{body}.{b64(key.private.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _body(head: Json, said: Json) -> str:
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(said).encode())}"


def forged(kind: str, key: Key, unendorsed: Key, said: Json, now: float) -> str | None:
    """Returns the Authorization header of a forgery (see FORGERIES); None means no header."""
    changed = _CHANGED.get(kind)
    if changed is not None:
        claimed = {**said, **(changed(now) if callable(changed) else changed)}
        return f"Bearer {signed(key, {name: value for name, value in claimed.items() if value is not None})}"
    match kind:
        case "no header":
            return None
        case "empty header":
            return ""
        case "wrong scheme":
            return f"Basic {signed(key, said)}"
        case "garbage":
            return "Bearer not.a.token"
        case "no signature":
            return "Bearer " + signed(key, said).rpartition(".")[0]
        case "hs256":
            body = _body({"alg": "HS256", "kid": key.kid, "typ": "JWT"}, said)
            secret = key.published()["n"].encode()
            return f"Bearer {body}.{b64(hmac.digest(secret, body.encode(), hashlib.sha256))}"
        case "none":
            return f"Bearer {_body({'alg': 'none', 'kid': key.kid, 'typ': 'JWT'}, said)}."
        case "wrong key":
            return f"Bearer {signed(Key(key.kid, made(-1)), said)}"
        case "unknown key":
            return f"Bearer {signed(Key(f'unheard-of-{now}', made(-1)), said)}"
        case "no key id":
            return f"Bearer {signed(key, said, kid=None, x5t=None)}"
        case "not endorsed":
            return f"Bearer {signed(unendorsed, said)}"
        case "tampered":
            head, _, tail = signed(key, said).split(".")
            return f"Bearer {head}.{b64(json.dumps({**said, 'exp': said['exp'] + 1}).encode())}.{tail}"
    raise ValueError(f"no such forgery: {kind!r}; there is: {', '.join(FORGERIES)}")


_CHANGED: dict[str, Any] = {
    "wrong audience": {"aud": "00000000-0000-0000-0000-00000000dead"},
    "no audience": {"aud": None},
    "wrong issuer": {"iss": "https://api.botframework.example"},
    "no issuer": {"iss": None},
    "expired": lambda now: {"nbf": int(now) - 2 * LIFE, "exp": int(now) - 2 * SKEW},
    "not yet valid": lambda now: {"nbf": int(now) + 2 * SKEW, "exp": int(now) + LIFE},
    "no expiry": {"exp": None},
    "wrong service url": {"serviceurl": "https://smba.trafficmanager.example/emea/"},
    "no service url": {"serviceurl": None},
}
