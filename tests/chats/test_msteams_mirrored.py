"""One team, a Slack and a Microsoft Teams channel: the same follow-up stands in both, and only one person gets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.cards import Reply
from handlers.feedback import Person
from handlers.situation import Tap
from storage import lanes
from tests import log
from tests.conftest import FRIDAY
from tests.emulators.msteams import MsTeams
from tests.emulators.slack import Slack
from tests.running import Running, eventually, running
from tests.stages import OAK_STREET, PATIENCE, PEOPLE, OnMsTeams, OnSlack, installed, msteams_chat, slack_chat

pytestmark = pytest.mark.anyio


class Both:
    """One house that speaks in both."""

    def __init__(self, here: Running, slack: Slack, teams: MsTeams) -> None:
        self.here, self.slack, self.teams = here, OnSlack(here, slack), OnMsTeams(here, teams)

    async def says(self, words: str) -> bool:
        cards = [*await self.slack.channel(), *await self.teams.channel()]
        return len(cards) == 2 and all(words in card for card in cards)


@asynccontextmanager
async def both(folder: Path, database: str) -> AsyncIterator[Both]:
    with Slack(time_scale=0.02, patience=PATIENCE) as slack, MsTeams(time_scale=0.02, patience=PATIENCE) as teams:
        slack.channel("C1", name="oak-street")
        teams.channel(OAK_STREET, name="Oak Street")
        for who in PEOPLE:
            slack.user(f"U{who.upper()}", name=who.title(), email=f"{who}@northwind.example")
            teams.user(who, email=f"{who}@northwind.example")
        env = {"TOKEN": slack.token, "SIGNING": slack.signing_secret, "APP_SECRET": teams.app_secret}
        chats = json.dumps(json.loads(slack_chat(slack)) | json.loads(msteams_chat(teams)))
        async with running(folder, chats, f"[slack:C1, msteams:{OAK_STREET}]", at=FRIDAY, env=env, database=database) as here:
            slack.bot_url = f"{here.url}/slack/events"
            await installed(teams, here)
            yield Both(here, slack, teams)
        assert not slack.rejections
        assert not slack.violations
        assert not slack.errors
        assert not teams.rejections
        assert not teams.violations
        assert not teams.errors


@pytest.fixture
async def stand(tmp_path: Path, database: str) -> AsyncIterator[Both]:
    async with both(tmp_path, database) as stand:
        yield stand


async def due_soon(stand: Both) -> None:
    """What waits may be sent within two seconds: how long this machine then takes to send it is another matter."""
    house = stand.here.house
    due = await house.store.read(lambda tx: tx.execute(select(lanes.gate.c.next_s)).scalars().all())
    assert max(due) <= house.delivery._clock.seconds() + 2


async def test_a_claim_in_one_chat_edits_the_card_in_the_other_within_two_seconds(stand: Both) -> None:
    await stand.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: stand.says("needs somebody by"))
    assert "It is yours" in (await stand.slack.press("ana", "I'll reply")).text
    await due_soon(stand)
    await eventually(lambda: stand.says("Claimed · Ana is replying"))
    assert len(await eventually(lambda: stand.slack.private("ana"))) == 1
    assert await stand.teams.private("ana") == [], "who claims in Slack is told in Slack"


async def test_a_claim_in_teams_edits_the_card_in_slack(stand: Both) -> None:
    await stand.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: stand.says("needs somebody by"))
    assert "It is yours" in (await stand.teams.press("ben", "I'll reply")).text
    await due_soon(stand)
    await eventually(lambda: stand.says("Claimed · Ben is replying"))
    form = (await stand.teams.press("ben", "Done…")).form
    await stand.teams.fill(
        "ben", form, {"Outcome": "Fixed", "What did we do, in one sentence?": "Rang her.", "What caused it?": "Waiting time"}
    )
    await eventually(lambda: stand.says("Closed · Ben replied after"))
    for chat in (stand.slack, stand.teams):
        [line] = await eventually(chat.thread)
        assert "Ben closed this: fixed. Rang her." in line


async def test_the_loser_of_a_race_across_chats_reads_who_won(stand: Both) -> None:
    await stand.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: stand.says("needs somebody by"))
    ana, ben = await asyncio.gather(stand.slack.press("ana", "I'll reply"), stand.teams.press("ben", "I'll reply"))
    won, lost, name = (ana, ben, "Ana") if "It is yours" in ana.text else (ben, ana, "Ben")
    assert "It is yours" in won.text
    assert f"{name} was a moment faster, thank you!" in lost.text
    acts = await stand.here.house.store.read(log.life, 1)
    assert [line.verb for line in acts].count("claim") == 1


async def test_the_same_person_is_somebody_else_in_the_other_chat_but_a_leader_leads_in_both(stand: Both) -> None:
    await stand.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: stand.says("needs somebody by"))
    await stand.slack.press("ana", "I'll reply")
    await eventually(lambda: stand.says("Claimed · Ana is replying"))
    assert "Ana is replying to this customer" in (await stand.teams.press("ben", "Hand over…")).text
    await stand.teams.command("lea", "help")  # the chat has told us her e-mail by then
    form = await eventually(lambda: _form_of_a_leader(stand))
    assert "Handed over to Ben" in (await stand.teams.fill("lea", form, {"Who takes it on?": "ben"})).text
    await eventually(lambda: stand.says("Ben is replying"))
    await eventually(lambda: stand.teams.private("ben"))


async def test_a_tap_on_a_card_of_another_teams_chat_changes_nothing(stand: Both) -> None:
    await stand.here.hears(id="r-1", score=3, comment="Slow.")
    stranger = Person("msteams", "another-tenant", "29:eve", "Eve")
    reply: Reply = await stand.here.house.tap(Tap("claim", 1, stranger, stand.here.house.clock.now()))
    assert "does not belong to a team here" in reply.text


async def _form_of_a_leader(stand: Both) -> object:
    return (await stand.teams.press("lea", "Hand over…")).form
