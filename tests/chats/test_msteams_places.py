"""Where the bot may speak in Microsoft Teams: what installs and channel events teach, and silence where it was sent away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection

from bot.chats import CannotPost
from handlers.cards import Card
from handlers.feedback import Person, Place
from storage import delivery_log, msteams
from storage.database import Store
from tests.chats.teams_world import APP, SHOP, TEAM, TENANT, World, world
from tests.conftest import FRIDAY, person
from tests.emulators.msteams import Message, MsTeams
from tests.overlapping import overlapped
from tests.running import Running, eventually, running
from tests.stages import OAK_STREET, PATIENCE, msteams_chat

pytestmark = pytest.mark.anyio

Stand = tuple[Running, MsTeams]


@asynccontextmanager
async def stand(folder: Path, channel: str = f"msteams:{OAK_STREET}") -> AsyncIterator[Stand]:
    """The bot runs, and no team has it yet."""
    with MsTeams(time_scale=0.02, patience=PATIENCE) as teams:
        teams.channel(OAK_STREET, name="Oak Street")
        for who in ("ana", "ben"):
            teams.user(who, email=f"{who}@northwind.example")
        async with running(folder, msteams_chat(teams), channel, at=FRIDAY, env={"APP_SECRET": teams.app_secret}) as here:
            teams.bot_url = f"{here.url}/msteams/messages"
            yield here, teams
        assert not teams.rejections, [str(each) for each in teams.rejections]
        assert not teams.violations
        assert not teams.errors


def cards(teams: MsTeams, channel: str = OAK_STREET) -> list[Message]:
    return [message for message in teams.posts(channel) if message.root is None and not message.deleted]


def connector_calls(teams: MsTeams) -> list[str]:
    return [call.method for call in teams.calls if call.method not in ("token", "metadata", "keys")]


async def waits(here: Running, state: str = "waiting") -> Any:
    """The one message that is not shown, once it was tried."""
    unshown = await here.house.store.read(delivery_log.unfinished, 10)
    return next((row for row in unshown if row.state == state and row.reason), None)


async def asks_nothing(here: Running) -> None:
    """The bot has asked all that an install makes it ask."""
    await eventually(lambda: not here.house.chats["msteams"]._wire._work)  # type: ignore[attr-defined]


async def test_feedback_that_came_before_an_install_is_posted_after_it(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await here.hears(id="r-1", score=3, comment="Slow.")
        row = await eventually(lambda: waits(here))
        assert "add Action Hero to its team" in row.reason
        assert connector_calls(teams) == [], "nobody is called who has not asked us in"
        await teams.install()
        [card] = await eventually(lambda: cards(teams))
        assert "Slow." in str(card)


@pytest.mark.parametrize("address", ["msteams:Oak Street", "msteams:northwind/oak street", "msteams:NORTHWIND/Oak Street"])
async def test_a_channel_is_reached_by_its_name_too(tmp_path: Path, address: str) -> None:
    async with stand(tmp_path, f'"{address}"') as (here, teams):
        await teams.install(channels=["Elm Street"])
        await here.hears(id="r-1", score=3, comment="Slow.")
        await eventually(lambda: cards(teams))
        assert cards(teams, "Elm Street") == []


async def test_a_name_that_two_channels_have_is_not_guessed(tmp_path: Path) -> None:
    async with stand(tmp_path, "msteams:General") as (here, teams):
        await teams.install()
        await teams.install("Southwind")
        await here.hears(id="r-1", score=3, comment="Slow.")
        row = await eventually(lambda: waits(here))
        assert "2 channels are called 'General': write msteams:Team/Channel" in row.reason


async def test_a_channel_made_later_is_known_and_a_new_name_is_learnt(tmp_path: Path) -> None:
    async with stand(tmp_path, "msteams:Birch") as (here, teams):
        await teams.install()
        await here.hears(id="r-1", score=3, comment="Slow.")
        await eventually(lambda: waits(here))
        await teams.create_channel("Birch Street")
        await teams.rename_channel("Birch Street", "Birch")
        await eventually(lambda: here.house.store.read(msteams.by_name, "Birch"))
        row = await here.house.store.read(msteams.by_id, teams.channel("Birch").id)
        assert (row.name, row.installed) == ("Birch", True)
        assert await eventually(lambda: cards(teams, "Birch"))


async def test_after_an_uninstall_the_bot_is_silent_and_says_what_waited_when_it_is_back(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        await here.hears(id="r-1", score=3, comment="Slow.")
        await eventually(lambda: cards(teams))
        await teams.uninstall()
        await asks_nothing(here)
        said = len(connector_calls(teams))
        await here.hears(id="r-2", score=2, comment="Cold.")
        row = await eventually(lambda: waits(here))
        assert "removed" in row.reason
        assert len(connector_calls(teams)) == said, "not one call to where we were sent away"
        await teams.install()
        await eventually(lambda: len(cards(teams)) == 2)


async def test_a_deleted_channel_is_left_alone(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        await eventually(lambda: here.house.store.read(msteams.by_id, OAK_STREET))
        await teams.delete_channel(OAK_STREET)
        await asks_nothing(here)
        said = len(connector_calls(teams))
        await here.hears(id="r-1", score=3, comment="Slow.")
        await eventually(lambda: waits(here))
        assert len(connector_calls(teams)) == said


async def test_a_channel_deleted_while_the_bot_asks_for_the_list_stays_gone(store: Store) -> None:
    async with world(store) as here:
        here.connector.listed = anyio.Event()
        added = here.activity("conversationUpdate", channel=TEAM, membersAdded=[{"id": f"28:{APP}"}])
        assert (await here.send(added)).status_code == 200
        await asyncio.wait_for(here.connector.listing.wait(), 10)  # the list that is on its way holds SHOP still
        told = here.activity("conversationUpdate", channel=SHOP)
        told["channelData"]["eventType"] = "channelDeleted"
        assert (await here.send(told)).status_code == 200
        here.connector.listed.set()
        await here.chat_is_quiet()
        assert store.read_sync(msteams.by_id, TEAM).installed
        assert not store.read_sync(msteams.by_id, SHOP).installed
        told["channelData"]["eventType"] = "channelRestored"
        assert (await here.send(told)).status_code == 200
        assert store.read_sync(msteams.by_id, SHOP).installed


async def test_names_told_while_the_bot_asks_for_the_list_are_newer_than_the_list(store: Store) -> None:
    async with world(store) as here:
        here.connector.listed = anyio.Event()
        added = here.activity("conversationUpdate", channel=TEAM, membersAdded=[{"id": f"28:{APP}"}])
        assert (await here.send(added)).status_code == 200
        await asyncio.wait_for(here.connector.listing.wait(), 10)  # the list that is on its way calls SHOP Oak Street
        for event, what, name in (("channelRenamed", "channel", "Birch Street"), ("teamRenamed", "team", "Northwind Coffee")):
            told = here.activity("conversationUpdate", channel=SHOP)
            told["channelData"]["eventType"] = event
            told["channelData"][what]["name"] = name
            assert (await here.send(told)).status_code == 200
        here.connector.listed.set()
        await here.chat_is_quiet()
        named = {row.id: (row.team_name, row.name, row.installed) for row in store.read_sync(msteams.known, TEAM).values()}
        assert named == {TEAM: ("Northwind Coffee", "General", True), SHOP: ("Northwind Coffee", "Birch Street", True)}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_name_that_another_replica_is_just_storing_is_newer_than_the_list(store: Store) -> None:
    shop = msteams.Seen(SHOP, TEAM, TENANT, "https://teams.example/", "Oak Street", "Northwind")
    store.write_sync(msteams.learn, [shop], time.time())
    before = store.read_sync(msteams.known, TEAM)
    written, may_commit = threading.Event(), threading.Event()

    def renamed(tx: Connection) -> None:
        msteams.rename(tx, replace(shop, name="Birch Street"))
        written.set()
        assert may_commit.wait(3)

    renaming = asyncio.create_task(store.write(renamed))
    assert await asyncio.to_thread(written.wait, 5)
    listing = asyncio.create_task(store.write(msteams.learn_listed, TEAM, [shop], before))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    await eventually(lambda: store.read_sync(lambda tx: tx.exec_driver_sql(waiting).scalar_one()))
    may_commit.set()
    await asyncio.gather(renaming, listing)
    assert store.read_sync(msteams.known, TEAM)[SHOP].name == "Birch Street"


def test_a_new_channel_that_is_just_renamed_or_left_is_not_taken_from_the_list_as_it_was(store: Store) -> None:
    shop, birch = (msteams.Seen(SHOP, TEAM, TENANT, "https://teams.example/", name) for name in ("Oak Street", "Birch Street"))
    mall = replace(shop, id=f"{SHOP}-2")

    def told(tx: Connection) -> None:
        msteams.rename(tx, birch)
        msteams.leave(tx, replace(mall, name=""), time.time())

    overlapped(store, told, lambda: store.write_sync(msteams.learn_listed, TEAM, [shop, mall], {}))
    known = store.read_sync(msteams.known, TEAM)
    assert (known[SHOP].name, known[mall.id].installed) == ("Birch Street", False)


@pytest.mark.parametrize(
    ("flag", "words"), [("private", "The bot is not a member there"), ("deleted", "knows no such conversation")]
)
async def test_a_channel_that_turns_us_away_is_marked_and_only_the_message_that_found_out_is_parked(
    tmp_path: Path, flag: str, words: str
) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        await eventually(lambda: here.house.store.read(msteams.by_id, OAK_STREET))
        await asks_nothing(here)
        teams.channel(OAK_STREET, **{flag: True})
        await here.hears(id="r-1", score=3, comment="Slow.")
        row = await eventually(lambda: waits(here, "parked"))
        assert words in row.reason
        await here.hears(id="r-2", score=3, comment="Cold.")
        await eventually(lambda: waits(here, "waiting"))
        assert connector_calls(teams).count("create") == 1, "asked once, not again"
        teams.channel(OAK_STREET, **{flag: False})
        await teams.create_channel("Oak Street")  # the team has it again
        await eventually(lambda: len(cards(teams)) == 1)
        assert await here.house.store.write(delivery_log.replay, row.key) == 1
        await eventually(lambda: len(cards(teams)) == 2)


async def test_when_an_admin_disables_the_app_it_is_told_to_ops(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        await eventually(lambda: here.house.store.read(msteams.by_id, OAK_STREET))
        await asks_nothing(here)
        teams.disabled = True
        await here.hears(id="r-1", score=3, comment="Slow.")
        row = await eventually(lambda: waits(here, "parked"))
        assert "An admin disabled the app" in row.reason


async def test_who_adds_the_bot_for_themselves_is_welcomed_once_and_asked_nothing_after_they_leave(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        await teams.install_for("ana")
        [welcome] = await eventually(lambda: teams.dm("ana").messages)
        assert "Press “I'll reply”" in str(welcome)
        await teams.uninstall_for("ana")
        row = await here.house.store.read(msteams.who, "29:ana")
        assert (row.installed, row.conversation_id) == (False, None)


async def test_the_chat_says_who_removed_the_bot_until_they_add_it_again(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        await teams.install()
        chat, ana, ben = here.house.chats["msteams"], person("29:ana", chat="msteams"), person("29:ben", chat="msteams")
        await teams.install_for("ana")
        assert await chat.parted([ana, ben]) == []
        await teams.uninstall_for("ana")
        assert await chat.parted([ben, ana]) == [ana]
        await teams.install_for("ana")
        assert await chat.parted([ana, ben]) == []


@pytest.mark.parametrize("known", [True, False])
async def test_who_removes_the_bot_while_it_opens_their_private_chat_is_left_alone_until_they_add_it_again(
    store: Store, known: bool
) -> None:
    async with world(store) as here:
        await here.installed()
        if known:
            store.write_sync(msteams.meet, "29:ana", TENANT, f"{here.url}/", time.time(), None, SHOP)
        here.connector.opened = anyio.Event()
        posting = asyncio.create_task(here.chat.post(Place("msteams", "main", "29:ana"), Card("A card"), "card:1"))
        await asyncio.wait_for(here.connector.opening.wait(), 10)
        assert (await here.send(here.activity("installationUpdate", channel=None, action="remove"))).status_code == 200
        here.connector.opened.set()
        with pytest.raises(CannotPost, match="removed Action Hero"):
            await posting
        row = store.read_sync(msteams.who, "29:ana")
        assert row is not None
        assert (row.installed, row.conversation_id) == (False, None)
        assert here.connector.said() == []
        assert (await here.send(here.activity("installationUpdate", channel=None, action="add"))).status_code == 200
        await here.chat.post(Place("msteams", "main", "29:ana"), Card("A card"), "card:1")


ANA, SHOPS = (msteams.who, "29:ana"), (msteams.by_id, SHOP)


async def there_after(replica: World, activity: dict[str, Any], second: int, asked: tuple[Any, str] = ANA) -> bool:
    """Returns whether the bot is with Ana, or in the shop's channel, once a replica has heard this, which happened at that second."""
    assert (await replica.send(activity | {"timestamp": f"2030-01-07T09:00:{second:02d}.000Z"})).status_code == 200
    await replica.chat_is_quiet()
    row = await replica.store.read(*asked)
    return row is not None and row.installed


