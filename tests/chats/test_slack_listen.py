"""What Slack sends us: who is let in, what a tap is read as, and that every answer comes before any call of ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus, urlencode

import anyio
import httpx
import pytest
import structlog
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from bot.chats import ChatServices, TurnedAway
from bot.chats.slack import Options, guard, in_time, taps
from bot.chats.slack.manifest import EVENTS, SCOPES, manifest
from bot.chats.slack.speak import connect
from bot.doctor.conversations import some
from bot.doors.bounded import MOST_BYTES
from bot.doors.browser_doorway import Doorway
from handlers.cards import Ask, Card, Field, Form, Reply
from handlers.feedback import Person, Place
from handlers.situation import Tap, Written
from handlers.wording import asides
from storage.database import Unavailable

pytestmark = pytest.mark.anyio

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_795_000_000.0
HOUSE_TIME = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
FORM = Form(
    "close",
    42,
    "How did it end?",
    "",
    "Close it",
    (Field("outcome", "How?", Ask.CHOICE, (("fixed", "Fixed"),)), Field("done", "What?", Ask.TEXT)),
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def signed(body: bytes, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def status(headers: Mapping[str, str], body: bytes) -> int:
    try:
        guard.admit(headers, body, SECRET, NOW)
    except TurnedAway as error:
        return error.status
    return 200


@pytest.mark.parametrize(("later", "said"), [(420, "420 s behind"), (-301, "301 s ahead of")])
def test_a_time_too_far_off_is_told_with_how_far_as_it_may_be_this_machine_whose_clock_is_wrong(later: int, said: str) -> None:
    with pytest.raises(TurnedAway, match=rf"more than 5 minutes off: {said} this machine's clock$"):
        guard.admit(signed(b"{}"), b"{}", SECRET, NOW + later)


def test_a_signed_event_is_let_in_as_the_object_it_is() -> None:
    body = b'{"type": "event_callback", "event": {"type": "app_home_opened"}}'
    assert guard.admit(signed(body), body, SECRET, NOW)["event"] == {"type": "app_home_opened"}


def test_a_command_that_says_payload_is_still_a_command() -> None:
    body = b"command=%2Fhero&text=the+payload+is+broken&channel_name=payload"
    assert guard.admit(signed(body), body, SECRET, NOW)["text"] == "the payload is broken"


PIECES = [
    b"%41",
    b"%3d",
    b"%25",
    b"%C3%A9",
    b"%0D%0A",
    b"=",
    b"+",
    b"_",
    b" ",
    b"\r\n",
    b"\n",
    b"%",
    b"%4",
    b"a",
    b"\xc3\xa9",
    b"\xc3",
]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
@example(b"\xc3%aa")
def test_a_form_is_read_as_others_read_it_or_refused(form: bytes) -> None:
    broken = re.search(rb"%(?![0-9A-Fa-f]{2})|[\x80-\xff]", form)  # what is not ASCII is always escaped
    try:
        expected = None if broken else unquote_plus(form.decode(), errors="strict")
    except UnicodeDecodeError:
        expected = None
    if expected is None:
        with pytest.raises(ValueError, match=r"digits|decode"):
            guard.unquoted(form)
    else:
        assert guard.unquoted(form) == expected


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_is_good_for_five_minutes_either_way(seconds: int) -> None:
    body = b"{}"
    assert status(signed(body, NOW + seconds), body) == 401
    assert status(signed(body, NOW + seconds - seconds // 301), body) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=00"},
        {"x-slack-signature": "v0=\xe9"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "-1795000000"},
        {"x-slack-request-timestamp": "١٧٩٥٠٠٠٠٠٠"},
        {"x-slack-request-timestamp": "9" * 400},
    ],
)
def test_a_signature_that_cannot_be_read_is_turned_away(change: dict[str, str]) -> None:
    assert status({**signed(b"{}"), **change}, b"{}") == 401


def test_a_body_changed_after_signing_is_turned_away() -> None:
    assert status(signed(b'{"a": 1}'), b'{"a": 2}') == 401
    assert status(signed(b"{}", secret="another"), b"{}") == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"payload=%FF",
        b"a=b",
        b"payload=3",
        b'{"a":' * 100_000,
        b'{"type": "event_callback", "event": null}',
        b'{"type": "event_callback", "event": []}',
        b'payload={"type": "block_actions", "actions": []}',
        b'payload={"type": "block_actions", "actions": [3]}',
        b'payload={"type": "block_actions", "actions": [{}], "user": 3}',
    ],
)
def test_a_signed_body_that_is_not_slacks_is_a_bad_request_and_not_an_accident(body: bytes) -> None:
    assert status(signed(body), body) == 400


@given(st.binary(max_size=300))
def test_any_bytes_are_let_in_or_turned_away_and_nothing_else(body: bytes) -> None:
    assert status(signed(body), body) in (200, 400)


@pytest.mark.parametrize(
    ("action", "wish"),
    [
        ({"action_id": "claim", "value": "42"}, taps.Pressed("claim", 42)),
        ({"action_id": "raise:2", "value": "7"}, taps.Pressed("raise", 7)),
        ({"action_id": "menu", "selected_option": {"value": "hand_over:42"}}, taps.Pressed("hand_over", 42)),
        ({"action_id": "claim", "value": "abc"}, None),
        ({"action_id": "claim", "value": "-1"}, None),
        ({"action_id": "claim", "value": "٤٢"}, None),
        ({"action_id": "claim", "value": "9" * 30}, None),
        ({"action_id": "menu", "selected_option": {"value": "claim"}}, None),
        ({"action_id": "Claim\n", "value": "1"}, None),
        ({}, None),
    ],
)
def test_a_press_is_read_as_a_verb_and_a_follow_up_or_as_nothing(action: dict[str, Any], wish: taps.Pressed | None) -> None:
    assert taps.pressed({"actions": [action]}) == wish


def test_a_form_remembers_where_it_was_opened() -> None:
    at = taps.Origin(channel="C1", message_ts="1.2", thread_ts="1.0", home=False)
    kept = taps.luggage(42, at)
    assert taps.submitted({"callback_id": "close", "private_metadata": kept}) == (taps.Pressed("close", 42), at)
    assert taps.submitted({"callback_id": "close", "private_metadata": "nonsense"})[0] is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "value", "team_id", "actions", "name"]), inner, max_size=3)
    ),
)


@given(
    st.dictionaries(
        st.sampled_from(["user", "team", "view", "actions", "channel", "container", "message", "enterprise", "authorizations"]),
        json_values,
    )
)
def test_no_payload_however_odd_breaks_the_reading(payload: dict[str, Any]) -> None:
    taps.pressed(payload)
    taps.person(payload, {"T1": "main", "E1": "main"})
    assert all(taps.here(payload).ids)
    taps.origin(payload)
    view = {"state": {"values": payload}, "callback_id": "close"}
    taps.submitted(view)
    taps.answers(view)
    taps.people(view)


class AsSoonAsAnswered(httpx.AsyncBaseTransport):
    """Returns a response once it was sent, as a server does. httpx's own waits until the application has nothing left to do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._running = app, set[asyncio.Task[None]]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent: asyncio.Queue[Message] = asyncio.Queue()
        body = await request.aread()
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": b"",
            "headers": request.headers.raw,
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        task = asyncio.ensure_future(self._app(scope, receive, sent.put))
        self._running.add(task)
        start, rest = await asyncio.wait_for(sent.get(), 60), await asyncio.wait_for(sent.get(), 60)
        return httpx.Response(start["status"], headers=start["headers"], content=rest["body"])

    async def aclose(self) -> None:
        await asyncio.gather(*self._running)


