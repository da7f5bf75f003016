"""Signs a body as a sender would: written from the vendors' descriptions, sharing nothing with the code that verifies."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from standardwebhooks import Webhook


@dataclass
class Signed:
    """What the sender adds to a request."""

    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: bytes | None = None
    """The body with the signature in it, where it belongs there."""


def sign(how: dict[str, Any], secret: str, body: bytes, at: datetime) -> Signed:
    """`how` is the `signed` of a sample: scheme, and where they matter header, timestamp (its header), prefix."""
    scheme, prefix = how["scheme"], how.get("prefix", "")
    key = secret.encode()
    match scheme:
        case "hmac-sha256-hex" | "hmac-sha1-hex":
            name = "sha256" if "sha256" in scheme else "sha1"
            return Signed({how["header"]: prefix + hmac.new(key, body, name).hexdigest()})
        case "hmac-sha256-base64" | "hmac-sha1-base64":
            algorithm = hashlib.sha256 if "sha256" in scheme else hashlib.sha1
            return Signed({how["header"]: prefix + base64.b64encode(hmac.new(key, body, algorithm).digest()).decode()})
        case "hmac-sha256-base64-timestamp":
            stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            mac = hmac.new(key, stamp.encode() + body, hashlib.sha256)
            return Signed({how["header"]: prefix + base64.b64encode(mac.digest()).decode(), how["timestamp"]: stamp})
        case "standard-webhooks":
            signature = Webhook(secret).sign("msg_1", at, body.decode())
            return Signed({"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature})
        case "hmac-sha512-form":
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
            digest = hmac.new(key, fields.get("MSG", "").encode("utf-8", "replace"), hashlib.sha512).hexdigest()
            return Signed(body=body + b"&" + urlencode({"HMAC": digest}).encode())
        case "header":
            return Signed({how["header"]: prefix + secret})
        case "url":
            return Signed(query=f"?key={quote(secret)}")
    raise AssertionError(f"nobody taught the tests to sign by {scheme}")