async def test_what_somebody_did_before_they_removed_the_bot_does_not_bring_it_back_and_what_they_do_later_does(
    store: Store,
) -> None:
    async with world(store) as here:
        tap = here.press({"verb": "claim", "target": 1}, channel=None)
        assert await there_after(here, tap, 10)
        assert not await there_after(here, here.activity("installationUpdate", channel=None, action="remove"), 20)
        assert not await there_after(here, tap, 10), "delivered again"
        assert await there_after(here, here.press({"verb": "claim", "target": 1}, channel=None), 30)


async def test_what_somebody_did_before_they_removed_the_bot_does_not_bring_it_back_on_another_replica_either(
    store: Store,
) -> None:
    async with world(store) as here, world(store) as other:
        assert not await there_after(here, here.activity("installationUpdate", channel=None, action="remove"), 20)
        assert not await there_after(other, other.press({"verb": "claim", "target": 1}, channel=None), 10)
        assert await there_after(other, other.press({"verb": "claim", "target": 2}, channel=None), 30)


async def test_what_was_written_in_a_channel_before_the_bot_was_removed_does_not_bring_it_back_and_adding_it_does(
    store: Store,
) -> None:
    async with world(store) as here, world(store) as other:
        tap, removed = (
            here.press({"verb": "claim", "target": 1}),
            here.activity("installationUpdate", channel=TEAM, action="remove"),
        )
        assert await there_after(here, tap, 10, SHOPS)
        assert not await there_after(here, removed, 20, SHOPS)
        assert not await there_after(here, tap, 10, SHOPS), "delivered again"
        assert not await there_after(other, other.press({"verb": "claim", "target": 2}), 15, SHOPS), "heard late by another replica"
        assert await there_after(other, other.activity("installationUpdate", channel=SHOP, action="add"), 30, SHOPS)


