"""The client with which the bot asks survey tools and Microsoft, and `hero doctor` the bot."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from bot.loopback import LOOPBACK

DIRECTLY: Mapping[str, httpx.AsyncBaseTransport | None] = {
    f"all://[{host}]" if ":" in host else f"all://{host}": None for host in LOOPBACK
}
"""No proxy that the environment names stands between us and this machine."""


def http_client(timeout_s: float, *, connect_s: float = 5, **options: Any) -> httpx.AsyncClient:
    """Returns a client that follows no redirects: those would be addresses from outside, and a token would go along."""
    timeout = httpx.Timeout(timeout_s, connect=min(connect_s, timeout_s))
    return httpx.AsyncClient(verify=trusted(), timeout=timeout, follow_redirects=False, mounts=DIRECTLY, **options)


@cache
def trusted() -> ssl.SSLContext:
    """Returns which certificates are trusted: those that come with httpx, or that SSL_CERT_FILE or SSL_CERT_DIR name. They are
    read once per process, which takes 40 ms."""
    return httpx.create_ssl_context()
