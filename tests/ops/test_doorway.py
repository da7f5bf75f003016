"""Who dawdles, floods or frames: each connection has a bounded time and size to say what it wants, and answers carry careful headers."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.doors import browser_doorway
from bot.doors.browser_doorway import Doorway
from bot.doors.protocol import PatientProtocol
from bot.port import PortTaken, listen
from bot.serve import answer
from tests.running import eventually
from tests.stages import on_practice, on_slack

pytestmark = pytest.mark.anyio


class Hurried(PatientProtocol):
    """Ten seconds are too long for a test; what is shorter is the number, not the code."""

    head_s, body_s = 0.6, 0.9

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.timeout_keep_alive = 0.3  # type: ignore[assignment]  (uvicorn says whole seconds, and needs none)


@pytest.fixture
async def hurried() -> AsyncIterator[str]:
    """A server that says back what it was sent, in a hurry; its address."""

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    async def think(_: Request) -> Response:
        await asyncio.sleep(0.8)  # longer than a head may take
        return Response(b"thought")

    app = Doorway(Starlette(routes=[Route("/", echo, methods=["GET", "POST"]), Route("/thinks", think)]), https=True)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http=Hurried, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


async def asked(url: str, *pieces: bytes) -> bytes:
    """What comes back to these bytes, sent one after the other, until the other side hangs up."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "said", [(), (b"GET / HTTP/1.1\r\n",), (b"POST /feedback/survey HTTP/1.1\r\nHost: x\r\n", b"X-Slow: 1\r\n")]
)
async def test_a_connection_that_never_ends_its_head_is_closed(hurried: str, said: tuple[bytes, ...]) -> None:
    assert (await asked(hurried, *said)).startswith(b"HTTP/1.1 408 ")


