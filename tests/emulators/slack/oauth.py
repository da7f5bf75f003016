"""Installing the app: the page that asks for consent, and oauth.v2.access, which exchanges a code or a refresh token, once."""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from tests.emulators.slack.world import Json

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack


@dataclass
class OAuth:
    """The app's settings, and who installed it. `life` is the seconds a token lasts; 0 means tokens do not rotate."""

    client_id: str = "111.222"
    client_secret: str = "emulated-client-secret"
    life: float = 0.0
    codes: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    """Valid tokens, with their expiry on the monotonic clock."""
    refreshes: dict[str, Json] = field(default_factory=dict)
    exchanges: list[str] = field(default_factory=list)
    """The kind of each granted exchange: `code` or `refresh_token`."""
    spoken: threading.Event | None = None
    """Exchanges are granted, and their answers do not leave before this is set."""
    organisation: str | None = None
    """The id of an organisation that installs the app as a whole."""
    team: str | None = None
    """The id of another workspace, which installs the app next."""


async def authorize(slack: Slack, request: web.Request) -> web.Response:
    """Slack's consent page, on which somebody has pressed Allow already, or Cancel with ?cancel=1."""
    asked = request.query
    if asked.get("client_id") != slack.oauth.client_id or set(asked.get("scope", "").split(",")) - slack.scopes:
        return web.Response(status=400, text="invalid_client_id or invalid_scope")
    code = secrets.token_hex(8)
    slack.oauth.codes[code] = {"redirect_uri": asked["redirect_uri"]}
    told = {"error": "access_denied"} if "cancel" in asked else {"code": code}
    raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode({**told, 'state': asked['state']})}")


async def access(slack: Slack, request: web.Request) -> web.Response:
    form, oauth = await request.post(), slack.oauth
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    given = base64.b64decode(said).decode() if kind == "Basic" else f"{form.get('client_id')}:{form.get('client_secret')}"
    if given != f"{oauth.client_id}:{oauth.client_secret}":
        return web.json_response({"ok": False, "error": "bad_client_secret"})
    if form.get("grant_type") == "refresh_token":
        kind, grant = "refresh_token", oauth.refreshes.pop(str(form.get("refresh_token")), None)
    else:
        kind, grant = "code", oauth.codes.pop(str(form.get("code")), None)
        if grant is not None and grant["redirect_uri"] != form.get("redirect_uri"):
            return web.json_response({"ok": False, "error": "bad_redirect_uri"})
    if grant is None:
        return web.json_response({"ok": False, "error": "invalid_refresh_token" if kind == "refresh_token" else "invalid_code"})
    granted = _granted(slack)
    oauth.exchanges.append(kind)
    if oauth.spoken is not None:
        await asyncio.to_thread(oauth.spoken.wait, 10)
    return web.json_response(granted)


def _granted(slack: Slack) -> Json:
    oauth, token = slack.oauth, f"xoxe.xoxb-installed-{secrets.token_hex(8)}"
    oauth.tokens[token] = time.monotonic() + (oauth.life or 1e9)
    group = oauth.organisation or slack.company
    company, team = {"id": group, "name": "Northwind Group"} if group else None, {"id": slack.team, "name": slack.domain.title()}
    if oauth.team is not None:
        team, slack.others[token] = {"id": oauth.team, "name": "Elsewhere"}, oauth.team
    answer: Json = {
        "ok": True,
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(sorted(slack.scopes)),
        "bot_user_id": slack.bot_user,
        "app_id": slack.app_id,
        "team": None if oauth.organisation else team,
        "enterprise": company,
        "is_enterprise_install": oauth.organisation is not None,
        "authed_user": {"id": "UADMIN"},
    }
    if oauth.life:
        refresh = f"xoxe-1-{secrets.token_hex(8)}"
        oauth.refreshes[refresh] = {}
        answer |= {"refresh_token": refresh, "expires_in": int(oauth.life)}
    return answer


def is_good(slack: Slack, token: str) -> bool:
    return slack.oauth.tokens.get(token, 0.0) > time.monotonic()
