"""The webhook endpoint for feedback: its answers, and that nothing of a body is ever logged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot import sources
from bot.doors import bounded, intake
from bot.doors.second_look import SecondLook
from bot.listening import payload, reading
from bot.sources import LoadedSource
from handlers.arrivals.arrival import Arrival
from handlers.receive import Answer, Receipt
from storage.database import Unavailable

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
KEY = "test-shop-key"
CANARY = "canary-dana@example.com"


class House:
    """The services behind the endpoint: records what arrives, answers as the database would, and has a clock to push."""

    def __init__(self) -> None:
        self.now = NOW
        self.arrived: list[list[Arrival]] = []
        self.seen: dict[str, str] = {}
        self.error: Exception | None = None
        self.most: int | None = None
        self.sources = {
            "shop": source("mapped", secret=KEY, signature={"scheme": "hmac-sha256-hex", "header": "X-Signature"}, **MAPPING),
            "open": source("plain", unsigned=True),
            "delighted": source("delighted", unsigned=True),
            "few": source("plain", unsigned=True, limit="2/m"),
        }
        self.elsewhere: dict[str, LoadedSource] = {}
        self.looks = 0
        self.app = intake.door(
            intake.IntakeServices(self.sources, self.receive, lambda: self.now, second_look=SecondLook(self.look))
        )

    async def look(self) -> None:
        """Take over what ops made on another replica."""
        self.looks += 1
        self.sources |= self.elsewhere

    async def receive(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        if self.error is not None:
            raise self.error
        if self.most is not None and len(self.arrived) >= self.most:
            raise Unavailable
        self.arrived.append(list(arrivals))
        return [self.receipt(arrival) for arrival in arrivals]

    def receipt(self, arrival: Arrival) -> Receipt:
        said = arrival.feedback
        known = self.seen.get(said.id)
        self.seen[said.id] = said.fingerprint
        answer = Answer.ACCEPTED if known is None else Answer.DUPLICATE if known == said.fingerprint else Answer.UPDATED
        return Receipt(answer, list(self.seen).index(said.id) + 1)

    async def post(self, name: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if name == "shop":
            headers.setdefault("x-signature", hmac.new(KEY.encode(), content, hashlib.sha256).hexdigest())
        return await self.send("POST", f"/feedback/{name}", content, headers)

    async def send(self, method: str, path: str, content: Any, headers: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://hero.example") as client:
            return await client.request(method, path, content=content, headers=headers)


MAPPING: dict[str, Any] = {
    "metric": "csat",
    "scale": [1, 5],
    "fields": {"id": "response.id", "score": "answers.rating", "comment": "answers.why"},
}


def source(kind: str, **options: Any) -> LoadedSource:
    folder = sources.load(kind)
    return LoadedSource({"mapped": "shop", "plain": "open"}.get(kind, kind), folder, folder.Options.model_validate(options))


def shop(id_: str = "1", rating: Any = 2, why: str = "Cold.") -> dict[str, Any]:
    return {"response": {"id": id_}, "answers": {"rating": rating, "why": why}}


def plain(id_: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "metric": "nps", "score": 3, **more}


def refused(answer: httpx.Response) -> tuple[int, str | None]:
    told = answer.json()
    assert set(told) == {"error", "field"}
    assert answer.headers["content-type"] == "application/json"
    assert told["error"].endswith((".", "was"))
    return answer.status_code, told["field"]


@pytest.fixture
def house() -> House:
    return House()


async def test_feedback_is_accepted_once_it_is_stored(house: House) -> None:
    answer = await house.post("shop", shop())
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "id": 1})
    [[arrival]] = house.arrived
    assert (arrival.source, arrival.feedback.score, arrival.at) == ("shop", 2, NOW)


@pytest.mark.parametrize("key", ["erased:1", "answer:open:1", "email:dana@example.com", "Forgotten:3", " hero-test:1"])
async def test_a_key_or_an_id_that_only_we_write_is_refused_by_its_field(house: House, key: str) -> None:
    assert refused(await house.post("open", plain(customer={"key": key}))) == (422, "customer.key")
    assert refused(await house.post("open", plain(key))) == (422, "id")
    mapped = shop(key)
    assert refused(await house.post("shop", mapped)) == (422, "response.id")
    assert house.arrived == []


async def test_a_large_batch_is_stored_piece_by_piece_and_what_is_stored_stays_when_the_database_goes_away(house: House) -> None:
    batch = [plain(f"r-{n}") for n in range(450)]
    house.most = 2
    answer = await house.post("open", batch)
    assert refused(answer) == (503, None)
    assert "The first 400 are stored" in answer.json()["error"]
    assert answer.headers["retry-after"] == "5"
    house.most = None
    again = (await house.post("open", batch)).json()
    assert [each["status"] for each in again] == ["duplicate"] * 400 + ["accepted"] * 50
    assert [each["id"] for each in again] == list(range(1, 451))
    assert {len(piece) for piece in house.arrived} == {200, 50}


async def test_a_source_made_on_another_replica_is_known_at_its_first_answer(house: House) -> None:
    house.elsewhere["web-shop"] = source("plain", unsigned=True)
    assert (await house.post("web-shop", plain())).status_code == 202


async def test_a_secret_made_on_another_replica_is_good_at_its_first_answer(house: House) -> None:
    house.elsewhere["shop"], house.sources["shop"] = (
        house.sources["shop"],
        source("mapped", secret="the old one", signature={"scheme": "hmac-sha256-hex", "header": "X-Signature"}, **MAPPING),
    )
    assert (await house.post("shop", shop())).status_code == 202
    assert (await house.post("shop", shop("2"), **{"x-signature": "0" * 64})).status_code == 401


async def test_however_many_forged_names_come_the_database_is_asked_once_a_second(house: House) -> None:
    begun = time.monotonic()
    answers = await asyncio.gather(*(house.post(f"made-up-{n}", plain()) for n in range(300)))
    assert {answer.status_code for answer in answers} == {404}
    assert house.looks <= 2 + (time.monotonic() - begun)


async def test_whoever_comes_while_a_look_is_taken_is_answered_after_the_next(house: House) -> None:
    await house.post("made-up", plain())
    house.elsewhere["web-shop"] = source("plain", unsigned=True)
    assert (await house.post("web-shop", plain())).status_code == 202


async def test_an_unknown_name_is_not_refused_for_good_while_nobody_can_look(house: House) -> None:
    async def away() -> None:
        raise Unavailable

    house.app = intake.door(intake.IntakeServices(house.sources, house.receive, lambda: house.now, second_look=SecondLook(away)))
    assert (await house.post("web-shop", plain())).status_code == 503


async def test_a_forged_request_to_a_source_of_app_yaml_is_refused_without_a_look(house: House) -> None:
    services = intake.IntakeServices(
        house.sources, house.receive, lambda: house.now, second_look=SecondLook(house.look), fixed={"shop"}
    )
    house.app = intake.door(services)
    for looks, name in ((0, "shop"), (1, "made-in-chat")):
        house.sources[name] = replace(house.sources["shop"], name=name)
        assert (await house.post(name, shop(), **{"x-signature": "0" * 64})).status_code == 401
        assert house.looks == looks


async def test_the_same_again_is_a_duplicate_and_other_words_are_an_update(house: House) -> None:
    await house.post("shop", shop())
    for body, status in ((shop(), "duplicate"), (shop(why="Still cold."), "updated")):
        answer = await house.post("shop", body)
        assert (answer.status_code, answer.json()) == (200, {"status": status, "id": 1})


async def test_an_event_nobody_asked_for_is_ignored_so_that_it_is_not_sent_again(house: House) -> None:
    answer = await house.post("delighted", {"event_type": "unsubscribe.created"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored", "id": None})
    assert house.arrived == []


async def test_a_source_nobody_named_is_not_found_whatever_is_sent(house: House) -> None:
    for method, body in (("POST", b"{}"), ("POST", b"x" * 2_000_000), ("GET", b"")):
        assert refused(await house.send(method, "/feedback/nobody", body, {})) == (404, None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_any_method_but_post_is_told_which_one_is_meant(house: House, method: str) -> None:
    answer = await house.send(method, "/feedback/shop", b"", {})
    assert refused(answer) == (405, None)
    assert answer.headers["allow"] == "POST"


async def test_a_tool_that_tries_its_address_with_a_question_for_the_head_finds_it(house: House) -> None:
    assert (await house.send("HEAD", "/feedback/shop", b"", {})).status_code == 200
    assert (await house.send("HEAD", "/feedback/nobody", b"", {})).status_code == 404


async def test_a_body_over_a_mebibyte_is_too_large_before_anybody_looks_at_its_signature(house: House) -> None:
    most = b'"' + b"x" * (bounded.MOST_BYTES - 2) + b'"'
    assert refused(await house.post("shop", most)) == (400, None)
    assert refused(await house.post("shop", most + b" ", **{"x-signature": "false"})) == (413, None)


async def test_a_body_that_lies_about_its_length_is_cut_off_all_the_same(house: House) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b"x" * 64 * 1024

    for headers in ({}, {"content-length": "10"}, {"content-length": "-1"}):
        taken = 0
        assert refused(await house.send("POST", "/feedback/open", endless(), headers)) == (413, None)
        assert taken <= 1000


async def test_no_more_than_the_allowed_bytes_are_read_of_an_endless_body(house: House) -> None:
    asked = 0
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/feedback/open", "root_path": "", "headers": [], "query_string": b""}
    await house.app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert asked <= 17


async def test_a_sender_that_hangs_up_in_the_middle_is_not_answered_and_nothing_is_stored(house: House) -> None:
    messages = [{"type": "http.request", "body": b'{"id"', "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/feedback/open", "root_path": "", "headers": [], "query_string": b""}
    await house.app(scope, receive, send)
    assert (sent, house.arrived) == ([], [])


async def test_a_compressed_body_is_refused_unread(house: House) -> None:
    assert refused(await house.post("shop", b"\x1f\x8b" + b"\x00" * 100, **{"content-encoding": "gzip"})) == (415, None)
    assert (await house.post("shop", shop(), **{"content-encoding": "identity"})).status_code == 202


async def test_a_forged_body_is_turned_away_before_it_is_read(house: House) -> None:
    bodies = (b"[" * 1_000_000, b"{}", b"\xff", json.dumps(shop()).encode())
    forged = [(body, {"x-signature": said.encode()}) for body in bodies for said in ("", "0" * 64, "é", "sha256=")]
    for answer in await asyncio.gather(*(house.send("POST", "/feedback/shop", *each) for each in forged)):
        assert refused(answer) == (401, None)
    assert house.arrived == []


MALFORMED = {
    "nothing": b"",
    "words": b"hello",
    "half": b'{"id": "1"',
    "a number": b"7",
    "a text": b'"seven"',
    "null": b"null",
    "not utf-8": b'{"id": "\xff"}',
    "utf-16": '{"id": "1"}'.encode("utf-16"),
    "a key twice": b'{"id": "1", "metric": "nps", "score": 3, "score": 9}',
    "a key twice further in": b'{"id": "1", "metric": "nps", "score": 3, "customer": {"name": "a", "name": "b"}}',
    "not a number": b'{"id": "1", "metric": "nps", "score": NaN}',
    "infinity": b'{"id": "1", "metric": "nps", "score": -Infinity}',
    "a number of many digits": b'{"id": "1", "metric": "nps", "score": ' + b"1" * 5000 + b"}",
    "65 deep": b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}",
    "a million deep": b"[" * 1_000_000,
    "a million deep in objects": b'{"a":' * 200_000,
    "deep behind a text full of quotes": b'["' + b'\\"' * 1000 + b'",' + b"[" * 1000 + b"]",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_not_json_is_refused(house: House, body: bytes) -> None:
    for name in ("shop", "open"):
        assert refused(await house.post(name, body)) == (400, None)
    assert house.arrived == []


async def test_brackets_inside_a_customers_words_are_not_nesting(house: House) -> None:
    assert (await house.post("open", plain(comment='[{"' * 500))).status_code == 202


async def test_a_byte_order_mark_does_no_harm(house: House) -> None:
    assert (await house.post("open", b"\xef\xbb\xbf" + json.dumps(plain()).encode())).status_code == 202


UNREADABLE: dict[str, tuple[dict[str, Any], str]] = {
    "score as text": (plain(score="3"), "score"),
    "score as yes or no": (plain(score=True), "score"),
    "score beyond any float": (plain(score=10**400), "score"),
    "score that overflows": (plain(score="OVERFLOW"), "score"),
    "score outside": (plain(score=11), "score"),
    "score outside a scale below zero": (plain(metric="csat", scale=[-5, -1]), "score"),
    "scale of texts": (plain(metric="csat", scale=["1", "5"]), "scale[0]"),
    "scale with no ends": (plain(metric="csat", scale=[]), "scale[0]"),
    "scale of one point": (plain(metric="csat", scale=[3, 3]), "scale"),
    "scale that nps never has": (plain(scale=[-10, 0]), "scale"),
    "a metric nobody knows": (plain(metric="mood"), "metric"),
    "a metric that is a list": (plain(metric=[]), "metric"),
    "no id": ({"metric": "nps", "score": 3}, "id"),
    "a blank id": (plain(" "), "id"),
    "an id that is a number": ({"id": 7, "metric": "nps", "score": 3}, "id"),
    "a nul in the id": (plain("a\x00b"), "id"),
    "half a surrogate pair": (plain(comment="\ud800"), "comment"),
    "a comment that is a book": (plain(comment="x" * 30_000), "comment"),
    "a comment that is a list": (plain(comment=[]), "comment"),
    "a customer that is a text": (plain(customer="Dana"), "customer"),
    "a customer's value as text": (plain(customer={"value": "48000"}), "customer.value"),
    "a customer's value below zero": (plain(customer={"value": -1}), "customer.value"),
    "a customer's value beyond all money": (plain(customer={"value": 1.1e15}), "customer.value"),
    "a long currency": (plain(customer={"currency": "crowns"}), "customer.currency"),
    "a tag that is a number": (plain(tags=["a", 3]), "tags[1]"),
    "tags that are a text": (plain(tags="a"), "tags"),
    "too many tags": (plain(tags=["a"] * 51), "tags"),
    "a link that is a script": (plain(link="javascript:alert(1)"), "link"),
    "a link in two lines": (plain(link="https://a\nb"), "link"),
    "perhaps": (plain(wants_contact="perhaps"), "wants_contact"),
    "yesterday": (plain(occurred_at="yesterday"), "occurred_at"),
    "a time without a zone": (plain(occurred_at="2026-11-20T10:00:00"), "occurred_at"),
    "the beginning of time": (plain(occurred_at="0001-01-01T00:00:00+14:00"), "occurred_at"),
    "the end of time": (plain(occurred_at="9999-12-31T23:59:59-14:00"), "occurred_at"),
    "a key nobody knows": (plain(shoe=44), "shoe"),
    "neither score nor words": ({"id": "1", "metric": "nps"}, "score"),
    "a score without a question": (plain(metric="comment", comment="Hm."), "score"),
}


@pytest.mark.parametrize(("body", "field"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_with_the_path_of_its_field(house: House, body: dict[str, Any], field: str) -> None:
    content = json.dumps(body).replace('"OVERFLOW"', "1e999").encode()
    assert refused(await house.post("open", content)) == (422, field)
    assert house.arrived == []


async def test_the_path_of_a_field_is_in_the_senders_own_words(house: House) -> None:
    assert refused(await house.post("shop", shop(rating="many"))) == (422, "answers.rating")
    assert refused(await house.post("shop", {"response": []})) == (422, "response.id")


async def test_a_scale_may_reach_below_zero(house: House) -> None:
    assert (await house.post("open", plain(metric="csat", score=-1, scale=[-2, 2]))).status_code == 202


async def test_words_without_a_score_are_accepted(house: House) -> None:
    assert (await house.post("open", {"id": "1", "metric": "csat", "comment": "Hm."})).status_code == 202


async def test_of_a_batch_the_good_ones_are_stored_together_and_answered_in_order(house: House) -> None:
    batch = [plain("a"), plain("b", score=99), plain("a"), 7, plain("c")]
    answer = await house.post("open", batch)
    assert answer.status_code == 200
    results = answer.json()
    assert [result["status"] for result in results] == ["accepted", "rejected", "duplicate", "rejected", "accepted"]
    assert [result.get("id") for result in results] == [1, None, 1, None, 2]
    assert [result.get("field") for result in results] == [None, "score", None, None, None]
    assert all(set(result) == {"status", "error", "field"} for result in results if result["status"] == "rejected")
    [together] = house.arrived
    assert [arrival.feedback.id for arrival in together] == ["a", "a", "c"]


async def test_a_batch_may_hold_ignored_events(house: House) -> None:
    answer = await house.post("delighted", [{"event_type": "unsubscribe.created"}, {}])
    assert [result["status"] for result in answer.json()] == ["ignored", "rejected"]
    assert house.arrived == []


async def test_an_empty_batch_is_answered_with_no_results(house: House) -> None:
    answer = await house.post("open", [])
    assert (answer.status_code, answer.json(), house.arrived) == (200, [], [])


async def test_a_batch_has_at_most_a_thousand_entries(house: House) -> None:
    answer = await house.post("open", [plain(str(number)) for number in range(1000)])
    assert (answer.status_code, len(answer.json()), len(house.arrived)) == (200, 1000, 5)
    assert refused(await house.post("open", [plain(str(number)) for number in range(1001)])) == (413, None)


@pytest.mark.parametrize("many", [False, True])
async def test_while_the_database_is_away_the_sender_is_asked_to_come_again(house: House, many: bool) -> None:
    house.error = Unavailable("connection refused")
    answer = await house.post("open", [plain()] if many else plain())
    assert refused(answer) == (503, None)
    assert answer.headers["retry-after"] == "5"
    assert "database is away; send it again" in answer.json()["error"]
    house.error = None
    assert (await house.post("open", plain())).status_code == 202


async def test_when_we_break_the_sender_sees_no_traceback_and_the_log_no_words_of_the_customer(house: House) -> None:
    house.error = RuntimeError(f"cannot store {CANARY}")
    with capture_logs() as logs:
        answer = await house.post("open", plain(comment=CANARY))
    assert refused(answer) == (500, None)
    assert "RuntimeError" not in answer.text
    assert CANARY not in answer.text + repr(logs)
    assert any(entry["event"] == "feedback.failed" and entry["error"] == "RuntimeError" and entry["where"] for entry in logs)


async def test_nothing_of_a_body_and_no_secret_is_ever_logged(house: House) -> None:
    bodies: list[Any] = [
        plain(CANARY, comment=CANARY, customer={"name": CANARY, "email": CANARY}),
        plain(score=CANARY),
        plain(**{CANARY: 1}),
        plain(customer={CANARY: 1}),
        {"id": CANARY, "metric": CANARY},
        [plain(tags=[CANARY, 3]), {CANARY: CANARY}],
        f'{{"{CANARY}": 1, "{CANARY}": 2}}'.encode(),
        f"{CANARY}".encode(),
        shop(CANARY, rating=CANARY),
    ]
    with capture_logs() as logs:
        structlog.get_logger().info("so that something was captured")
        for name in ("open", "shop", "delighted", CANARY):
            await asyncio.gather(*(house.post(name, body) for body in bodies))
        await asyncio.gather(*(house.post("shop", body, **{"x-signature": CANARY}) for body in bodies))
    assert len(logs) > 10
    assert CANARY not in repr(logs)
    assert KEY not in repr(logs)


async def test_a_limited_source_is_asked_to_wait_until_there_is_room_again(house: House) -> None:
    assert [(await house.post("few", plain())).status_code for _ in range(2)] == [202, 200]
    answer = await house.post("few", plain())
    assert refused(answer) == (429, None)
    wait = int(answer.headers["retry-after"])
    assert wait == 30
    house.now += timedelta(seconds=wait - 1)
    assert (await house.post("few", plain())).status_code == 429
    house.now += timedelta(seconds=1)
    assert (await house.post("few", plain())).status_code == 200


async def test_a_limit_gives_nothing_for_a_clock_that_was_set_back(house: House) -> None:
    for _ in range(2):
        await house.post("few", plain())
    house.now -= timedelta(hours=2)
    assert (await house.post("few", plain())).status_code == 429
    house.now += timedelta(minutes=5)
    assert [(await house.post("few", plain())).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_source_without_a_limit_has_none(house: House) -> None:
    assert {(await house.post("open", plain())).status_code for _ in range(50)} == {202, 200}


async def test_every_answer_is_counted_by_source_and_unknown_sources_under_one_name(house: House) -> None:
    def counted(source_: str, answer: str) -> float:
        return REGISTRY.get_sample_value("action_hero_feedback_total", {"source": source_, "answer": answer}) or 0.0

    before = {
        key: counted(*key) for key in (("open", "accepted"), ("open", "rejected"), ("open", "malformed"), ("unknown", "unknown"))
    }
    await house.post("open", [plain("x"), plain("y"), plain("z", score=99)])
    await house.post("open", plain("z", score=99))
    await house.post("open", b"{")
    await house.post("someone-elses", b"{}")
    assert {key: counted(*key) - start for key, start in before.items()} == {
        ("open", "accepted"): 2, ("open", "rejected"): 2, ("open", "malformed"): 1, ("unknown", "unknown"): 1
    }  # fmt: skip
    assert REGISTRY.get_sample_value("action_hero_feedback_total", {"source": "someone-elses", "answer": "unknown"}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150)
@given(JSON)
def test_a_body_is_read_as_the_standard_parser_reads_it_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    try:
        found = payload.read(body)
    except payload.Unreadable:
        assert b"NaN" in body or b"Infinity" in body
    else:
        assert found == json.loads(body)


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(alphabet='[]{}"\\,:1a', max_size=200).map(str.encode))
def test_no_bytes_at_all_make_the_reader_fail_in_another_way(body: bytes) -> None:
    try:
        payload.read(body)
    except payload.Unreadable as error:
        assert str(error)  # noqa: PT017


@given(st.integers(1, 130))
def test_64_levels_are_read_and_65_are_not(depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    if depth <= payload.DEEPEST:
        payload.read(body)
    else:
        with pytest.raises(payload.Unreadable, match="deeper than 64"):
            payload.read(body)


WORDS = st.text(st.sampled_from("aé猫 \xa0\u3000\t\n\r\x00\x1f\x7f\x85\u200b\u2028"), max_size=6)
PEOPLE = st.fixed_dictionaries({}, optional={"name": WORDS, "email": st.none() | WORDS, "company": WORDS})
ANSWERS = st.fixed_dictionaries(
    {"comment": WORDS.map("Cold.".__add__)}, optional={"customer": PEOPLE, "tags": st.lists(WORDS, max_size=3), "touchpoint": WORDS}
)


@given(ANSWERS)
def test_words_are_read_alike_whatever_stands_beside_them(said: dict[str, Any]) -> None:
    # What needs no cleaning is taken as it was sent; one blank text has everything cleaned.
    answer = {"id": "1", "metric": "comment"} | said
    customer = {"segment": " "} | said.get("customer", {})
    assert reading.feedback(answer) == reading.feedback(answer | {"customer": customer})
