"""Lets a workspace install the app itself: /slack/install redirects to Slack, /slack/oauth_redirect handles the return."""

from __future__ import annotations

import hmac
import html
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.chats import ChatServices, Trouble, Unknown
from bot.chats.slack import Options
from bot.chats.slack.manifest import SCOPES
from bot.chats.slack.wires import Wires
from bot.vault import Unsealable, Vault
from handlers.feedback import Place
from handlers.wording import asides
from storage import slack
from storage.database import Unavailable

log = structlog.get_logger()

COOKIE = "hero_slack_install"
WITHIN_S = 600
"""Seconds that an installation may take."""


def routes(options: Options, services: ChatServices, wires: Wires) -> Sequence[BaseRoute]:
    """Empty without client_id in app.yaml: then its bot_token is the only token."""
    if options.client_id is None or wires.vault is None or services.secret is None or services.public_url is None:
        return ()
    desk = _Desk(
        options, services, wires, wires.vault, Vault(services.secret.get_secret_value(), "slack install"), services.public_url
    )
    return (Route("/slack/install", desk.begin, methods=["GET"]), Route("/slack/oauth_redirect", desk.finish, methods=["GET"]))


class _Desk:
    """The two endpoints and what they share. The OAuth state is sealed, and valid only in the browser that began the
    installation."""

    def __init__(
        self, options: Options, services: ChatServices, wires: Wires, tokens: Vault, states: Vault, public_url: str
    ) -> None:
        self._options, self._services, self._wires, self._tokens, self._states = options, services, wires, tokens, states
        self._back = f"{public_url}/slack/oauth_redirect"
        self._path = urlsplit(self._back).path  # as the browser sees it: a proxy may have taken its beginning away
        self._encrypted = public_url.startswith("https://")

    async def begin(self, _: Request) -> Response:
        nonce = secrets.token_urlsafe(32)
        asked = {
            "client_id": self._options.client_id,
            "scope": ",".join(SCOPES),
            "redirect_uri": self._back,
            "state": self._states.seal(nonce),
        }
        response = RedirectResponse(f"{urljoin(self._options.api_url, '/oauth/v2/authorize')}?{urlencode(asked)}", 302)
        response.set_cookie(COOKIE, nonce, max_age=WITHIN_S, path=self._path, secure=self._encrypted, httponly=True, samesite="lax")
        return response

    async def finish(self, request: Request) -> Response:
        if not self._is_theirs(request):
            return self._page(asides.install_expired(), 400)
        code = request.query_params.get("code")
        if not code:  # the user pressed Cancel
            return self._page(asides.install_cancelled(), 200)
        try:
            row = await self._exchanged(code)
            await self._services.store.write(slack.install, row)
            channel = Place("slack", await self._wires.named(row["workspace"]), "C0123456")
        except (Trouble, Unavailable) as error:
            log.warning("slack.install_failed", why=str(error))
            return self._page(asides.install_failed(), 502)
        log.info("slack.installed", workspace=row["workspace"])
        return self._page(asides.installed(row["name"], channel.address), 200)

    def _is_theirs(self, request: Request) -> bool:
        """Returns whether this browser began the installation, at most WITHIN_S seconds ago."""
        try:
            nonce = self._states.open(request.query_params.get("state", ""), WITHIN_S)
        except Unsealable:
            return False
        return bool(nonce) and hmac.compare_digest(nonce.encode(), request.cookies.get(COOKIE, "").encode())

    async def _exchanged(self, code: str) -> Mapping[str, Any]:
        """Returns the row of the workspace, with sealed tokens."""
        said = await self._wires.exchanged(code=code, redirect_uri=self._back)
        team, company = said.get("team") or {}, said.get("enterprise") or {}
        whole = bool(said.get("is_enterprise_install"))
        home = company if whole else team
        if not home.get("id") or not said.get("access_token"):
            raise Unknown("Slack's answer does not say who installed it")
        life = float(said.get("expires_in") or 0)
        return {
            "workspace": home["id"],
            "name": home.get("name") or home["id"],
            "team_id": None if whole else team.get("id"),
            "enterprise_id": company.get("id"),
            "bot_user": said.get("bot_user_id") or "",
            "token": self._tokens.seal(said["access_token"]),
            "refresh": self._tokens.seal(said.get("refresh_token") or ""),
            "expires_s": time.time() + life if life else 0.0,
        }

    def _page(self, words: str, status: int) -> Response:
        response = HTMLResponse(f"<!doctype html><meta charset=utf-8><title>Action Hero</title><p>{html.escape(words)}</p>", status)
        response.delete_cookie(COOKIE, path=self._path)
        return response
