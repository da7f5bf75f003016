"""A small Microsoft Teams for the tests of one folder: an issuer with keys to roll, and a connector that writes down what it is told."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import jwt
from aiohttp import web
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette

from bot.chats import Chat, ChatServices
from bot.chats.msteams import Options
from bot.chats.msteams.speak import connect
from bot.doors.browser_doorway import Doorway
from handlers.cards import Reply
from handlers.feedback import Person, Place
from handlers.situation import Tap
from storage.database import Store
from tests.emulators.msteams.tokens import made
from tests.running import eventually

APP, TENANT = "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"
TEAM, SHOP = "19:team@thread.tacv2", "19:shop@thread.tacv2"
PRIVATE = "a:private-of-ana"
HOUSE_TIME = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)


@dataclass
class Issuer:
    """Signs as the Bot Framework does. `published` are the numbers of the keys in its document."""

    url: str = ""
    published: list[int] = field(default_factory=lambda: [0])
    endorsements: list[str] | None = field(default_factory=lambda: ["msteams", "webchat"])
    fetches: int = 0
    slow: float = 0
    away: bool = False

    def token(self, service_url: str, key: int = 0, kid: str | None = None, **claims: Any) -> str:
        now = int(time.time())
        said = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": service_url, "nbf": now - 10, "exp": now + 600}
        said |= claims
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(kept, made(key), "RS256", headers={"kid": kid or f"key-{key}"})

    async def document(self, request: web.Request) -> web.Response:
        self.fetches += 1
        await anyio.sleep(self.slow)
        if self.away:
            return web.Response(status=503, text="<html>away</html>")
        return web.json_response({"jwks_uri": f"{self.url}/keys"})

    async def keys(self, request: web.Request) -> web.Response:
        said = {} if self.endorsements is None else {"endorsements": self.endorsements}
        public = [json.loads(RSAAlgorithm.to_jwk(made(n).public_key())) | {"kid": f"key-{n}"} | said for n in self.published]
        return web.json_response({"keys": [{"kid": "odd", "kty": "EC"}, {"kty": "RSA", "kid": "bad", "n": "?", "e": "?"}, *public]})


@dataclass
class Connector:
    """Answers the connector's routes. `next` are answers to give instead of the usual, in order."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    tokens: int = 0
    next: list[Callable[[], web.Response]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    reading: anyio.Event = field(default_factory=anyio.Event)
    """Set once a roster was read; that answer leaves when `read` allows."""
    read: anyio.Event | None = None
    listing: anyio.Event = field(default_factory=anyio.Event)
    """Set once the channels of a team were listed; that answer leaves when `listed` allows."""
    listed: anyio.Event | None = None
    opening: anyio.Event = field(default_factory=anyio.Event)
    """Set once a private chat was opened; that answer leaves when `opened` allows."""
    opened: anyio.Event | None = None

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.calls.append((request.method, request.path_qs, body))
        self.bearers.append(request.headers.get("authorization", ""))
        if self.next:
            return self.next.pop(0)()
        return await self._usual(request, body)

    async def _usual(self, request: web.Request, body: Any) -> web.Response:
        number, path = len(self.calls), request.path
        if path.endswith("/pagedmembers"):
            at = int(request.query.get("continuationToken", "0"))
            more = {"continuationToken": str(at + self.page)} if at + self.page < len(self.members) else {}
            told = {"members": self.members[at : at + self.page], **more}
            self.reading.set()
            if self.read is not None:
                await self.read.wait()
            return web.json_response(told)
        if "/members/" in path:
            return web.json_response({"id": path.rsplit("/", 1)[1], "name": "Ana", "email": "ana@northwind.example"})
        if path.startswith("/v3/teams/"):
            self.listing.set()
            if self.listed is not None:
                await self.listed.wait()
            return web.json_response({"conversations": [{"id": TEAM}, {"id": SHOP, "name": "Oak Street"}]})
        if path == "/v3/conversations" and body.get("isGroup"):
            channel = body["channelData"]["channel"]["id"]
            return web.json_response({"id": f"{channel};messageid={number}", "activityId": str(number)}, status=201)
        if path == "/v3/conversations":
            self.opening.set()
            if self.opened is not None:
                await self.opened.wait()
            return web.json_response({"id": PRIVATE}, status=201)
        return web.json_response({"id": str(number)}, status=201)

    async def token(self, request: web.Request) -> web.Response:
        self.tokens += 1
        asked = await request.post()
        assert asked["grant_type"] == "client_credentials"
        return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": 3600, "token_type": "Bearer"})

    def said(self) -> list[dict[str, Any]]:
        """The activities that were sent, in order; edits too."""
        bodies = [body for method, path, body in self.calls if body and "/members" not in path]
        return [body.get("activity", body) for body in bodies if body.get("type") == "message" or "activity" in body]


@dataclass
class World:
    """A chat between the two, and the house it asks, of which only the words are real."""

    issuer: Issuer
    connector: Connector
    url: str
    store: Store
    taps: list[Tap] = field(default_factory=list)
    words: list[tuple[str, Person, Place]] = field(default_factory=list)
    reply: Callable[[Tap], Reply] = lambda _: Reply("Done.")
    answer: Callable[[str], Reply] = lambda word: Reply(f"You said {word}.")
    tap_takes: float = 0
    chat: Chat = field(init=False)
    client: httpx.AsyncClient = field(init=False)

    async def tap(self, tap: Tap) -> Reply:
        await anyio.sleep(self.tap_takes)
        self.taps.append(tap)
        return self.reply(tap)

    async def command(self, word: str, person: Person, place: Place) -> Reply:
        self.words.append((word, person, place))
        return self.answer(word)

    def options(self, **more: Any) -> Options:
        return Options.model_validate(
            {
                "app_id": APP, "app_secret": "s3cret", "tenant": TENANT, "service_urls": [f"{self.url}/"],
                "login_url": self.url, "openid_url": f"{self.url}/openid", **more,
            }
        )  # fmt: skip

    async def send(self, activity: Mapping[str, Any], header: str | None = None) -> httpx.Response:
        header = f"Bearer {self.issuer.token(str(activity.get('serviceUrl')))}" if header is None else header
        return await self.client.post("/msteams/messages", json=dict(activity), headers={"authorization": header} if header else {})

    def activity(self, type: str, who: str = "ana", channel: str | None = SHOP, **more: Any) -> dict[str, Any]:
        talk = (
            {"id": f"{channel};messageid=1", "conversationType": "channel", "isGroup": True, "tenantId": TENANT}
            if channel
            else {"id": PRIVATE, "conversationType": "personal", "tenantId": TENANT}
        )
        place = {"channel": {"id": channel}, "team": {"id": TEAM, "name": "Northwind"}} if channel else {}
        return {
            "type": type,
            "id": f"activity-{time.monotonic_ns()}",
            "channelId": "msteams",
            "serviceUrl": f"{self.url}/",
            "from": {"id": f"29:{who}", "name": who.title(), "aadObjectId": f"aad-{who}"},
            "recipient": {"id": f"28:{APP}", "name": "Action Hero"},
            "conversation": talk,
            "channelData": {"tenant": {"id": TENANT}, **place},
            **more,
        }

    def press(self, data: Mapping[str, Any], who: str = "ana", channel: str | None = SHOP, **more: Any) -> dict[str, Any]:
        value = {"action": {"type": "Action.Execute", "verb": data.get("verb"), "data": dict(data)}, "trigger": "manual"}
        return self.activity("invoke", who, channel, name="adaptiveCard/action", value=value, **more)

    async def installed(self) -> None:
        """The bot was added to the team, and has learnt its channels."""
        added = self.activity("conversationUpdate", channel=TEAM, membersAdded=[{"id": f"28:{APP}"}])
        assert (await self.send(added)).status_code == 200
        await eventually(lambda: any("/v3/teams/" in path for _, path, _ in self.connector.calls))
        await self.chat_is_quiet()

    async def chat_is_quiet(self) -> None:
        await eventually(lambda: not self.chat._wire._work)  # type: ignore[attr-defined]


@asynccontextmanager
async def world(store: Store, *, deadline: float = 3, **more: Any) -> AsyncIterator[World]:
    issuer, connector = Issuer(), Connector()
    app = web.Application()
    app.router.add_get("/openid", issuer.document)
    app.router.add_get("/keys", issuer.keys)
    app.router.add_post(f"/{TENANT}/oauth2/v2.0/token", connector.token)
    app.router.add_route("*", "/v3/{rest:.*}", connector.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    issuer.url = url
    here = World(issuer, connector, url, store)
    services = ChatServices(here.tap, here.command, lambda: HOUSE_TIME, store, deadline)
    here.chat = connect(here.options(**more), services)
    await here.chat.start()
    await eventually(lambda: issuer.fetches > 0)
    await here.chat_is_quiet()
    asgi = httpx.ASGITransport(Doorway(Starlette(routes=here.chat.routes()), https=False))
    try:
        async with httpx.AsyncClient(transport=asgi, base_url="http://bot") as here.client:
            yield here
    finally:
        await here.chat.stop()
        await runner.cleanup()
