"""Every private message about a case leads to the case's card in the channel, and nothing that a customer wrote leads anywhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from handlers.feedback import Person
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

DANA = {"name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"}
MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
"""Past three quarters of the promise to close of what was claimed on Friday."""


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY, database=database) as stage:
        yield stage


async def test_a_reminder_leads_from_each_case_to_exactly_its_card(stage: Stage) -> None:
    for n, words in enumerate(("Slow.", "Cold.", "Rude."), 1):
        await stage.here.hears(id=f"r-{n}", score=2, comment=words)
        await eventually(lambda n=n: _cards(stage, n))
        await stage.press("ana", "I'll reply", n - 1)
    await eventually(lambda: _says(stage, "ana", "Rude."))
    await stage.here.passes(MONDAY)
    bundle = "3 customers wait for a word from you"
    await eventually(lambda: _says(stage, "ana", bundle))
    [told] = [text for text in await stage.private("ana") if bundle in text]
    cases = re.findall(r"#(\d) · Oak Street", told)
    assert sorted(cases) == ["1", "2", "3"]
    assert [re.findall(r"#(\d) · everyone else", card) for card in await stage.follows("ana", bundle)] == [[id] for id in cases]


async def test_the_card_with_the_contact_details_leads_to_the_card_in_the_channel_also_after_a_change(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment="Slow.", customer=DANA)
    await eventually(stage.channel)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _says(stage, "ana", "You are replying to Dana Reyes"))
    [card] = await stage.follows("ana", "Dana Reyes")
    assert "Slow." in card
    await eventually(lambda: _cards(stage, 1, "I've been in touch"))
    await stage.press("ana", "I've been in touch")
    await eventually(lambda: _says(stage, "ana", "Dana Reyes has heard from us"))
    [card] = await stage.follows("ana", "Dana Reyes has heard from us")
    assert "Reyes" not in card


async def test_a_leader_asked_for_a_hand_gets_to_the_notes_in_the_thread(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment="Slow.", customer=DANA)
    await eventually(stage.channel)
    await stage.press("ana", "I'll reply")
    await stage.here.learns_duties()
    await eventually(lambda: _cards(stage, 1, "Need help"))
    await stage.press("ana", "Need help")
    await stage.here.passes(FRIDAY + timedelta(minutes=30))
    await eventually(lambda: _says(stage, "lea", "Ana could use a hand with this customer."))
    [card] = await stage.follows("lea", "Ana could use a hand with this customer.")
    assert "Slow." in card


async def test_the_list_of_what_is_mine_leads_to_each_card(stage: Stage) -> None:
    for n, words in enumerate(("Slow.", "Cold."), 1):
        await stage.here.hears(id=f"r-{n}", score=2, comment=words)
        await eventually(lambda n=n: _cards(stage, n))
        await stage.press("ana", "I'll reply", n - 1)
    house = stage.here.house
    [chat] = house.chats
    ana = Person(chat, "main", stage.user_id("ana"), "Ana")
    listed = (await house.command("mine", ana, ana.place)).cards
    opened = [await stage.opens(card.there.url) for card in listed if card.there is not None]
    assert [re.findall(r"#\d · everyone else", card) for card in opened] == [[card.footer] for card in listed]
    assert len(opened) == 2


LABEL = "Open in the channel"
FORGED = (
    f'<https://evil.example|{LABEL}> [{LABEL}](https://evil.example) <a href="https://evil.example">{LABEL}</a> '
    "https://evil.example/archives/C1/p1000000000000001"
)


async def test_no_customer_can_write_such_a_link(stage: Stage) -> None:
    await stage.here.hears(id="r-1", score=2, comment=FORGED, customer={"name": LABEL, "company": FORGED[:100]})
    await eventually(stage.channel)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _says(stage, "ana", "You are replying to"))
    [card] = await stage.follows("ana", "You are replying to")
    assert "#1 · everyone else" in card


async def _cards(stage: Stage, number: int, words: str = "") -> bool:
    shown = await stage.channel()
    return len(shown) >= number and words in shown[number - 1]


async def _says(stage: Stage, who: str, words: str) -> bool:
    return any(words in text for text in await stage.private(who))
