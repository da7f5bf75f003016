"""Decides which addresses may be called. One narrow grammar reads them, so that no two parsers can disagree. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.loopback import LOOPBACK

PORTS = {"https": 443, "http": 80}
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[::1\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~/%+-]*)?",
    re.IGNORECASE | re.ASCII,
)
CLIMBING = re.compile(r"(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Server:
    """The server of an address."""

    scheme: str
    host: str
    port: int

    @property
    def is_safe(self) -> bool:
        """Returns whether a secret may be sent there: https, or plain http to this machine."""
        return self.scheme == "https" or self.host.strip("[]") in LOOPBACK


def server(url: str) -> Server | None:
    """Returns the server of `url`; None when the grammar rejects it (a user name, a query, a backslash, `..` in the path)."""
    match = ADDRESS.fullmatch(url)
    if match is None or CLIMBING.search(match["path"] or ""):
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"]) if match["port"] else PORTS[scheme]
    return Server(scheme, match["host"].lower(), port) if 0 < port < 65536 else None


def checked(url: str) -> str:
    """Returns the same address, if a secret may be sent there. Raises ValueError saying what is wrong otherwise."""
    found = server(url)
    if found is None:
        raise ValueError(f"{url!r} is not a plain address such as https://host/path")
    if not found.is_safe:
        raise ValueError(f"{url!r} is not https; plain http is for 127.0.0.1 only")
    return url


def allowed(url: str, among: Iterable[str]) -> bool:
    """Returns whether `url` has the scheme, host and port of one of `among`, and a secret may be sent there."""
    found = server(url)
    return found is not None and found.is_safe and any(server(each) == found for each in among)