@dataclass
class World:
    """A house with a till, a stand-in for Slack's API on loopback, and a pen to sign requests with."""

    reply: Reply = field(default_factory=Reply)
    away: bool = False
    mistake: Exception | None = None
    heard: list[Tap] = field(default_factory=list)
    words: list[tuple[str, Person, Place]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    answered: list[int] = field(default_factory=list)
    client: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    url: str = ""
    hangs: asyncio.Event = field(default_factory=asyncio.Event)
    """The database answers once this is set."""

    def __post_init__(self) -> None:
        self.hangs.set()

    def hang(self) -> None:
        """From now on the database hangs."""
        self.hangs.clear()
        self.client = httpx.AsyncClient(transport=AsSoonAsAnswered(self.client._transport.app), base_url="http://hero.test")  # type: ignore[attr-defined]

    async def tap(self, tap: Tap) -> Reply:
        self.heard.append(tap)
        await self.hangs.wait()
        if self.away:
            raise Unavailable("the database is away")
        return self.reply

    async def command(self, word: str, person: Person, place: Place) -> Reply:
        self.words.append((word, person, place))
        await self.hangs.wait()
        if self.away:
            raise Unavailable("the database is away")
        if self.mistake is not None:
            raise self.mistake
        return self.reply

    async def overhear(self, written: Written) -> bool:
        if self.mistake is not None:
            raise self.mistake
        await self.hangs.wait()
        return True

    async def api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "auth.test":
            return web.json_response({"ok": True, "team_id": "T1", "user_id": "UBOT", "bot_id": "B1"})
        if method == "users.info":  # the one call that comes before an answer
            return web.json_response({"ok": True, "user": {"id": request.query["user"], "team_id": "T1"}})
        said = await request.json()
        if method != "response_url":
            assert request.headers["Authorization"] == "Bearer xoxb-1"
        self.calls.append((method, said))
        if method in self.refuse:
            return web.json_response({"ok": False, "error": self.refuse[method]}, status=404 if method == "response_url" else 200)
        return web.json_response({"ok": True, "channel": "C1", "ts": "1.2"})

    async def send(self, body: bytes) -> httpx.Response:
        calls_before = len(self.calls)
        answer = await self.client.post("/slack/events", content=body, headers=signed(body, time.time()))
        self.answered.append(len(self.calls) - calls_before)
        return answer

    async def press(self, action: dict[str, Any], **more: Any) -> httpx.Response:
        payload = {
            "type": "block_actions",
            "user": {"id": "U1", "username": "ana", "team_id": "T1"},
            "team": {"id": "T1"},
            "channel": {"id": "C1"},
            "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"},
            "trigger_id": "trigger",
            "response_url": f"{self.url}/response_url",
            "actions": [{"type": "button", "block_id": "b", **action}],
            **more,
        }
        return await self.send(b"payload=" + quote(json.dumps(payload)).encode())

    async def submit(self, done: str | None) -> httpx.Response:
        values = {
            "outcome": {"outcome": {"selected_option": {"value": "fixed"}}},
            "done": {"done": {"value": done}},
            "to": {"to": {"selected_user": "U7"}},
        }
        view = {
            "type": "modal",
            "title": {"type": "plain_text", "text": FORM.title},
            "callback_id": "close",
            "private_metadata": taps.luggage(42, taps.Origin("C1", "1.2")),
            "state": {"values": values},
        }
        payload = {
            "type": "view_submission",
            "user": {"id": "U1", "name": "ana", "team_id": "T1"},
            "team": {"id": "T1"},
            "view": view,
        }
        return await self.send(b"payload=" + quote(json.dumps(payload)).encode())

    async def event(self, event_id: str, event: dict[str, Any]) -> httpx.Response:
        return await self.send(
            json.dumps({"type": "event_callback", "event_id": event_id, "team_id": "T1", "event": event}).encode()
        )

    async def called(self, times: int = 1) -> list[tuple[str, dict[str, Any]]]:
        with anyio.fail_after(60):
            while len(self.calls) < times:  # noqa: ASYNC110 - what is waited for happens at the other end of a socket
                await anyio.sleep(0.005)
        return self.calls


