"""The HTTP side of the emulator: parsing calls as Slack does, tokens, rates, faults, and the answers."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulators.pending import until
from tests.emulators.slack import chat, conversations, modals, oauth, sockets
from tests.emulators.slack.errors import ApiError, BadCallError
from tests.emulators.slack.methods import Method
from tests.emulators.slack.respond import respond
from tests.emulators.slack.workspace import record
from tests.emulators.slack.world import Call, Json

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack

METHODS: dict[str, Method] = {m.name: m for m in (*chat.METHODS, *conversations.METHODS, *modals.METHODS, *sockets.METHODS)}
_OBJECTS = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format", "view": "invalid_arguments"}
_FLAGS = frozenset({"inclusive", "include_all_metadata", "include_locale", "include_num_members", "unfurl_links"}) | {
    *("unfurl_media", "reply_broadcast", "mrkdwn", "link_names", "as_user", "return_im", "prevent_creation")
}
_GONE = 60.0


def application(slack: Slack) -> web.Application:
    """Returns the application with all routes of the emulator."""

    async def api(request: web.Request) -> web.StreamResponse:
        return await _api(slack, request)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _response_url(slack, request)

    async def link(request: web.Request) -> web.StreamResponse:
        return await sockets.listen(slack, request)

    async def log(_request: web.Request) -> web.StreamResponse:
        return web.json_response(_log(slack))

    async def allow(request: web.Request) -> web.StreamResponse:
        return await oauth.authorize(slack, request)

    async def exchange(request: web.Request) -> web.StreamResponse:
        return await oauth.access(slack, request)

    app = web.Application(client_max_size=2**20)
    app.router.add_get("/oauth/v2/authorize", allow)
    app.router.add_post("/api/oauth.v2.access", exchange)
    app.router.add_route("*", "/api/{method}", api)
    app.router.add_post("/response/{id}", answer)
    app.router.add_get("/link", link)
    app.router.add_get("/_log", log)
    return app


def _log(slack: Slack) -> Json:
    calls: dict[str, int] = {}
    for call in slack.calls:
        calls[call.method] = calls.get(call.method, 0) + 1
    return {
        "posts": [record(m) for m in slack.posts()],
        "violations": [{"method": v.method, "key": v.key, "at": v.at, "early": v.early} for v in slack.violations],
        "rejections": [str(r) for r in slack.rejections],
        "calls": calls,
    }


async def _api(slack: Slack, request: web.Request) -> web.StreamResponse:
    name, arrived = request.match_info["method"], time.monotonic()
    args: Json = {}
    try:
        args = await _arguments(request)
        outcome, answer = await _play(slack, request, name, args, arrived)
    except ApiError as error:
        outcome, answer = error.code, _refusal(slack, name, args, error)
    slack.calls.append(Call(name, args, arrived, outcome))
    return answer


def _refusal(slack: Slack, name: str, args: Json, error: ApiError) -> web.Response:
    if isinstance(error, BadCallError):
        slack.reject(name, error.code, error.detail, args)
    body: Json = {"ok": False, "error": error.code, **error.more}
    if error.detail:
        body |= {"errors": error.detail, "response_metadata": {"messages": [f"[ERROR] {why}" for why in error.detail]}}
    return web.json_response(body)


async def _play(slack: Slack, request: web.Request, name: str, args: Json, arrived: float) -> tuple[str, web.StreamResponse]:
    """Run one call through token, rate, fault and method. Returns the outcome for the log, and the answer."""
    method = METHODS.get(name)
    if method is None:
        raise BadCallError("unknown_method", name)
    token = _admit(slack, request, args, method)
    throttled = _rate(slack, name, args, arrived)
    if throttled is not None:
        return "ratelimited", throttled
    fault = slack.faults.pick(name)
    match fault:
        case None | "drop" | "broken" | "text":
            pass
        case "500" | "502" | "503":
            return fault, web.Response(status=int(fault), text="<html>Bad Gateway</html>", content_type="text/html")
        case "429":
            slack.meter.block(name, _key(slack, name, args), arrived + slack.meter.pause(1))
            return fault, _too_many(slack, slack.meter.pause(1))
        case "reset" | "hang":
            return fault, await _no_answer(slack, request, wait=fault == "hang")
        case "late":
            await until(lambda: _is_gone(slack, request), _GONE)
            await asyncio.sleep(slack.late_by)
        case _:
            raise ApiError(fault)
    slack.acting = slack.others.get(token, slack.team)
    return await _do(slack, request, method, args, fault)


async def _do(slack: Slack, request: web.Request, method: Method, args: Json, fault: str | None) -> tuple[str, web.StreamResponse]:
    _check_arguments(method, args)
    if not method.app:
        slack.need(*method.scopes)
    body = json.dumps({"ok": True, **method.run(slack, args)})
    match fault:
        case "drop":
            return fault, await _no_answer(slack, request, wait=False)
        case "broken":
            return fault, web.Response(text=body[: len(body) // 2], content_type="application/json")
        case "text":
            return fault, web.Response(text="ok", content_type="text/plain")
    scopes = ",".join(sorted(slack.scopes))
    return fault or "ok", web.Response(text=body, content_type="application/json", headers={"x-oauth-scopes": scopes})


def _check_arguments(method: Method, args: Json) -> None:
    missing = sorted(method.needs - args.keys())
    unknown = sorted(args.keys() - method.takes - {"token", "team_id"})
    if missing or unknown:
        raise BadCallError(
            "invalid_arguments", *(f"missing required field: {k}" for k in missing), *(f"unknown argument: {k}" for k in unknown)
        )


async def _arguments(request: web.Request) -> Json:
    """Returns the arguments from query, form or JSON body, with nested JSON parsed and flags as booleans."""
    args: Json = dict(request.query)
    if "token" in args:
        raise BadCallError("not_authed", "a token in the query is not accepted")
    if request.content_type == "application/json":
        name = request.match_info["method"]
        if name in METHODS and not METHODS[name].body and await request.text() not in ("", "{}"):
            raise BadCallError("invalid_arguments", f"{name} reads no JSON body: send a form or a query")
        args |= _json_body(await request.text())
    elif request.method == "POST":
        args |= {key: str(value) for key, value in (await request.post()).items()}
    for key, value in args.items():
        if key in _OBJECTS and isinstance(value, str):
            args[key] = _json_field(value, _OBJECTS[key])
        elif key in _FLAGS and isinstance(value, str):
            args[key] = value.lower() in ("1", "true")
        elif key == "limit" and isinstance(value, str) and value.isdecimal():
            args[key] = int(value)
    return args


def _json_body(text: str) -> Json:
    read = _json_field(text or "{}", "invalid_json")
    if not isinstance(read, dict):
        raise BadCallError("json_not_object", "the body must be an object")
    return read


def _json_field(text: str, code: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadCallError(code, str(error)) from None


def _admit(slack: Slack, request: web.Request, args: Json, method: Method) -> str:
    """Returns the token, which must be of the right kind, sent as a header or in the form."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value if kind == "Bearer" else args.pop("token", "")
    args.pop("token", None)
    if not token:
        raise ApiError("not_authed")
    if token in slack.revoked:
        raise ApiError("token_revoked")
    wanted, other = (slack.app_token, slack.token) if method.app else (slack.token, slack.app_token)
    if not method.app and oauth.is_good(slack, token):
        return token
    if token in slack.oauth.tokens:
        raise ApiError("token_expired")
    if token == other:
        raise BadCallError("not_allowed_token_type", f"{method.name} wants {'an app' if method.app else 'a bot'} token")
    if token != wanted:
        raise ApiError("invalid_auth")
    return token