async def test_a_second_request_on_the_same_connection_may_not_dawdle_either(hurried: str) -> None:
    told = await asked(hurried, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHo")
    assert told.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in told


async def test_a_head_without_an_end_is_refused_for_its_size(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        told = await asked(stage.here.url, b"GET / HTTP/1.1\r\n", *[b"X-Many: " + b"x" * 16000 + b"\r\n"] * 5)
        assert told.startswith(b"HTTP/1.1 431 ")


async def test_a_head_in_two_pieces_is_answered(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        told = await asked(stage.here.url, b"GET /healthz HT", b"TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 200 ")


async def test_a_large_body_may_come_in_one_piece_with_its_head(hurried: str) -> None:
    body = b"x" * 200_000
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n"
    told = await asked(hurried, head + b"\r\n" + body + head + b"Connection: close\r\n\r\n" + body)
    assert told.count(b"HTTP/1.1 200 ") == 2, told[:80]
    assert told.endswith(body)


async def test_a_body_that_dawdles_is_refused(hurried: str, caplog: pytest.LogCaptureFixture) -> None:
    for said in ([], [b"{", b'"']):
        told = await asked(hurried, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", *said)
        assert told.startswith(b"HTTP/1.1 408 ")
        assert json.loads(told.partition(b"\r\n\r\n")[2])["error"].startswith("The body of the request did not arrive within 0.9 s")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], "it is no fault of ours"


async def test_who_was_answered_before_their_body_was_whole_hears_nothing_more(hurried: str) -> None:
    told = await asked(hurried, b"POST /nothing-here HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", b"{")
    assert told.startswith(b"HTTP/1.1 404 ")
    assert told.count(b"HTTP/1.1 ") == 1


async def test_who_was_answered_before_their_body_was_whole_may_still_send_it(hurried: str) -> None:
    host, port = hurried.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /nothing-here HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
    assert (await reader.readuntil(b"Not Found")).startswith(b"HTTP/1.1 404 ")
    await asyncio.sleep(0.5)  # longer than a connection may rest, and not as long as a body may take
    writer.write(b"}GET /thinks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), 30)).endswith(b"thought")
    writer.close()


@pytest.mark.parametrize(
    "said",
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", *[b"\r\n"] * 3),
        (b"POST /nothing-here HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", b"{", b"}"),
    ],
)
async def test_a_connection_on_which_nothing_more_is_asked_is_closed(hurried: str, said: tuple[bytes, ...]) -> None:
    told = await asked(hurried, *said)
    assert told.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 408 " not in told


@pytest.mark.parametrize("next_one", [b"GET / HT", b"no request at all\r\n", b"X-Many: " + b"x" * 70_000])
async def test_who_waits_for_an_answer_gets_it_whatever_comes_after_the_question(hurried: str, next_one: bytes) -> None:
    told = await asked(hurried, b"GET /thinks HTTP/1.1\r\nHost: x\r\n\r\n", next_one)
    assert told.count(b"HTTP/1.1 ") == 1
    assert told.endswith(b"thought")


@pytest.mark.parametrize("said", [b"no request at all\r\n\r\n", b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_what_is_no_request_is_refused_as_everything_is(hurried: str, said: bytes) -> None:
    head, _, body = (await asked(hurried, said)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert set(json.loads(body)) == {"error", "field"}


async def test_what_comes_behind_a_body_is_no_part_of_the_head_and_has_an_end(tmp_path: Path) -> None:
    chunked = b"POST /feedback/survey HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    async with on_practice(tmp_path) as stage:
        told = await asked(stage.here.url, chunked + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\nGET")
        assert told.startswith(b"HTTP/1.1 401 "), "the body was not taken for a compressed one"
        told = await asked(stage.here.url, chunked, *[b"X-Many: " + b"x" * 16000 + b"\r\n"] * 5)
        assert told.startswith(b"HTTP/1.1 431 ")


async def test_a_connection_asks_for_hundreds_of_things_ahead_and_not_for_thousands(hurried: str) -> None:
    ask = b"GET / HTTP/1.1\r\n\r\n"
    assert (await asked(hurried, ask * 200)).count(b"HTTP/1.1 200 ") == 200
    assert 200 < (await asked(hurried, ask * 3000)).count(b"HTTP/1.1 200 ") < 600


@pytest.mark.parametrize("path", ["/feedback", "/feedback/", "/feedback/no/such", "/feedback/nobody"])
async def test_a_source_that_nobody_knows_is_refused_in_json_however_it_is_written(tmp_path: Path, path: str) -> None:
    async with on_practice(tmp_path) as stage:
        refused = await stage.here.client.post(path, content=b"{}")
        assert refused.status_code == 404
        assert refused.json()["error"].startswith("No source has this name")


async def test_a_slash_behind_a_source_changes_nothing(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        assert (await stage.here.hears("survey/", id="r-1", score=2)).status_code == 202


@pytest.mark.parametrize("path", ["/slack/events", "/feedback/survey"])
async def test_a_body_that_is_too_large_is_refused_whatever_it_says_of_its_length(tmp_path: Path, path: str) -> None:
    async with on_slack(tmp_path) as stage:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        assert (await asked(stage.here.url, head, *[b"10000\r\n" + b"x" * 0x10000 + b"\r\n"] * 17)).startswith(b"HTTP/1.1 413 ")


async def test_two_hundred_who_dawdle_keep_nobody_else_waiting(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        host, port = stage.here.url.removeprefix("http://").split(":")
        open_ones = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
        for _, writer in open_ones:
            writer.write(b"POST /feedback/survey HTTP/1.1\r\nContent-Le")
        assert (await stage.here.hears(id="r-1", score=2)).status_code == 202
        assert await eventually(stage.channel)
        for _, writer in open_ones:
            writer.close()


async def test_every_answer_tells_browsers_to_be_careful_and_a_page_may_say_otherwise(tmp_path: Path) -> None:
    async with on_practice(tmp_path) as stage:
        for path in ("/", "/privacy", "/healthz", "/metrics", "/nothing-here"):
            headers = (await stage.here.client.get(path)).headers
            for name in browser_doorway.ALWAYS:
                assert headers[name.decode()]
            assert "strict-transport-security" not in headers
        page = (await stage.here.client.get("/")).headers
        assert page.get_list("content-security-policy") == [page["content-security-policy"]], "once"


async def test_behind_https_browsers_are_told_never_to_come_without(hurried: str) -> None:
    told = await asked(hurried, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"strict-transport-security: max-age=31536000" in told


@pytest.mark.anyio
async def test_garbage_is_looked_for_from_the_moment_it_serves() -> None:
    class Ready(Exception):
        pass

    async def ready() -> None:
        raise Ready

    thresholds = gc.get_threshold()
    gc.disable()  # as `hero serve` begins
    try:
        with listen("127.0.0.1", 0) as listening, pytest.raises(Ready):
            await answer(Starlette(), listening, ready)
        assert gc.isenabled()
    finally:
        gc.unfreeze()  # what this run of tests holds must still be collected after it
        gc.enable()
        gc.set_threshold(*thresholds)


def test_a_host_that_is_none_of_this_machine_is_refused_with_where_to_correct_it() -> None:
    for host in ("http://0.0.0.0", "0.0.0.0:8080"):
        with pytest.raises(PortTaken, match=r"Nothing was started\. Correct server\.host in app\.yaml"):
            listen(host, 0)