async def test_what_was_heard_late_from_a_channel_does_not_keep_it_from_being_known_by_what_is_done_there_later(
    store: Store,
) -> None:
    async with world(store) as here:
        assert await there_after(here, here.activity("installationUpdate", channel=SHOP, action="add"), 10, SHOPS)
        assert not await there_after(here, here.activity("installationUpdate", channel=TEAM, action="remove"), 20, SHOPS)
        assert not await there_after(here, here.press({"verb": "claim", "target": 1}), 15, SHOPS)
        assert await there_after(here, here.press({"verb": "claim", "target": 2}), 30, SHOPS)


@pytest.mark.parametrize("told", ["by adding it", "by a tap"])
async def test_a_removal_that_is_told_again_or_late_does_not_undo_that_somebody_has_the_bot_back(store: Store, told: str) -> None:
    async with world(store) as here, world(store) as other:

        def removed(replica: World) -> dict[str, Any]:
            return replica.activity("installationUpdate", channel=None, action="remove")

        tap = here.press({"verb": "claim", "target": 1}, channel=None)
        back = tap if told == "by a tap" else here.activity("installationUpdate", channel=None, action="add")
        assert not await there_after(here, removed(here), 20)
        assert await there_after(here, back, 40)
        assert await there_after(here, removed(here), 20), "told again"
        assert await there_after(other, removed(other), 30), "never told before"
        assert await there_after(other, other.press({"verb": "claim", "target": 1}, channel=None), 10)
        assert await there_after(here, removed(here), 30), "nor does an older tap change that"
        assert not await there_after(here, removed(here), 50)