def _key(slack: Slack, name: str, args: Json) -> str:
    """Returns whose budget a call uses. A user id and their private conversation share one."""
    rate = slack.meter.rates.get(name)
    place = str(args.get(rate.by, "")) if rate and rate.by else ""
    return slack.dm(place).id if place in slack.people else place


def _rate(slack: Slack, name: str, args: Json, arrived: float) -> web.Response | None:
    key = _key(slack, name, args)
    early = slack.meter.early(name, key, arrived)
    if not early:
        return None
    slack.violate(name, key, arrived, early)
    return _too_many(slack, slack.meter.pause(early))


def _too_many(slack: Slack, pause: float) -> web.Response:
    """Retry-After is in whole seconds, at least 1, unless time is scaled."""
    wait = str(round(pause)) if slack.time_scale >= 1 else f"{pause:g}"
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": wait})


def _is_gone(slack: Slack, request: web.Request) -> bool:
    return slack.closing or request.transport is None or request.transport.is_closing()


async def _no_answer(slack: Slack, request: web.Request, *, wait: bool) -> web.StreamResponse:
    """Close the connection without an answer; with `wait`, only after the caller has gone."""
    if wait:
        await until(lambda: _is_gone(slack, request), _GONE * 10)
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


async def _response_url(slack: Slack, request: web.Request) -> web.StreamResponse:
    arrived, body = time.monotonic(), {}
    try:
        if request.content_type != "application/json":
            raise BadCallError("invalid_payload", "a response_url wants JSON")
        body = _json_body(await request.text())
        respond(slack, request.match_info["id"], body)
    except ApiError as error:
        if isinstance(error, BadCallError):
            slack.reject("response_url", error.code, error.detail, body)
        slack.calls.append(Call("response_url", body, arrived, error.code))
        return web.json_response({"ok": False, "error": error.code}, status=404 if error.code.endswith("_url") else 400)
    slack.calls.append(Call("response_url", body, arrived, "ok"))
    return web.Response(text="ok", content_type="text/plain")