@asynccontextmanager
async def listening(**settings: Any) -> AsyncIterator[World]:
    world = World(**settings)
    app = web.Application()
    app.router.add_route("*", "/{method}", world.api)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    options = Options.model_validate({"bot_token": "xoxb-1", "signing_secret": SECRET, "api_url": world.url})
    with some(None) as store:
        services = ChatServices(
            tap=world.tap, command=world.command, now=lambda: HOUSE_TIME, store=store, deadline=30.0, overhear=world.overhear
        )
        chat = connect(options, services)
        await chat.start()
        transport = httpx.ASGITransport(Doorway(Starlette(routes=chat.routes()), https=False))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://hero.test") as client:
                world.client = client
                yield world
        finally:
            await chat.stop()
            await runner.cleanup()


async def test_a_press_is_committed_then_answered_then_whispered() -> None:
    async with listening(reply=Reply("Yours, thank you.")) as world:
        answer = await world.press({"action_id": "claim", "value": "42"})
        assert (answer.status_code, answer.text) == (200, "")
        assert world.heard == [Tap("claim", 42, Person("slack", "main", "U1", "ana"), HOUSE_TIME)]
        ((method, said),) = await world.called()
        assert (method, said["text"], said["response_type"], said["replace_original"]) == (
            "response_url",
            "Yours, thank you.",
            "ephemeral",
            False,
        )


