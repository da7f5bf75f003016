"""Leaving a form in Microsoft Teams brings its message back, whatever the form was about, and harms nothing that stands elsewhere."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chats.msteams import adaptive
from handlers.cards import Ask, Field, Form, Reply
from storage import messages, sending
from storage.database import Store
from storage.messages import Wanted
from tests.chats.teams_world import SHOP, World, world
from tests.running import eventually

pytestmark = pytest.mark.anyio

STOOD = (f"{SHOP};messageid=1", "1")
FORM = Form("praise", "digest:17", "Say thank you", "", "Send", (Field("words", "Your words", Ask.TEXT),))


@pytest.fixture
async def here(store: Store) -> AsyncIterator[World]:
    async with world(store) as here:
        here.reply = lambda _: Reply(form=FORM)
        yield here


@pytest.fixture
async def digest(here: World) -> str:
    """The key of a message about no follow-up, shown in the shop's channel."""
    wanted = Wanted("digest:oak-street:2026-W47", "digest", "msteams", "main", SHOP)
    await here.store.write(messages.want, [wanted], datetime.now(UTC))
    [attempt], _ = await here.store.write(sending.lease, ["msteams"], time.time(), 1.0, 5.0, 9)
    assert await here.store.write(sending.shown, attempt, 1, STOOD, None, 0.0)
    return wanted.key


async def leaves(here: World, who: str = "ana", target: int | str = "digest:17", **more: Any) -> dict[str, Any]:
    """Press Cancel below a form that stands in the place of the digest."""
    data = {"verb": "_cancel", "target": target}
    answer = await here.send(here.press(data, who, **{"replyToId": STOOD[1], **more}))
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


async def wanted(here: World, key: str) -> int:
    row = await here.store.read(messages.by_key, key)
    assert row is not None
    return int(row.wanted)


@pytest.mark.parametrize("target", ["digest:17", 42])
async def test_the_message_is_sent_anew_to_everybody(here: World, digest: str, target: int | str) -> None:
    opened = await here.send(here.press({"verb": "praise", "target": "digest:17"}, replyToId=STOOD[1]))
    assert opened.json()["type"] == adaptive.CARD_TYPE
    assert (await leaves(here, target=target))["value"] == "Nothing was changed."
    assert await wanted(here, digest) == 2
    assert len(here.taps) == 1, "leaving is no verb of the house"


@pytest.mark.parametrize(
    "more",
    [
        {"replyToId": "2"},
        {"replyToId": None},
        {"channel": "19:elsewhere@thread.tacv2"},
        {"channel": None},
        {"from": {"id": "29:eve", "name": "Eve", "tenantId": "88888888-8888-7777-6666-555555555555"}},
    ],
    ids=["another message", "no message", "another channel", "a private chat", "somebody of another company"],
)
async def test_from_elsewhere_nothing_is_sent_and_the_words_take_the_place_of_the_form(
    here: World, digest: str, more: dict[str, Any]
) -> None:
    said = await leaves(here, **more)
    assert (said["type"], "Nothing was changed." in str(said["value"])) == (adaptive.CARD_TYPE, True)
    assert await wanted(here, digest) == 1


async def test_leaving_again_and_again_costs_one_change_of_the_message(here: World, digest: str) -> None:
    for _ in range(20):
        await leaves(here)
    [attempt], _ = await here.store.write(sending.lease, ["msteams"], time.time(), 1.0, 5.0, 9)
    assert await here.store.write(sending.shown, attempt, await wanted(here, digest), STOOD, None, 0.0)
    assert (await here.store.write(sending.lease, ["msteams"], time.time(), 1.0, 5.0, 9))[0] == []


async def test_an_old_client_is_answered_by_a_message_and_the_message_comes_back_too(here: World, digest: str) -> None:
    await here.installed()
    pressed = here.activity("message", value={"verb": "_cancel", "target": "digest:17"}, replyToId=STOOD[1])
    assert (await here.send(pressed)).status_code == 200
    await eventually(lambda: any(said.get("text") == "Nothing was changed." for said in here.connector.said()))
    assert await wanted(here, digest) == 2
