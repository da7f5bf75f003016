"""Survey tools and app stores with an API, on loopback: with pagination, tokens, rate limits, errors, time-outs and dropped
connections. Written from their documentation; shares nothing with the code under test."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

TOKEN = "sample-token"
PAGE = 2
"""Entries per page, whatever was requested."""
HANG_S = 0.7
RETRY_AFTER = 1
KINDS = ("limit", "trouble", "cut", "drop", "hang")

Record = dict[str, Any]


@cache
def _google_key() -> rsa.RSAPrivateKey:
    """Google's, for every emulator of this process: generating one is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Tools:
    """`with Tools() as tools:` serves at `tools.url`. `answers` holds what each tool has, in order of arrival."""

    answers: dict[str, list[Record]] = field(default_factory=dict)
    contacts: dict[str, Record] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    early: list[str] = field(default_factory=list)
    """The callers that ignored a Retry-After."""
    refuses_contacts: int = 0
    """The status with which HubSpot refuses to give contacts, if it does."""
    elsewhere: str = ""
    """Where the link to a next page leads, if it is to lead to another host."""

    def __post_init__(self) -> None:
        self._faults: dict[str, deque[str]] = {}
        self._closed_until: dict[str, float] = {}
        self.google_key = _google_key()
        self.apple_key = ec.generate_private_key(ec.SECP256R1())

    def fail(self, tool: str, *kinds: str) -> None:
        """Make the next calls to a tool fail with these faults, in this order."""
        self._faults.setdefault(tool, deque()).extend(kinds)

    def __enter__(self) -> Self:
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._application(), shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._weather])
        routes = {
            "/surveymonkey/surveys/{survey}/responses/bulk": self._surveymonkey_page,
            "/surveymonkey/surveys/{survey}/responses/{id}/details": self._surveymonkey_one,
            "/qualtrics/API/v3/surveys/{survey}/responses/{id}": self._qualtrics,
            "/simplesat/answers": self._simplesat,
            "/hubspot/crm/v3/objects/feedback_submissions": self._hubspot,
            "/google/androidpublisher/v3/applications/{app}/reviews": self._google,
            "/apple/v1/apps/{app}/customerReviews": self._apple,
        }
        for path, answer in routes.items():
            app.router.add_get(path, answer)
        app.router.add_post("/hubspot/crm/v3/objects/contacts/batch/read", self._hubspot_contacts)
        app.router.add_post("/google/token", self._google_token)
        return app

    @web.middleware
    async def _weather(self, request: web.Request, handler: Any) -> web.StreamResponse:
        tool = request.path.split("/")[1]
        self.asked[tool] += 1
        if time.time() < self._closed_until.get(tool, 0):
            self.early.append(request.path)
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": str(RETRY_AFTER)})
        queued = self._faults.get(tool)
        fault = queued.popleft() if queued else ""
        if fault == "limit":
            self._closed_until[tool] = time.time() + RETRY_AFTER * 0.95
            return web.json_response({"error": "too many"}, status=429, headers={"Retry-After": str(RETRY_AFTER)})
        if fault == "trouble":
            return web.json_response({"error": "oops"}, status=500)
        if fault == "hang":
            await asyncio.sleep(HANG_S)
        if fault == "drop":
            assert request.transport is not None
            request.transport.abort()
        answer: web.StreamResponse = await handler(request)
        if fault == "cut":
            assert isinstance(answer, web.Response)
            assert isinstance(answer.body, bytes)
            return web.Response(body=answer.body[: len(answer.body) // 2], content_type="application/json")
        return answer

    async def _surveymonkey_page(self, request: web.Request) -> web.Response:
        _bearer(request)
        since, page = request.query["start_modified_at"], int(request.query["page"])
        assert request.query["sort_order"] == "ASC"
        every = sorted((r for r in self._of("surveymonkey") if r["date_modified"] >= since), key=lambda r: r["date_modified"])
        data = every[(page - 1) * PAGE : page * PAGE]
        links = {"next": f"{self.url}/surveymonkey/next"} if len(every) > page * PAGE else {}
        return web.json_response({"data": data, "page": page, "per_page": PAGE, "total": len(every), "links": links})

    async def _surveymonkey_one(self, request: web.Request) -> web.Response:
        _bearer(request)
        return _found(next((r for r in self._of("surveymonkey") if r["id"] == request.match_info["id"]), None))

    async def _qualtrics(self, request: web.Request) -> web.Response:
        _header(request, "X-API-TOKEN")
        one = next((r for r in self._of("qualtrics") if r["responseId"] == request.match_info["id"]), None)
        return _found({"result": one, "meta": {"httpStatus": "200 - OK"}} if one else None)

    async def _simplesat(self, request: web.Request) -> web.Response:
        _header(request, "X-Simplesat-Token")
        page = int(request.query["page"])
        every = [r for r in self._of("simplesat") if r["created"][:10] >= request.query["start_date"]]
        following = f"{self.elsewhere or self.url}/simplesat/answers?page={page + 1}" if len(every) > page * PAGE else None
        return web.json_response({"count": len(every), "next": following, "answers": every[(page - 1) * PAGE : page * PAGE]})

    async def _hubspot(self, request: web.Request) -> web.Response:
        _bearer(request)
        asked = request.query["properties"].split(",")
        every = [r for r in self._of("hubspot") if int(r["id"]) >= int(request.query.get("after", "0"))]
        rows = [r | {"properties": {name: value for name, value in r["properties"].items() if name in asked}} for r in every[:PAGE]]
        paging = {"paging": {"next": {"after": every[PAGE]["id"]}}} if len(every) > PAGE else {}
        return web.json_response({"results": rows} | paging)

    async def _hubspot_contacts(self, request: web.Request) -> web.Response:
        _bearer(request)
        if self.refuses_contacts:
            return web.json_response({"status": "error"}, status=self.refuses_contacts)
        wanted = [each["id"] for each in (await request.json())["inputs"]]
        found = {"status": "COMPLETE", "results": [self.contacts[id] for id in wanted if id in self.contacts]}
        if not (gone := [id for id in wanted if id not in self.contacts]):
            return web.json_response(found)
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some CONTACT objects"}
        return web.json_response(found | {"numErrors": 1, "errors": [error | {"context": {"ids": gone}}]}, status=207)

    async def _google_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        claims = jwt.decode(str(form["assertion"]), self.google_key.public_key(), ["RS256"], audience=f"{self.url}/google/token")
        assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
        return web.json_response({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})

    async def _google(self, request: web.Request) -> web.Response:
        _bearer(request)
        start = int(request.query.get("token", "0"))
        every = list(reversed(self._of("google")))
        following = {"tokenPagination": {"nextPageToken": str(start + PAGE)}} if len(every) > start + PAGE else {}
        return web.json_response({"reviews": every[start : start + PAGE]} | following)

    async def _apple(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            jwt.decode(token, self.apple_key.public_key(), ["ES256"], audience="appstoreconnect-v1", issuer="issuer-1")
        except jwt.PyJWTError:
            raise web.HTTPUnauthorized from None
        start = int(request.query.get("cursor", "0"))
        assert request.query["sort"] == "-createdDate"
        every = sorted(self._of("apple"), key=lambda r: r["attributes"]["createdDate"], reverse=True)
        path = f"/apple/v1/apps/{request.match_info['app']}/customerReviews?sort=-createdDate&cursor={start + PAGE}"
        links = {"next": (self.elsewhere or self.url) + path} if len(every) > start + PAGE else {}
        return web.json_response({"data": every[start : start + PAGE], "links": links})

    def _of(self, tool: str) -> list[Record]:
        return self.answers.get(tool, [])

    def google_file(self) -> str:
        """Returns the key file of a service account."""
        key = self.google_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        return json.dumps(
            {"client_email": "hero@x.iam.gserviceaccount.com", "private_key": key, "token_uri": f"{self.url}/google/token"}
        )

    def apple_file(self) -> str:
        return self.apple_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


def _bearer(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized


def _header(request: web.Request, name: str) -> None:
    if request.headers.get(name) != TOKEN:
        raise web.HTTPUnauthorized


def _found(record: Mapping[str, Any] | None) -> web.Response:
    if record is None:
        raise web.HTTPNotFound
    return web.json_response(record)