async def test_a_press_that_needs_answers_opens_a_form() -> None:
    async with listening(reply=Reply(form=FORM)) as world:
        await world.press({"action_id": "menu", "type": "overflow", "selected_option": {"value": "close:42"}})
        ((method, said),) = await world.called()
        assert (method, said["trigger_id"], said["view"]["callback_id"]) == ("views.open", "trigger", "close")
        assert json.loads(said["view"]["private_metadata"]) == {"target": 42, "channel": "C1", "message_ts": "1.2"}


async def test_a_form_that_opens_too_late_says_so() -> None:
    async with listening(reply=Reply(form=FORM), refuse={"views.open": "expired_trigger_id"}) as world:
        await world.press({"action_id": "close", "value": "42"})
        calls = await world.called(2)
        assert calls[1][1]["text"] == asides.form_did_not_open()


async def test_a_button_nobody_knows_is_answered_politely_and_changes_nothing() -> None:
    async with listening() as world:
        assert (await world.press({"action_id": "claim", "value": "abc"})).status_code == 200
        ((_, said),) = await world.called()
        assert (said["text"], world.heard) == (asides.not_understood(), [])


async def test_a_press_while_the_database_is_away_says_that_nothing_was_changed() -> None:
    async with listening(away=True) as world:
        assert (await world.press({"action_id": "claim", "value": "42"})).status_code == 200
        ((_, said),) = await world.called()
        assert said["text"] == asides.not_saved()


