"""Words written to the bot in its private chat mean the same in every chat; in Slack it hears people's own words, and each once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage import people
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import LINGER, STAGES, OnSlack, Stage, on_slack

pytestmark = pytest.mark.anyio

NOTHING = "Nothing waits for you. Type “open” to see who still waits for somebody."
EVERYBODY = "Every customer has somebody who replies. Thank you."


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        yield stage


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[OnSlack]:
    async with on_slack(tmp_path, FRIDAY) as stage:
        yield stage


async def test_whoever_asks_in_the_private_chat_is_answered_there(stage: Stage) -> None:
    assert "Nothing waits for you." in await stage.writes("ana", "mine")
    assert "mine: the customers you are replying to" in await stage.writes("ana", "help")
    assert "Type “help”" in await stage.writes("ana", "what can you do")


async def test_a_pause_is_understood_in_the_private_chat(stage: Stage) -> None:
    assert "Mon" in await stage.writes("ana", "pause until Monday")
    chat = next(iter(stage.here.house.chats))
    row = await stage.here.house.store.read(people.find, chat, "main", stage.user_id("ana"))
    assert row.paused_until is not None


async def test_a_word_that_opens_a_form_brings_a_button_that_does(slack: OnSlack) -> None:
    [answer] = await slack.slack.user("UANA").write("heard", linger=LINGER)
    seen = await slack.slack.user("UANA").press(answer, "Open the form…")
    assert "What did you hear?" in str(seen.modal)


async def test_an_address_is_read_as_it_was_typed(slack: OnSlack) -> None:
    [answer] = await slack.slack.user("UANA").write("/hero away until Monday forward ben@northwind.example", linger=LINGER)
    assert "ben@northwind.example" in str(answer) or "Ben" in str(answer)


async def test_an_event_that_slack_repeats_is_answered_once(slack: OnSlack) -> None:
    await slack.slack.user("UANA").write("mine")
    delivery = slack.slack.deliveries[-1]
    assert (await slack.slack.redeliver(delivery)).error is None
    assert [said for said in await _until_open_is_answered(slack) if said.startswith("Nothing waits")] == [NOTHING]


async def test_answers_that_slack_finds_too_many_at_once_arrive_all_the_same(slack: OnSlack) -> None:
    slack.slack.fail_next("chat.postMessage", "429")
    [answer] = await slack.slack.user("UANA").write("mine", linger=LINGER)
    assert "Nothing waits for you." in str(answer)


@pytest.mark.parametrize(
    "changed",
    [
        {"bot_id": "B0HERO"},
        {"app_id": "A0OTHER"},
        {"subtype": "message_changed", "hidden": True},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message"},
        {"subtype": "file_share"},
        {"channel_type": "channel"},
        {"user": None},
        {"text": ""},
        {"text": None},
    ],
)
async def test_what_no_person_typed_to_the_bot_is_not_answered(slack: OnSlack, changed: dict[str, Any]) -> None:
    dm = slack.slack.dm("UANA")
    event = {"type": "message", "user": "UANA", "text": "mine", "channel": dm.id, "channel_type": "im", "ts": "1.1", "team": "T1"}
    delivery = await slack.slack.event(event | changed)
    assert delivery.delivered
    assert await _until_open_is_answered(slack) == ["open", EVERYBODY]


async def test_while_the_database_is_away_the_answer_says_so(slack: OnSlack) -> None:
    await slack.writes("ana", "mine")
    slack.here.house.store.close()
    assert "We could not look that up just now" in str(await eventually(lambda: _last(slack)))


async def _until_open_is_answered(slack: OnSlack) -> list[str]:
    """All that was said privately; what was written before `open` is answered before it."""
    await slack.slack.user("UANA").write("open")

    async def all_of_it() -> list[str] | None:
        said = await slack.private("ana")
        return said if EVERYBODY in said else None

    return list(await eventually(all_of_it))


async def _last(slack: OnSlack) -> str:
    said = await slack.slack.user("UANA").write("mine", linger=LINGER)
    return str(said[0]) if said else ""
