"""Ops connect a survey tool in chat, over the same form in every chat: from the typed word to the first card, and a new secret."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.app import web
from bot.house import House
from storage import arrangements
from storage.database import Store
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

SECRET = re.compile(r"whsec_([0-9a-f]{48})")


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        yield stage


async def test_a_tool_is_connected_and_its_first_customer_becomes_a_card(stage: Stage) -> None:
    told, key = await _connected(stage)
    assert "/feedback/web-shop" in told
    answer = await stage.here.hears("web-shop", key, id="r-1", score=2, comment="Cold coffee.")
    assert answer.status_code == 202, answer.text
    [card] = await eventually(stage.channel)
    assert "Cold coffee." in card


async def test_another_replica_knows_a_new_tool_and_a_new_secret_at_their_first_answer(tmp_path: Path, fresh_postgres: str) -> None:
    async with STAGES["practice"](tmp_path, FRIDAY, database=fresh_postgres) as stage:
        house = stage.here.house
        with closing(Store(fresh_postgres)) as store:
            other = web(House(house.settings, house.clock, store))  # no clock of it ticks
            async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://127.0.0.1") as client:
                elsewhere = replace(stage.here, client=client)
                _told, old = await _connected(stage)
                assert (await elsewhere.hears("web-shop", old, id="r-1", score=9)).status_code == 202
                new = await _key_in(stage, await _pressed(stage, "New secret"), besides=old)
                assert (await elsewhere.hears("web-shop", new, id="r-2", score=9)).status_code == 202
                assert (await elsewhere.hears("web-shop", "bm9ib2R5cw==", id="r-3", score=9)).status_code == 401


async def test_a_replica_with_another_secret_of_the_server_asks_the_tool_to_come_again(tmp_path: Path, fresh_postgres: str) -> None:
    async with STAGES["practice"](tmp_path, FRIDAY, database=fresh_postgres) as stage:
        house = stage.here.house
        _told, key = await _connected(stage)
        server = house.settings.server.model_copy(update={"secret": SecretStr("another secret, long enough for a server")})
        with closing(Store(fresh_postgres)) as store:
            other = web(House(house.settings.model_copy(update={"server": server}), house.clock, store))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://127.0.0.1") as client:
                elsewhere = replace(stage.here, client=client)
                refused = await elsewhere.hears("web-shop", key, id="r-1", score=2)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "300")
                assert "Nothing was stored" in refused.text
                assert (await elsewhere.hears("no-shop", key, id="r-1", score=2)).status_code == 404
        assert (await stage.here.hears("web-shop", key, id="r-1", score=2)).json()["status"] == "accepted"


async def test_its_secret_is_said_once_and_privately_and_stands_nowhere_else(stage: Stage) -> None:
    _told, key = await _connected(stage)
    again = await stage.command("lea", "sources")
    assert "web-shop, a source of kind plain (made in chat)" in again
    rows = await stage.here.house.store.read(arrangements.latest, 10)
    assert key not in "".join([again, *(str(row.keys) for row in rows), *(await stage.channel())])
    file = Path(str(stage.here.house.store.url.database))
    assert not any(key.encode() in each.read_bytes() for each in file.parent.glob(f"{file.name}*"))


async def test_with_a_new_secret_the_old_one_is_good_until_it_is_ended(stage: Stage) -> None:
    _told, old = await _connected(stage)
    told = await _pressed(stage, "New secret")
    new = await _key_in(stage, told, besides=old)
    for n, key in enumerate((old, new)):
        assert (await stage.here.hears("web-shop", key, id=f"r-{n}", score=9)).status_code == 202
    await _pressed(stage, "End the old secret")
    assert (await stage.here.hears("web-shop", old, id="r-3", score=9)).status_code == 401
    assert (await stage.here.hears("web-shop", new, id="r-4", score=9)).status_code == 202


async def test_it_is_switched_off_and_on_again(stage: Stage) -> None:
    _told, key = await _connected(stage)
    await _pressed(stage, "Switch off")
    assert (await stage.here.hears("web-shop", key, id="r-1", score=9)).status_code == 404
    await _pressed(stage, "Switch on")
    assert (await stage.here.hears("web-shop", key, id="r-1", score=9)).status_code == 202


async def test_what_app_yaml_names_says_where_it_stands_and_has_no_secret_to_give(stage: Stage) -> None:
    seen = await stage.asks("lea", "sources", "oak-street")
    assert "survey, a source of kind plain (app.yaml:" in seen.text
    assert "New secret" not in seen.text


async def test_whoever_is_not_ops_connects_nothing(stage: Stage) -> None:
    seen = await stage.asks("ana", "sources", "oak-street")
    assert "Only ops can do that" in seen.text


async def _connected(stage: Stage) -> tuple[str, str]:
    """Lea connects a web shop; what she is told, and the key in it."""
    form = (await stage.press_listed("lea", "sources", "Add a source…")).form
    assert form is not None
    answers = {"Where does it come from?": "plain", "What is it called?": "Web shop"}
    told = (await stage.fill("lea", form, answers)).text
    key = await _key_in(stage, told)
    return "\n".join([told, *(await stage.private("lea"))]), key


async def _pressed(stage: Stage, button: str) -> str:
    return (await stage.press_listed("lea", "sources", button)).text


async def _key_in(stage: Stage, told: str, besides: str = "") -> str:
    async def found() -> Any:
        """In the answer, or, where the answer says so, in the private chat."""
        keys = SECRET.findall("\n".join([told, *(await stage.private("lea"))]))
        return next((key for key in keys if key != besides), None)

    return str(await eventually(found))
