"""A signed request that comes again, byte for byte, says nothing new, whatever came in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from bot import sources
from bot.doors import intake
from bot.doors.repeats import KEPT, MOST, Repeats
from bot.sources import LoadedSource
from handlers.arrivals.replay import KeptPayload, keep_payload
from handlers.feedback import MAIN_WORKSPACE
from storage import customers, payloads
from storage.database import Store, Unavailable
from tests.conftest import FRIDAY, northwind, oak_street
from tests.running import SECRET
from tests.sources.house import House
from tests.sources.signing import sign

pytestmark = pytest.mark.anyio
KEY = "a key of a shop"
STANDARD = {"scheme": "standard-webhooks"}
TIMED = {"scheme": "hmac-sha256-base64-timestamp", "header": "X-Signature", "timestamp": "X-Time"}
TIMELESS = {"scheme": "hmac-sha256-hex", "header": "X-Signature"}
FIELDS = {"id": "id", "score": "score", "comment": "comment"}


@dataclass
class Request:
    """A request as somebody may have read it on its way."""

    body: bytes
    headers: dict[str, str]


class Door(House):
    """The door of one source, with a database behind it that can go away."""

    away = False

    def opens(self, kind: str, how: dict[str, str], secret: str, **options: Any) -> None:
        folder = sources.load(kind)
        loaded = LoadedSource(self.name, folder, folder.Options.model_validate({"secret": secret, **options}))
        services = intake.IntakeServices({self.name: loaded}, self.receive, lambda: FRIDAY, keep=self.keep, know=self.know)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(intake.door(services)), base_url="http://hero.example")
        self._how, self._secret = how, secret

    async def receive(self, arrivals: Any) -> Any:
        if self.away:
            raise Unavailable
        return await super().receive(arrivals)

    def signs(self, said: Any, at: datetime = FRIDAY) -> Request:
        body = json.dumps(said).encode()
        return Request(body, sign(self._how, self._secret, body, at).headers)

    async def hears(self, request: Request) -> Any:
        return (await self.client.post(f"/feedback/{self.name}", content=request.body, headers=request.headers)).json()

    async def keep(self, payload: KeptPayload) -> None:
        await self.store.write(keep_payload, payload)

    def customer(self, column: str) -> Any:
        [row] = self.store.read_sync(customers.by_key, MAIN_WORKSPACE, ["c-1"]).values()
        return getattr(row, column)

    def words(self) -> list[str]:
        return [row.comment for row in self.stored()]


@pytest.fixture
def door(store: Store) -> Door:
    return Door(store, northwind(oak_street()))


def said(comment: str, id: str = "r-1") -> dict[str, Any]:
    return {"id": id, "metric": "nps", "score": 2, "comment": comment}


async def test_a_request_that_comes_again_after_an_update_is_a_duplicate_and_brings_nothing_back(door: Door) -> None:
    door.opens("plain", STANDARD, SECRET)
    first = door.signs(said("Cold."))
    assert (await door.hears(first))["status"] == "accepted"
    assert (await door.hears(door.signs(said("Cold, and late."))))["status"] == "updated"
    assert await door.hears(first) == {"status": "duplicate", "id": door.stored()[0].id}
    assert door.words() == ["Cold, and late."]


async def test_the_same_words_in_a_new_request_are_an_update(door: Door) -> None:
    door.opens("plain", STANDARD, SECRET)
    for words in ("Cold.", "Cold, and late."):
        await door.hears(door.signs(said(words)))
    assert (await door.hears(door.signs(said("Cold."), FRIDAY + timedelta(seconds=1))))["status"] == "updated"
    assert door.words() == ["Cold."]


async def test_of_a_batch_that_comes_again_nothing_is_brought_back_either(door: Door) -> None:
    door.opens("plain", STANDARD, SECRET)
    first = door.signs([said("Cold."), said("Loud.", "r-2"), {}])
    await door.hears(first)
    await door.hears(door.signs(said("Cold, and late.")))
    assert [each["status"] for each in await door.hears(first)] == ["duplicate", "duplicate", "rejected"]
    assert door.words() == ["Cold, and late.", "Loud."]


async def test_it_holds_for_every_scheme_that_signs_the_time_of_a_request(door: Door) -> None:
    door.opens("mapped", TIMED, KEY, metric="nps", scale=[0, 10], fields=FIELDS, signature=TIMED)
    first = door.signs(said("Cold."))
    for request, status in ((first, "accepted"), (door.signs(said("Late.")), "updated"), (first, "duplicate")):
        assert (await door.hears(request))["status"] == status


async def test_nor_does_it_bring_back_what_was_known_of_the_customer(door: Door) -> None:
    door.opens("plain", STANDARD, SECRET)
    first = door.signs(said("Cold.") | {"customer": {"key": "c-1", "value": 100}})
    await door.hears(first)
    await door.hears(door.signs(said("Loud.", "r-2") | {"customer": {"key": "c-1", "value": 48_000}}))
    assert (await door.hears(first))["status"] == "duplicate"
    assert door.customer("value") == 48_000


@pytest.mark.parametrize("many", [False, True])
async def test_a_directory_that_comes_again_brings_nothing_back_either(door: Door, many: bool) -> None:
    door.opens("crm", STANDARD, SECRET)

    def told(owner: str) -> Request:
        row = {"key": "c-1", "owner": owner}
        return door.signs([row] if many else row)

    first = told("ana@northwind.example")
    for request, status in ((first, "accepted"), (told("ben@northwind.example"), "updated"), (first, "duplicate")):
        heard = await door.hears(request)
        assert (heard[0] if many else heard)["status"] == status
    assert door.customer("owner") == "ben@northwind.example"


@pytest.mark.parametrize("many", [False, True])
async def test_it_is_kept_once_so_that_nothing_older_is_read_again_as_the_newest(door: Door, many: bool) -> None:
    door.opens("plain", STANDARD, SECRET, keep="7d")
    first = door.signs([said("Cold."), {}] if many else said("Cold."))
    await door.hears(first)
    kept = door.store.read_sync(payloads.kept, door.name, 0, 10)
    await door.hears(first)
    assert door.store.read_sync(payloads.kept, door.name, 0, 10) == kept


async def test_without_a_signed_time_nobody_can_tell_and_what_comes_last_counts(door: Door) -> None:
    door.opens("mapped", TIMELESS, KEY, metric="nps", scale=[0, 10], fields=FIELDS, signature=TIMELESS)
    first = door.signs(said("Cold."))
    for request, status in ((first, "accepted"), (door.signs(said("Late.")), "updated"), (first, "updated")):
        assert (await door.hears(request))["status"] == status


async def test_what_could_not_be_stored_is_stored_when_it_comes_again(door: Door) -> None:
    door.opens("plain", STANDARD, SECRET)
    await door.hears(door.signs(said("Cold.")))
    late = door.signs(said("Cold, and late."))
    door.away = True
    assert "error" in await door.hears(late)
    door.away = False
    assert (await door.hears(late))["status"] == "updated"


def test_a_request_is_forgotten_once_its_time_lets_nobody_in() -> None:
    repeats = Repeats()
    repeats.note("survey", b"first", FRIDAY)
    repeats.note("survey", b"second", FRIDAY + KEPT)
    assert repeats.is_one("survey", b"first")
    assert not repeats.is_one("another", b"first")
    repeats.note("survey", b"third", FRIDAY + KEPT + timedelta(seconds=1))
    assert [repeats.is_one("survey", each) for each in (b"first", b"second", b"third")] == [False, True, True]


def test_a_crowd_of_requests_fills_no_memory_and_the_newest_are_known() -> None:
    repeats = Repeats()
    for n in range(MOST + 2):
        repeats.note("survey", b"%d" % n, FRIDAY)
    assert [repeats.is_one("survey", b"%d" % n) for n in (0, 1, 2, MOST + 1)] == [False, False, True, True]


def test_what_nobody_can_tell_apart_is_not_noted() -> None:
    repeats = Repeats()
    repeats.note("survey", b"", FRIDAY)
    assert not repeats.is_one("survey", b"")