@pytest.mark.parametrize("gone", ["the app", "teamDeleted", "channelDeleted"])
async def test_a_removal_that_is_told_again_or_late_does_not_undo_that_the_bot_is_back_in_a_channel(
    store: Store, gone: str
) -> None:
    async with world(store) as here, world(store) as other:

        def removed(replica: World) -> dict[str, Any]:
            if gone == "the app":
                return replica.activity("installationUpdate", channel=TEAM, action="remove")
            told = replica.activity("conversationUpdate")
            told["channelData"]["eventType"] = gone
            return told

        back = here.activity("installationUpdate", channel=SHOP, action="add")
        assert await there_after(here, back, 10, SHOPS)
        assert not await there_after(here, removed(here), 20, SHOPS)
        assert await there_after(here, back, 40, SHOPS)
        assert await there_after(here, removed(here), 20, SHOPS), "told again"
        assert await there_after(other, removed(other), 30, SHOPS), "never told before"
        assert await there_after(other, other.press({"verb": "claim", "target": 1}), 10, SHOPS)
        assert await there_after(here, removed(here), 30, SHOPS), "nor does an older tap change that"
        assert not await there_after(here, removed(here), 50, SHOPS)


async def test_a_removal_told_late_leaves_the_bot_in_the_channels_that_only_the_list_of_the_team_tells(store: Store) -> None:
    async with world(store) as here:
        assert await there_after(here, here.activity("installationUpdate", channel=TEAM, action="add"), 20, SHOPS)
        assert await there_after(here, here.activity("installationUpdate", channel=TEAM, action="remove"), 10, SHOPS)
        assert not await there_after(here, here.activity("installationUpdate", channel=TEAM, action="remove"), 30, SHOPS)