async def test_a_form_sent_while_the_database_is_away_stays_open_with_all_that_was_typed() -> None:
    async with listening(away=True) as world:
        answer = await world.submit("I called her.")
        assert answer.json() == {"response_action": "errors", "errors": {"outcome": asides.not_saved()}}
        assert world.calls == []


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot does not wait for the database as long as it may, so that the tests need not either."""
    assert in_time.IN_TIME <= 2.5
    monkeypatch.setattr(in_time, "IN_TIME", 0.05)


@pytest.mark.usefixtures("soon")
async def test_a_press_that_hangs_and_is_not_saved_after_all_is_told_in_the_direct_messages() -> None:
    async with listening(away=True) as world:
        world.hang()
        answer = await world.press({"action_id": "claim", "value": "42"})
        assert (answer.status_code, answer.text) == (200, "")
        ((method, said),) = await world.called()
        assert (method, said["text"], said["response_type"]) == ("response_url", asides.taking_long(), "ephemeral")
        world.hangs.set()
        _, (method, said) = await world.called(2)
        assert (method, said["channel"], said["text"]) == ("chat.postMessage", "U1", asides.not_saved())


@pytest.mark.usefixtures("soon")
async def test_a_form_that_hangs_and_is_not_saved_after_all_is_opened_again_with_what_was_typed_and_chosen() -> None:
    async with listening(away=True) as world:
        world.hang()
        answer = (await world.submit("I called her.")).json()
        assert (answer["response_action"], answer["view"]["blocks"][0]["text"]["text"]) == ("update", asides.told_later())
        assert world.calls == []
        world.hangs.set()
        ((method, said),) = await world.called()
        assert (method, said["channel"]) == ("chat.postMessage", "U1")
        assert asides.not_saved() in json.dumps(said["blocks"])
        world.away, world.reply = False, Reply(form=FORM)
        [button] = [each for block in said["blocks"] if block["type"] == "actions" for each in block["elements"]]
        await world.press(button)
        _, (_, opened) = await world.called(2)
        asked = {block["block_id"]: block["element"] for block in opened["view"]["blocks"]}
        assert asked["outcome"]["initial_option"]["value"] == "fixed"
        assert asked["done"]["initial_value"] == "I called her."
        assert [(tap.verb, tap.target, tap.answers is None) for tap in world.heard] == [("close", 42, False), ("close", 42, True)]


@pytest.mark.usefixtures("soon")
async def test_what_was_wrong_in_a_form_that_hung_is_told_and_what_it_asks_next_is_opened_by_a_button() -> None:
    for reply, words in (
        (Reply(errors={"done": "Please say what we did."}, form=FORM), "Please say what we did."),
        (Reply(form=replace(FORM, title="Once more")), "Once more"),
    ):
        async with listening(reply=reply) as world:
            world.hang()
            await world.submit("no")
            world.hangs.set()
            ((method, said),) = await world.called()
            assert (method, words in json.dumps(said["blocks"]), "close" in json.dumps(said["blocks"])) == (
                "chat.postMessage",
                True,
                True,
            )


@pytest.mark.usefixtures("soon")
async def test_a_word_that_hangs_is_answered_where_it_was_typed_once_it_can_be() -> None:
    async with listening(reply=Reply("One customer waits for you.")) as world:
        world.hang()
        typed = {"command": "/hero", "text": "mine", "user_id": "U1", "team_id": "T1", "channel_id": "C1"}
        body = urlencode(typed | {"response_url": f"{world.url}/response_url"}).encode()
        answer = (await world.send(body)).json()
        assert (answer["response_type"], answer["text"]) == ("ephemeral", asides.answer_follows())
        world.hangs.set()
        ((method, said),) = await world.called()
        assert (method, said["text"]) == ("response_url", "One customer waits for you.")


@pytest.mark.usefixtures("soon")
async def test_an_event_that_hangs_is_not_answered_before_it_is_stored_so_that_slack_sends_it_again() -> None:
    written = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.3", "thread_ts": "1.2", "text": "We call her."}
    async with listening() as world:
        world.hang()
        told = asyncio.create_task(world.event("Ev1", written))
        await world.press({"action_id": "claim", "value": "42"})  # sent later, and answered because it is late
        assert not told.done()
        world.hangs.set()
        assert (await told).status_code == 200


async def test_a_form_is_read_with_its_answers_and_the_people_chosen() -> None:
    async with listening(reply=Reply("Closed. Thank you.")) as world:
        answer = await world.submit(None)
        assert (answer.status_code, answer.text) == (200, "")
        tap = world.heard[0]
        assert (tap.verb, tap.target) == ("close", 42)
        assert tap.answers == {"outcome": "fixed", "done": "", "to": "U7"}
        assert tap.people == {"to": Person("slack", "main", "U7")}
        ((method, said),) = await world.called()
        assert (method, said["channel"], said["user"], said["text"]) == ("chat.postEphemeral", "C1", "U1", "Closed. Thank you.")


async def test_an_answer_that_is_missing_is_asked_for_in_the_form() -> None:
    async with listening(reply=Reply(errors={"done": "Please say what we did.", "gone": "And this."}, form=FORM)) as world:
        assert (await world.submit("")).json()["errors"] == {"done": "Please say what we did.", "outcome": "And this."}


async def test_a_form_may_be_asked_again() -> None:
    async with listening(reply=Reply(form=replace(FORM, title="Once more"))) as world:
        answer = (await world.submit("done")).json()
        assert (answer["response_action"], answer["view"]["title"]["text"]) == ("update", "Once more")


async def test_who_cannot_be_whispered_to_in_the_channel_is_written_to() -> None:
    refused = {"response_url": "expired_url", "chat.postEphemeral": "not_in_channel"}
    async with listening(reply=Reply("Yours."), refuse=refused) as world:
        await world.press({"action_id": "claim", "value": "42"})
        calls = await world.called(3)
        assert [method for method, _ in calls] == ["response_url", "chat.postEphemeral", "chat.postMessage"]
        assert calls[2][1]["channel"] == "U1"


async def test_a_command_is_answered_at_once_even_when_it_says_payload() -> None:
    async with listening(reply=Reply("One customer waits for you.", cards=(Card("p", "A headline"),))) as world:
        body = urlencode(
            {"command": "/hero", "text": " the payload ", "user_id": "U1", "user_name": "ana", "team_id": "T1", "channel_id": "C1"}
        )
        answer = (await world.send(body.encode())).json()
        assert (answer["response_type"], answer["text"]) == ("ephemeral", "One customer waits for you.")
        assert [block["type"] for block in answer["blocks"]] == ["section", "header"]
        assert world.words == [("the payload", Person("slack", "main", "U1", "ana"), Place("slack", "main", "C1"))]


async def test_the_home_is_drawn_once_for_an_event_that_slack_repeats() -> None:
    async with listening(reply=Reply("Nothing waits for you.")) as world:
        for _ in range(3):
            await world.event("Ev1", {"type": "app_home_opened", "user": "U1", "tab": "home", "view": {"hash": "h1"}})
        ((method, said),) = await world.called()
        assert (method, said["user_id"], said["hash"]) == ("views.publish", "U1", "h1")
        assert world.words == [("home", Person("slack", "main", "U1"), Place("slack", "main", "U1"))]


async def test_a_home_that_changed_meanwhile_is_read_and_drawn_again() -> None:
    async with listening(reply=Reply("Nothing waits for you."), refuse={"views.publish": "hash_conflict"}) as world:
        await world.event("Ev1", {"type": "app_home_opened", "user": "U1", "tab": "home", "view": {"hash": "h1"}})
        calls = await world.called(2)
        assert [said.get("hash") for _, said in calls] == ["h1", None]
        assert len(world.words) == 2


async def test_a_tap_in_the_home_is_answered_by_a_fresh_home_that_says_so() -> None:
    async with listening(reply=Reply("Yours.")) as world:
        await world.press(
            {"action_id": "claim", "value": "42"},
            channel=None,
            response_url=None,
            container={"type": "view"},
            view={"type": "home", "hash": "h"},
        )
        ((method, said),) = await world.called()
        assert method == "views.publish"
        assert said["view"]["blocks"][1]["text"]["text"].startswith("Yours.")


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event_id": "E", "event": {"type": "reaction_added", "user": "U1"}},
        {"type": "event_callback", "event_id": "E", "event": {"type": "message", "subtype": "bot_message", "bot_id": "B1"}},
        {"type": "view_closed", "view": {"callback_id": "close"}, "user": {"id": "U1"}},
        {"type": "shortcut", "callback_id": "x", "user": {"id": "U1"}},
        {"type": "block_suggestion", "action_id": "a", "block_id": "b", "value": "v"},
        {"type": "something_new"},
    ],
)
async def test_what_nobody_listens_to_is_received_all_the_same(payload: dict[str, Any]) -> None:
    async with listening() as world:
        assert (await world.send(json.dumps(payload).encode())).status_code == 200


async def test_slacks_look_at_the_address_and_at_the_certificate_are_answered() -> None:
    async with listening() as world:
        assert (await world.send(b'{"type": "url_verification", "challenge": "abc"}')).json() == {"challenge": "abc"}
        assert (await world.client.post("/slack/events", content=b"token=x&ssl_check=1")).status_code == 200


QUOTES = ValueError("a row that holds dana@x.example")


async def test_a_word_on_which_our_code_fails_is_answered_and_the_log_quotes_nobody(caplog: pytest.LogCaptureFixture) -> None:
    typed = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "ts": "1.2", "text": "mine"}
    with structlog.testing.capture_logs() as said:
        async with listening(mistake=QUOTES) as world:
            answer = await world.send(
                urlencode({"command": "/hero", "text": "mine", "user_id": "U1", "team_id": "T1", "channel_id": "C1"}).encode()
            )
            assert (answer.status_code, answer.json()["text"]) == (200, asides.not_read())
            assert (await world.event("Ev1", typed)).status_code == 200
            ((method, message),) = await world.called()
            assert (method, message["text"]) == ("chat.postMessage", asides.not_read())
    assert [line["error"] for line in said if line["event"] == "word.broken"] == ["ValueError"] * 2
    assert "dana@x.example" not in f"{said} {caplog.text}"


async def test_when_our_code_fails_at_an_event_slack_sends_it_again_and_the_log_quotes_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.3", "thread_ts": "1.2", "text": "We call her."}
    with structlog.testing.capture_logs() as said:
        async with listening(mistake=QUOTES) as world:
            assert (await world.event("Ev1", written)).status_code == 500
            world.mistake = None
            assert (await world.event("Ev1", written)).status_code == 200
    assert [line["error"] for line in said if line["event"] == "slack.event_broken"] == ["ValueError"]
    assert "dana@x.example" not in f"{said} {caplog.text}"


async def test_who_is_turned_away_learns_why_but_nothing_of_the_body_is_repeated() -> None:
    async with listening() as world:
        forged = await world.client.post("/slack/events", content=b"payload=secret", headers=signed(b"another"))
        assert (forged.status_code, forged.headers["x-slack-no-retry"]) == (401, "1")
        assert "secret" not in forged.text
        assert (await world.client.post("/slack/events", content=b"x" * (MOST_BYTES + 1))).status_code == 413
        assert (await world.client.get("/slack/events")).status_code == 405


async def test_every_answer_came_before_the_first_call() -> None:
    async with listening(reply=Reply("Yours.", form=FORM)) as world:
        for _ in range(5):
            await world.press({"action_id": "claim", "value": "42"})
        await world.called(10)
        assert world.answered == [0] * 5


def test_the_manifest_asks_for_exactly_the_scopes_whose_reasons_are_written_down() -> None:
    over_http, by_socket = manifest("https://hero.example/"), manifest(None)
    assert over_http["oauth_config"]["scopes"]["bot"] == list(SCOPES) == by_socket["oauth_config"]["scopes"]["bot"]
    assert all(SCOPES.values())
    address = "https://hero.example/slack/events"
    settings, command = over_http["settings"], over_http["features"]["slash_commands"][0]
    assert (settings["event_subscriptions"]["request_url"], settings["interactivity"]["request_url"], command["url"]) == (
        address,
    ) * 3
    assert (settings["socket_mode_enabled"], by_socket["settings"]["socket_mode_enabled"]) == (False, True)
    assert "https" not in json.dumps(by_socket)


def test_the_guide_names_each_scope_and_each_event_with_the_manifests_own_reason() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "slack.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z:._]+)` \| (.+) \|$", guide, re.MULTILINE))
    assert rows == {**SCOPES, **EVENTS}


def test_the_guide_names_what_the_manifest_puts_into_the_menu_of_every_message() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "slack.md").read_text("utf-8")
    shortcuts = manifest(None)["features"]["shortcuts"]
    assert shortcuts
    assert [each["name"] for each in shortcuts if f"*{each['name']}*" not in " ".join(guide.split())] == []


def test_loading_the_options_loads_no_slack_library() -> None:
    loaded = "print([name for name in sys.modules if name.startswith('slack_')])"
    asked = f"import sys, bot.chats.slack, bot.chats.slack.manifest, bot.chats.slack.blocks; {loaded}"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
