"""What delivery may rely on in every chat: the contract of the seam in bot/chats, held by each platform's folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chats import Chat, Posted, Refused
from handlers.cards import Button, Card, Style, There
from handlers.feedback import Person, Place
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

CARD = Card(
    plain="New: 3/10 at Oak Street, needs somebody by Fri 15:00.",
    headline="New · NPS 3 of 10 · Oak Street · needs somebody by Fri 15:00",
    quote="Waited <!channel> & waited.",
    context=("collection · Fri 11:00",),
    buttons=(Button("claim", "I'll reply", 42, "I'll reply to this customer", Style.PRIMARY),),
    menu=(Button("note", "Add a note…", 42, "Add a note for the team"),),
    footer="#42 · everyone else",
)
OTHER = Card(plain="Closed by Ana: 3/10 at Oak Street.", headline="Closed · Ana replied after 2 h", footer="#42 · everyone else")


@dataclass
class Rig:
    stage: Stage
    chat: Chat
    place: Place


UNSEARCHABLE = ["msteams"]
SEARCHABLE = sorted(set(STAGES) - set(UNSEARCHABLE))


@asynccontextmanager
async def rig_of(name: str, folder: Path, database: str) -> AsyncIterator[Rig]:
    async with STAGES[name](folder, hurried=True, database=database) as stage:
        house = stage.here.house
        yield Rig(stage, house.chats[name], house.company.teams["oak-street"].channels[0])


@pytest.fixture(params=sorted(STAGES))
async def rig(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> AsyncIterator[Rig]:
    async with rig_of(request.param, tmp_path, database) as rig:
        yield rig


async def test_what_was_posted_is_read_in_its_channel(rig: Rig) -> None:
    await rig.chat.post(rig.place, CARD, "card:42")
    [seen] = await rig.stage.channel()
    for words in (CARD.headline, "Waited <!channel> & waited.", "collection · Fri 11:00", "I'll reply", "#42 · everyone else"):
        assert words in seen


async def test_how_to_reach_a_customer_is_read_whether_it_can_be_tapped_or_not(rig: Rig) -> None:
    ways = ("Dana Reyes · Acme", "+47 400 12 345", "dana@mail.example", "<!channel> [call](tel:112)")
    await rig.chat.post(rig.place, replace(CARD, reach=ways), "card:42")
    [seen] = await rig.stage.channel()
    assert all(way in seen for way in ways)


async def test_an_edit_shows_the_new_card_in_place_of_the_old(rig: Rig) -> None:
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    await rig.chat.edit(posted, rig.place, OTHER)
    [seen] = await rig.stage.channel()
    assert "Closed · Ana replied after 2 h" in seen
    assert "I'll reply" not in seen


async def test_a_line_stands_in_the_thread_of_its_card_and_not_in_the_channel(rig: Rig) -> None:
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    await rig.chat.post(rig.place, Card(plain="Ana notes: <@U1> rang twice."), "line:1", posted)
    assert len(await rig.stage.channel()) == 1
    [line] = await rig.stage.thread()
    assert "Ana notes: <@U1> rang twice." in line


async def test_a_private_message_reaches_one_person_and_can_be_edited(rig: Rig) -> None:
    person = _ana(rig)
    posted = await rig.chat.post(person, CARD, "private:42:1")
    assert len(await rig.stage.private("ana")) == 1
    assert await rig.stage.private("ben") == await rig.stage.channel() == []
    await rig.chat.edit(posted, person, OTHER)
    assert "Closed · Ana replied" in (await rig.stage.private("ana"))[0]


@pytest.mark.parametrize("rig", SEARCHABLE, indirect=True)
async def test_a_post_is_found_by_its_key_and_one_that_never_was_is_not(rig: Rig) -> None:
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    since = rig.stage.here.house.clock.now() - timedelta(minutes=1)
    assert await rig.chat.find(rig.place, "card:42", since) == posted
    assert await rig.chat.find(rig.place, "card:43", since) is None


@pytest.mark.parametrize("rig", SEARCHABLE, indirect=True)
async def test_a_post_is_found_although_our_clock_is_ten_minutes_ahead_of_that_of_the_chat(rig: Rig) -> None:
    """Else it would be posted twice: by such a clock it arrived long before it was sent."""
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    assert await rig.chat.find(rig.place, "card:42", rig.stage.here.house.clock.now() + timedelta(minutes=10)) == posted


@pytest.mark.parametrize("rig", SEARCHABLE, indirect=True)
async def test_a_line_is_found_in_its_thread_and_a_private_message_with_its_person(rig: Rig) -> None:
    since = rig.stage.here.house.clock.now() - timedelta(minutes=1)
    card = await rig.chat.post(rig.place, CARD, "card:42")
    line = await rig.chat.post(rig.place, Card(plain="Ana notes: rang."), "line:1", card)
    private = await rig.chat.post(_ana(rig), CARD, "private:42:1")
    assert await rig.chat.find(rig.place, "line:1", since, card) == line
    assert await rig.chat.find(_ana(rig), "private:42:1", since) == private


@pytest.mark.parametrize("rig", UNSEARCHABLE, indirect=True)
async def test_a_chat_that_cannot_be_searched_refuses_to_look_so_that_a_doubt_is_counted(rig: Rig) -> None:
    await rig.chat.post(rig.place, CARD, "card:42")
    with pytest.raises(Refused):
        await rig.chat.find(rig.place, "card:42", rig.stage.here.house.clock.now() - timedelta(minutes=1))


async def test_what_can_never_be_shown_is_refused_with_a_sentence_for_ops(rig: Rig) -> None:
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    with pytest.raises(Refused) as refused:
        await rig.chat.edit(Posted(posted.channel, "1000000000.000001"), rig.place, OTHER)
    assert len(str(refused.value).split()) > 3


async def test_a_link_to_a_message_opens_exactly_that_message(rig: Rig) -> None:
    first = await rig.chat.post(rig.place, CARD, "card:42")
    second = await rig.chat.post(rig.place, OTHER, "card:43")
    links = [await eventually(lambda posted=posted: rig.chat.link(_ana(rig), posted)) for posted in (first, second)]
    shown = [await rig.stage.opens(url) for url in links]
    assert [CARD.headline in shown[0], OTHER.headline in shown[1]] == [True, True]


async def test_a_card_with_a_place_that_has_a_url_shows_one_link_to_it_and_without_a_url_shows_none(rig: Rig) -> None:
    posted = await rig.chat.post(rig.place, CARD, "card:42")
    url = await eventually(lambda: rig.chat.link(_ana(rig), posted))
    there = There(posted.channel, posted.id, url)
    item = Card("Still yours?", "Still yours?", footer="#42", there=there)
    private = Card("One waits for you", "One waits for you", items=(item, replace(item, there=replace(there, url=""))))
    await rig.chat.post(_ana(rig), private, "bundle:1")
    [opened] = await rig.stage.follows("ana", "One waits for you")
    assert CARD.headline in opened


async def test_a_chat_says_what_a_colleague_is_called(rig: Rig) -> None:
    who = _ana(rig)
    profile = await rig.chat.profile(Person(who.chat, who.workspace, who.channel))
    assert profile is not None
    assert (profile.name, profile.email) == ("Ana", "ana@northwind.example")


def _ana(rig: Rig) -> Place:
    return Place(rig.chat.name, rig.place.workspace, rig.stage.user_id("ana"))
