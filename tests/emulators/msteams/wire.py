"""The HTTP side of the emulator: routes, tokens, rates, faults, and the answers in JSON and HTML."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulators.msteams import activities
from tests.emulators.msteams.connector import METHODS, Asked, Method
from tests.emulators.msteams.errors import CODES, BadCallError, RefusedError
from tests.emulators.msteams.faults import PAGE
from tests.emulators.msteams.issuer import LoginError
from tests.emulators.msteams.tenant import record
from tests.emulators.msteams.world import Call, Json
from tests.emulators.pending import until

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams

PREFIX = "/emea"
_GONE = 60.0


def application(teams: MsTeams) -> web.Application:
    """Returns the application with all routes of the emulator."""
    app = web.Application(client_max_size=2**21)

    async def token(request: web.Request) -> web.StreamResponse:
        return await _token(teams, request)

    async def metadata(request: web.Request) -> web.StreamResponse:
        return await _document(teams, request, "metadata", lambda: teams.issuer.metadata(f"http://{teams.origin}"))

    async def keys(request: web.Request) -> web.StreamResponse:
        return await _document(teams, request, "keys", teams.issuer.keys)

    async def log(_request: web.Request) -> web.StreamResponse:
        return web.json_response(_log(teams))

    async def stray(request: web.Request) -> web.StreamResponse:
        return _stray(teams, request)

    for method in METHODS:
        app.router.add_route(method.verb, PREFIX + method.path, _handler(teams, method))
    app.router.add_post("/login/{tenant}/oauth2/v2.0/token", token)
    app.router.add_get("/v1/.well-known/openidconfiguration", metadata)
    app.router.add_get("/v1/.well-known/keys", keys)
    app.router.add_get("/_log", log)
    app.router.add_route("*", "/{rest:.*}", stray)
    return app


def _handler(teams: MsTeams, method: Method) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await _connector(teams, request, method)

    return handle


def _log(teams: MsTeams) -> Json:
    calls: dict[str, int] = {}
    for call in teams.calls:
        calls[call.method] = calls.get(call.method, 0) + 1
    return {
        "posts": [record(m) for m in teams.posts()],
        "violations": [{"method": v.method, "key": v.key, "at": v.at, "early": v.early} for v in teams.violations],
        "rejections": [str(r) for r in teams.rejections],
        "calls": calls,
        "fetches": dict(teams.issuer.fetches),
    }


def _stray(teams: MsTeams, request: web.Request) -> web.Response:
    error = BadCallError("NotFound", f"{request.method} {request.path}")
    teams.reject("stray", error.code, error.detail, request.path)
    teams.calls.append(Call("stray", "", request.path, time.monotonic(), error.code))
    return web.json_response(error.body, status=error.status)


# Login and issuer


async def _token(teams: MsTeams, request: web.Request) -> web.StreamResponse:
    arrived = time.monotonic()
    teams.issuer.fetches["token"] += 1
    fault = teams.faults.pick("token")
    form = {key: str(value) for key, value in (await request.post()).items()}
    outcome, answer = fault or "ok", await _struck(teams, request, fault)
    if answer is None:
        try:
            answer = web.json_response(teams.issuer.grant(request.match_info["tenant"], form))
        except LoginError as error:
            outcome, answer = error.error, web.json_response(error.body, status=error.status)
            teams.reject("token", outcome, [str(error)], sorted(form))
    teams.calls.append(Call("token", "", {**form, "client_secret": "…"}, arrived, outcome))
    return await _spoilt(teams, request, fault, answer)


async def _document(teams: MsTeams, request: web.Request, name: str, make: Callable[[], Json]) -> web.StreamResponse:
    teams.issuer.fetches[name] += 1
    fault = teams.faults.pick(name)
    teams.calls.append(Call(name, "", None, time.monotonic(), fault or "ok"))
    answer = await _struck(teams, request, fault) or web.json_response(make())
    return await _spoilt(teams, request, fault, answer)


async def _struck(teams: MsTeams, request: web.Request, fault: str | None) -> web.StreamResponse | None:
    try:
        return await _play(teams, request, fault)
    except RefusedError as error:
        return web.json_response(error.body, status=error.status)


# The connector


async def _connector(teams: MsTeams, request: web.Request, method: Method) -> web.StreamResponse:
    arrived = time.monotonic()
    asked = Asked(dict(request.match_info), dict(request.query), None)
    outcome, fault = "ok", None
    answer: web.StreamResponse
    try:
        _admit(teams, request)
        asked = Asked(asked.path, asked.query, await _body(request, method))
        throttled = _rate(teams, method, asked, arrived)
        if throttled is None:
            fault = teams.faults.pick(method.name)
            throttled = await _play(teams, request, fault, _budgets(teams, method, asked))
            outcome = fault or "ok"
        else:
            outcome = "Throttled"
        answer = throttled or _answered(method.run(teams, asked), method.status)
    except RefusedError as error:
        if isinstance(error, BadCallError):
            teams.reject(method.name, error.code, error.detail, asked.body)
        outcome, fault, answer = error.code, None, web.json_response(error.body, status=error.status)
    teams.calls.append(Call(method.name, _place(teams, asked), asked.body, arrived, outcome))
    return await _spoilt(teams, request, fault, answer)


def _answered(body: Json | None, status: int) -> web.Response:
    return web.Response(status=status) if body is None else web.json_response(body, status=status)


def _admit(teams: MsTeams, request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise BadCallError("BotNotRegistered", "Authorization has been denied for this request: no bearer token")
    if not teams.issuer.is_live(token):
        raise RefusedError("BotNotRegistered", "Authorization has been denied for this request.")


async def _body(request: web.Request, method: Method) -> Any:
    text = await request.text()
    if method.verb not in ("POST", "PUT"):
        if text:
            raise BadCallError("BadSyntax", f"{method.verb} takes no body")
        return None
    if request.content_type != "application/json":
        raise BadCallError("UnsupportedMediaType")
    activities.check_size(text)
    try:
        read = json.loads(text)
    except ValueError as error:
        raise BadCallError("BadSyntax", str(error)) from None
    if not isinstance(read, dict):
        raise BadCallError("BadSyntax", "the body must be an object")
    return read


def _place(teams: MsTeams, asked: Asked) -> str:
    """Returns the conversation of a call, ignoring the thread; the id of a private chat even before it is created."""
    if "conversation" in asked.path:
        return asked.path["conversation"].partition(";")[0]
    if "team" in asked.path or not isinstance(asked.body, dict):
        return asked.path.get("team", "")
    try:
        channel = (asked.body.get("channelData") or {}).get("channel")
        who = str((channel or asked.body["members"][0])["id"])
    except (LookupError, TypeError, AttributeError):
        return ""
    return teams.dm(who).id if who in teams.people else who


def _budgets(teams: MsTeams, method: Method, asked: Asked) -> list[tuple[str, str]]:
    return [(method.budget, _place(teams, asked)), ("tenant", teams.tenant)]


def _rate(teams: MsTeams, method: Method, asked: Asked, arrived: float) -> web.StreamResponse | None:
    late = teams.meter.early(_budgets(teams, method, asked), arrived)
    if late is None:
        return None
    early, (kind, key) = late
    teams.violate(method.name, f"{kind}:{key}", arrived, early)
    return _too_many(teams, teams.meter.pause(early), html=teams.html_errors)


def _too_many(teams: MsTeams, pause: float, *, html: bool) -> web.Response:
    """Retry-After is in whole seconds, at least 1, unless time is scaled."""
    wait = {"Retry-After": str(round(pause)) if teams.time_scale >= 1 else f"{pause:g}"}
    if html:
        return _page(429, wait)
    return web.json_response(RefusedError("Throttled").body, status=429, headers=wait)


def _page(status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=PAGE.format(status), content_type="text/html", headers=headers)


# Faults


async def _play(
    teams: MsTeams, request: web.Request, fault: str | None, budgets: list[tuple[str, str]] | None = None
) -> web.StreamResponse | None:
    """Returns the answer of a fault that accepts nothing; None if the call should be executed. Raises RefusedError for a code."""
    match fault:
        case None | "drop" | "broken" | "html" | "504late":
            return None
        case "502" | "503" | "504":
            return _page(int(fault))
        case "413html":
            return _page(413)
        case "500":
            raise RefusedError("ServiceError")
        case "412":
            raise RefusedError("PreconditionFailed")
        case "429" | "429html":
            pause = teams.meter.pause(1)
            for budget in (budgets or [])[:1]:
                teams.meter.block(budget, time.monotonic() + pause)
            return _too_many(teams, pause, html=fault == "429html")
        case "reset" | "hang":
            return await _no_answer(teams, request, wait=fault == "hang")
        case "late":
            await until(lambda: _is_gone(teams, request), _GONE)
            await asyncio.sleep(teams.late_by)
            return None
    raise RefusedError(fault if fault in CODES else "ServiceError", *([] if fault in CODES else [fault]))


async def _spoilt(teams: MsTeams, request: web.Request, fault: str | None, answer: web.StreamResponse) -> web.StreamResponse:
    """Returns the answer to an executed call as a fault lets it through."""
    match fault:
        case "drop":
            return await _no_answer(teams, request, wait=False)
        case "504late":
            return _page(504)
        case "html":
            return _page(200)
        case "broken" if isinstance(answer, web.Response) and answer.text:
            return web.Response(text=answer.text[: len(answer.text) // 2], status=answer.status, content_type="application/json")
    return answer


def _is_gone(teams: MsTeams, request: web.Request) -> bool:
    return teams.closing or request.transport is None or request.transport.is_closing()


async def _no_answer(teams: MsTeams, request: web.Request, *, wait: bool) -> web.StreamResponse:
    """Close the connection without an answer; with `wait`, only after the caller has gone."""
    if wait:
        await until(lambda: _is_gone(teams, request), _GONE * 10)
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