async def test_a_name_and_an_address_are_asked_of_a_roster_of_ours(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        chat = here.house.chats["msteams"]
        assert await chat.profile(Person("msteams", "main", "29:ben")) is None
        await teams.install()
        profile = await chat.profile(Person("msteams", "main", "29:ben"))
        assert profile is not None
        assert (profile.name, profile.email) == ("Ben", "ben@northwind.example")
        assert await chat.profile(Person("msteams", "main", "29:nobody")) is None


async def test_somebody_who_was_never_seen_is_found_in_whichever_team_they_are(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        places = ("Northwind", "Southwind")
        for name in places:
            await teams.install(name, [f"19:{name.lower()}@thread.tacv2"])
        for name in places:
            teams.user(f"lea-{name}", name=f"Lea of {name}", teams={teams.team(name).id})
        found = [await here.house.chats["msteams"].profile(Person("msteams", "main", f"29:lea-{name}")) for name in places]
        assert [who and who.name for who in found] == ["Lea of Northwind", "Lea of Southwind"]


async def test_events_nobody_has_heard_of_and_events_told_twice_change_nothing(tmp_path: Path) -> None:
    async with stand(tmp_path) as (here, teams):
        [*deliveries] = await teams.install()
        await eventually(lambda: here.house.store.read(msteams.by_id, OAK_STREET))
        for delivery in deliveries:
            assert (await teams.redeliver(delivery)).status == 200
        assert (await teams.event("teamArchived")).delivered
        assert (await teams.event("somethingNew")).delivered
        await teams.rename_team("Northwind", "Northwind Coffee")
        row = await here.house.store.read(msteams.by_id, OAK_STREET)
        assert (row.installed, row.team_name) == (True, "Northwind Coffee")
