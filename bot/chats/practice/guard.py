"""Who may call the practice page: a browser on this computer, and only from the page itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.doors.browser_doorway import ALWAYS
from bot.loopback import LOOPBACK
from storage.database import Unavailable

PASSED_ON = ("forwarded", "x-forwarded-", "x-real-ip")
"""How the names of the headers begin that proxies and tunnels add. What they say of the host proves nothing: many pass on whatever
the client wrote."""

HEADERS = {name.decode(): value.decode() for name, value in ALWAYS.items()} | {"cache-control": "no-store"}

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint for this computer only. A foreign host name (DNS rebinding), whatever came through a proxy, or a form from
    another page gets a 403."""

    async def answer(request: Request) -> Response:
        reason = _refusal(request)
        if reason:
            return PlainTextResponse(reason, 403, HEADERS)
        try:
            response = await endpoint(request)
        except Unavailable:
            words = "The database does not answer, so nothing was changed and nothing was lost. Please try again in a moment."
            response = PlainTextResponse(words, 503, {"Retry-After": "5"})
        response.headers.update(HEADERS)
        return response

    return answer


def _refusal(request: Request) -> str:
    host = request.headers.get("host", "")
    if _hostname(host) not in LOOPBACK:
        return "The practice chat is only for this computer: open it as http://127.0.0.1 or http://localhost."
    if any(name.startswith(PASSED_ON) for name in request.headers):
        return "The practice chat is only for this computer, and this came through a proxy or a tunnel: open it without one."
    if request.method in ("GET", "HEAD"):
        return ""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin") or (origin is not None and urlsplit(origin).netloc != host):
        return "This form was sent by another page, so nothing was changed. Open the practice chat itself and press there."
    return ""


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
