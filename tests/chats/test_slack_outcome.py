"""What became of a call to Slack: four words, and certain only where it is certain."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.chats import Refused, Throttled, Unknown, Unreachable
from bot.chats.slack.outcome import REASONS, NotAllowed, answer_of, refusal

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, "ratelimited", Throttled),
        (429, None, Throttled),
        (200, "internal_error", Unknown),
        (200, "fatal_error", Unknown),
        (503, "service_unavailable", Unknown),
        (502, None, Unknown),
        (408, None, Unknown),
        (200, None, Unknown),
        (500, None, Unknown),
        (499, None, Unreachable),
        (403, None, Unreachable),
        (400, None, Unreachable),
        (302, None, Unknown),
        (200, "invalid_auth", Unreachable),
        (200, "token_revoked", Unreachable),
        (200, "missing_scope", Unreachable),
        (200, "channel_not_found", Refused),
        (200, "is_archived", Refused),
        (200, "message_not_found", Refused),
        (200, "a_code_nobody_has_seen", Refused),
    ],
)
def test_an_answer_is_told_in_one_of_four_words(status: int, code: str | None, kind: type[Exception]) -> None:
    assert isinstance(refusal(status, code, {}), kind)


GONE_BY = "Thu, 01 Jan 1970 00:00:00 GMT"
NO_YEAR = "Wed, 21 Oct 99999999999 07:28:00 GMT"
FAR = "Wed, 21 Oct 9999 07:28:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("0.5", 0.5), ("", 30), ("soon", 30), ("-1", 30), ("nan", 30), (GONE_BY, 1), (NO_YEAR, 30), (FAR, 3600)],
)
def test_slack_says_how_long_to_wait_or_we_wait_half_a_minute(header: str, seconds: float) -> None:
    error = refusal(429, "ratelimited", {"Retry-After": header})
    assert isinstance(error, Throttled)
    assert error.seconds == seconds


def test_each_refusal_tells_ops_what_to_do() -> None:
    assert all(str(refusal(200, code, {})) == text and len(text) > 40 for code, text in REASONS.items())
    assert "/invite @Action Hero" in str(refusal(200, "not_in_channel", {}))
    assert "lacks a scope (groups:history):" in str(refusal(200, "missing_scope", {}, "groups:history"))
    assert "lacks a scope (see docs/slack.md):" in str(refusal(200, "missing_scope", {}))


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (502, None, "Slack answered 502 without a reason"),
        (200, "fatal_error", "Slack answered 200 fatal_error"),
        (200, "team_added_to_org", "Slack is moving this workspace or channel (team_added_to_org); this is tried again by itself"),
        (403, None, "Something between us and Slack answered 403: check the proxy or firewall"),
        (200, "odd", "Slack refused with 'odd': look it up in Slack's API reference, mend it, then replay"),
    ],
)
def test_what_slack_answered_is_told_with_its_code_or_its_status(status: int, code: str | None, said: str) -> None:
    assert str(refusal(status, code, {})) == said


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            {"text": '{"ok": false, "error": "missing_scope", "needed": "chat:write"}', "content_type": "application/json"},
            NotAllowed,
        ),
        ({"text": '{"ok": false, "error": ["odd"]}', "content_type": "application/json"}, Unknown),
        ({"text": "{", "content_type": "application/json"}, Unknown),
        ({"text": "[1]", "content_type": "application/json"}, Unknown),
        ({"text": "ok", "content_type": "text/plain"}, Unknown),
        ({"body": b"\xff{", "content_type": "application/json"}, Unknown),
        ({"status": 502, "text": "<html>", "content_type": "text/html"}, Unknown),
        ({"status": 429, "text": "<html>", "content_type": "text/html", "headers": {"Retry-After": "3"}}, Throttled),
        (None, Unknown),
    ],
)
async def test_an_answer_is_read_if_it_can_be_and_else_unknown_and_the_call_is_made_once(
    answer: dict[str, Any] | None, kind: type[Exception]
) -> None:
    calls = 0

    async def api(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        if answer is None and request.transport is not None:
            request.transport.abort()
        return web.Response(**(answer or {}))

    app = web.Application()
    app.router.add_route("*", "/{method}", api)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient("xoxb-1", f"http://127.0.0.1:{runner.addresses[0][1]}/", session=session, retry_handlers=[])
        client.proxy = None
        with pytest.raises(kind) as told:
            await answer_of(client.chat_postMessage(channel="C1", text="hello"))
        assert calls == 1
        assert kind is not NotAllowed or "(chat:write)" in str(told.value)
    await runner.cleanup()


async def test_a_connection_that_was_never_made_is_certainly_not_a_post() -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient("xoxb-1", "http://127.0.0.1:1/", session=session, retry_handlers=[])
        client.proxy = None
        with pytest.raises(Unreachable):
            await answer_of(client.chat_postMessage(channel="C1", text="hello"))
