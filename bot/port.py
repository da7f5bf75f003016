"""Finds the port to serve at, and listens there."""

from __future__ import annotations

import errno
import socket

from bot.config.values import http_url


class PortTaken(Exception):
    """Somebody else listens on that port."""


_HELP = {
    errno.EADDRINUSE: "Stop what runs there, or pass --port with a free one.",
    errno.EACCES: "Ports below 1024 are for root: pass --port with a higher one, behind a proxy.",
}


def listen(host: str, port: int, *, move: bool = False) -> socket.socket:
    """Returns a listening socket. If the port is taken, uses a free one with `move`, else raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # only then does asyncio set TCP_NODELAY
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        if move and port:
            listening.close()
            return listen(host, 0)
        listening.close()
        do = _HELP.get(error.errno or 0, "Correct server.host in app.yaml: an address or a name of this machine, without a port.")
        raise PortTaken(f"cannot listen on {host}:{port} ({error.strerror}). Nothing was started. {do}") from None
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def address_of(listening: socket.socket) -> str:
    """Returns the URL of the socket, for a browser."""
    host, port = listening.getsockname()[:2]
    return http_url(host, port)
