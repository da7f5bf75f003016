"""Who is in a conversation, as Microsoft Teams tells it."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from aiohttp import web

from bot.chats import Unreachable
from bot.chats.msteams.roster import IN_VAIN, KEPT, colleague
from handlers.cards import Ask, Field, Form, Reply
from storage import msteams
from storage.database import Store
from tests.chats.teams_world import TEAM, TENANT, World, world

pytestmark = pytest.mark.anyio

HAND_OVER = Form("hand_over", 1, "Hand over", "", "Hand over", (Field("to", "Who takes it on?", Ask.PERSON),))
OURS, THEIRS = "7e4a47e4-0000-4000-8000-000000000001", "0bad0bad-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("home", "tenant", "believed"),
    [(OURS, OURS, True), (OURS.upper(), OURS, True), (None, OURS, True), (THEIRS, OURS, False)],
)
def test_an_address_counts_only_where_our_own_admins_wrote_it_down(home: str | None, tenant: str, believed: bool) -> None:
    """By an address somebody leads a team or is ops; in a shared channel there are people whose admins may write down any."""
    said = {"id": "29:lea", "name": "Lea", "email": "lea@northwind.example", "tenantId": home}
    known = colleague(said, tenant)
    assert known is not None
    assert (known.name, known.email) == ("Lea", "lea@northwind.example" if believed else None)
    assert known.elsewhere is not believed


def member(who: str) -> dict[str, Any]:
    return {"id": f"29:{who}", "name": who.title(), "email": f"{who}@northwind.example"}


async def offered(here: World) -> list[str]:
    """The names in a form that Ana opens in the channel."""
    here.reply = lambda _: Reply(form=HAND_OVER)
    answer = (await here.send(here.press({"verb": "hand_over", "target": 1}))).json()
    [question] = [each for each in answer["value"]["body"] if each["type"] == "Input.ChoiceSet"]
    return [each["title"] for each in question["choices"]]


async def chosen(here: World, user: str) -> str | None:
    """The name under which somebody whom Ana chose in a form reaches the house; None if they do not."""
    here.reply = lambda _: Reply("Done.")
    await here.send(here.press({"verb": "hand_over", "target": 1, "fields": ["to"], "people": ["to"], "to": user}))
    people = here.taps[-1].people
    return people["to"].name if people else None


async def joins(here: World, who: str) -> None:
    """Somebody joins the team, of which Teams tells in its first channel."""
    here.connector.members.append(member(who))
    told = here.activity("conversationUpdate", channel=TEAM, membersAdded=[{"id": f"29:{who}"}])
    assert (await here.send(told)).status_code == 200


async def test_who_joins_a_team_can_be_chosen_in_all_its_channels_at_once(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("ana")]
        assert await offered(here) == ["Ana"]
        await joins(here, "ben")
        assert await offered(here) == ["Ana", "Ben"]


async def test_who_joins_while_the_roster_is_being_read_can_be_chosen_in_the_next_form(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members, here.connector.read = [member("ana")], anyio.Event()
        first = asyncio.create_task(offered(here))
        await asyncio.wait_for(here.connector.reading.wait(), 10)  # what is on its way does not hold Ben
        await joins(here, "ben")
        here.connector.read.set()
        assert await first == ["Ana"]
        assert await offered(here) == ["Ana", "Ben"]


async def test_who_was_offered_by_another_replica_that_heard_of_them_can_be_chosen(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("ana")]
        assert await offered(here) == ["Ana"]
        here.connector.members.append(member("ben"))  # only the other replica was told
        assert await chosen(here, "29:ben") == "Ben"
        assert await chosen(here, "29:mallory") is None, "on no roster"


async def test_people_of_another_company_who_share_the_channel_are_not_offered_and_cannot_be_chosen(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("ana"), member("ben") | {"tenantId": TENANT}, member("eve") | {"tenantId": THEIRS}]
        assert await offered(here) == ["Ana", "Ben"]
        assert await chosen(here, "29:ben") == "Ben"
        assert await chosen(here, "29:eve") is None


async def test_while_the_roster_cannot_be_read_nobody_can_be_chosen(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("ben")]
        here.connector.next = [lambda: web.Response(status=503, text="<html>away</html>")] * 2
        assert await chosen(here, "29:ben") is None
        here.connector.next.clear()
        assert await chosen(here, "29:ben") == "Ben"


async def test_when_somebody_joined_and_teams_is_slow_the_form_opens_with_those_who_were_there(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("ana")]
        assert await offered(here) == ["Ana"]
        here.connector.read = anyio.Event()
        await joins(here, "ben")
        assert await offered(here) == ["Ana"]
        here.connector.read.set()


async def test_with_many_teams_each_roster_is_read_once_however_many_people_are_looked_up(store: Store) -> None:
    async with world(store) as here:
        here.connector.members = [member("ana"), member("lea")]
        number = KEPT + 5
        teams = [msteams.Seen(f"19:{n:03}@thread.tacv2", f"19:{n:03}@thread.tacv2", TENANT, f"{here.url}/") for n in range(number)]
        store.write_sync(msteams.learn, teams, None)
        for _ in range(3):
            assert await here.chat.people("nobody@northwind.example") == []
            assert [who.name for who in await here.chat.people("Lea@northwind.example")] == ["Lea"]
        assert len([path for _, path, _ in here.connector.calls if "/pagedmembers" in path]) == number
        here.connector.members.append(member("ben"))
        await here.chat_is_quiet()
        joined = here.activity("conversationUpdate", channel=TEAM, membersAdded=[{"id": "29:ben"}])
        assert (await here.send(joined)).status_code == 200
        assert [who.name for who in await here.chat.people("ben@northwind.example")] == ["Ben"]


async def test_a_roster_that_cannot_be_read_is_left_alone_for_a_while_until_somebody_joins(store: Store) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("lea")]
        here.connector.next = [lambda: web.Response(status=503, text="<html>not now</html>")] * 4
        for _ in range(4):
            with pytest.raises(Unreachable, match="could not be read"):
                await here.chat.people("lea@northwind.example")
        assert len([path for _, path, _ in here.connector.calls if "/pagedmembers" in path]) == IN_VAIN
        here.connector.next = []
        await joins(here, "ben")
        assert [who.name for who in await here.chat.people("lea@northwind.example")] == ["Lea"]


@pytest.mark.parametrize("status", [503, 403])
async def test_while_a_roster_cannot_be_read_nobody_is_said_to_be_unknown(store: Store, status: int) -> None:
    async with world(store) as here:
        await here.installed()
        here.connector.members = [member("lea")]
        here.connector.next = [lambda: web.Response(status=status, text="<html>not now</html>")]
        with pytest.raises(Unreachable, match="could not be read"):
            await here.chat.people("lea@northwind.example")
        assert [who.name for who in await here.chat.people("lea@northwind.example")] == ["Lea"]
        assert await here.chat.people("ben@northwind.example") == []
