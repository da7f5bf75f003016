"""What is written in the thread of a huddle's card is kept as its notes, in every chat, and comes back at the next huddle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.chats.slack.manifest import SCOPES, manifest
from storage import digests
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, OnMsTeams, OnSlack, Stage, on_msteams, on_slack

pytestmark = pytest.mark.anyio

CARD = "Huddle · Oak Street · Fri 20 Nov"


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        await calls(stage)
        yield stage


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[OnSlack]:
    async with on_slack(tmp_path, FRIDAY) as stage:
        await calls(stage)
        yield stage


@pytest.fixture
async def teams(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY) as stage:
        await calls(stage)
        yield stage


async def calls(stage: Stage) -> None:
    assert "The card for your huddle is in the channel." in await stage.command("ana", "huddle")
    await eventually(lambda: shows(stage, CARD))
    await stage.here.house.delivery.until_idle()  # nobody writes before the bot has heard where its card stands


async def shows(stage: Stage, words: str) -> bool:
    return any(words in card for card in await stage.channel())


async def notes(stage: Stage) -> list[str]:
    row = await stage.here.house.store.read(digests.by_period, "huddle", "oak-street", "2026-11-20")
    return [note["what"] for note in row.choices.get("notes", ())]


async def test_what_is_written_under_the_card_comes_back_at_the_next_huddle(stage: Stage) -> None:
    await stage.replies("ben", CARD, "Open the second till at noon.")
    await eventually(lambda: shows(stage, "1 note stands in the thread."))
    await stage.replies("lea", CARD, "Soup: test it at eleven, ring +47 400 00 000.")
    await eventually(lambda: shows(stage, "2 notes stand in the thread."))
    await stage.here.passes(FRIDAY + timedelta(days=7))
    await stage.command("ana", "huddle")
    await eventually(lambda: shows(stage, "Huddle · Oak Street · Fri 27 Nov"))
    said = next(card for card in await stage.channel() if "Fri 27 Nov" in card)
    assert "Noted last time:" in said
    assert "Ben: Open the second till at noon." in said
    assert "Lea: Soup: test it at eleven, ring " in said
    assert "400 00 000" not in said  # as on every card


async def test_nothing_is_kept_of_what_is_written_under_any_other_message(slack: OnSlack) -> None:
    await slack.here.hears(id="r-1", score=2, comment="Cold soup.")
    await eventually(lambda: shows(slack, "Cold soup."))
    await slack.replies("ben", "Cold soup.", "I know her, I will ring.")
    own = slack.slack.user("UBEN").say("C1", "Lunch?")
    await slack.slack.user("UANA").reply(own, "At noon.")
    assert await notes(slack) == []


async def test_in_slack_a_note_that_is_changed_or_taken_back_is_so_here_too(slack: OnSlack) -> None:
    ben = slack.slack.user("UBEN")
    card = next(card for card in slack._cards() if CARD in str(card))
    said = await ben.reply(card, "Open the till.")
    assert await notes(slack) == ["Open the till."]
    await ben.rewrite(said, "Open the second till & close the first.")
    assert await notes(slack) == ["Open the second till & close the first."]
    await slack.slack.user("UANA").rewrite(said, "Nothing.")
    assert await notes(slack) == ["Open the second till & close the first."]
    await ben.rewrite(said, None)
    assert await notes(slack) == []


async def test_in_slack_what_is_delivered_again_is_kept_once_and_the_bots_own_words_never(slack: OnSlack) -> None:
    card = next(card for card in slack._cards() if CARD in str(card))
    said = await slack.slack.user("UBEN").reply(card, "Open the till.")
    delivery = next(each for each in reversed(slack.slack.deliveries) if "Open the till." in str(each.payload))
    assert (await slack.slack.redeliver(delivery)).error is None
    await slack.slack.user("UBEN").rewrite(said, "Open the second till.")
    assert (await slack.slack.redeliver(delivery)).error is None
    assert await notes(slack) == ["Open the second till."], "what is heard late is older"
    await slack.slack.user("UBEN").rewrite(said, None)
    assert (await slack.slack.redeliver(delivery)).error is None
    assert await notes(slack) == [], "what was taken back stays so"
    await slack.slack.user("UBEN").reply(card, "I am a bot.", bot_id="B0OTHER")
    await slack.slack.user("UBEN").reply(card, "joined", subtype="channel_join")
    assert await notes(slack) == []


@pytest.mark.parametrize("said", [{"user_team": "T9STRANGER"}, {}, {"team": None}])
async def test_in_slack_people_of_another_company_leave_no_notes_and_ours_beside_them_do(
    slack: OnSlack, said: dict[str, Any]
) -> None:
    slack.slack.channel("C1").shared = True
    card = next(card for card in slack._cards() if CARD in str(card))
    await slack.slack.user("UEVE", name="Eve", team="T9STRANGER").reply(card, "Ha.", **said)
    await slack.slack.user("UBEN").reply(card, "Open the till.")
    assert await notes(slack) == ["Open the till."]


async def test_in_teams_a_word_that_is_known_stays_a_word_in_the_thread_too(teams: OnMsTeams) -> None:
    card = next(card for card in teams._cards() if CARD in str(card))
    seen = await teams.teams.user("ben").command("mine", OAK, thread=card)
    assert "Nothing waits for you." in str(seen)
    await teams.teams.user("ben").command("open the second till earlier", OAK, thread=card, linger=0)
    await eventually(lambda: shows(teams, "1 note stands in the thread."))
    assert await notes(teams) == ["open the second till earlier"]


OAK = "19:oak-street@thread.tacv2"


def test_the_manifest_asks_for_the_events_and_no_scope_for_them_that_it_had_not() -> None:
    made = manifest(None)
    assert {"message.channels", "message.groups"} <= set(made["settings"]["event_subscriptions"]["bot_events"])
    assert {"channels:history", "groups:history"} <= set(SCOPES)
    assert set(made["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
