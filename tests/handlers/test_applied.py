"""A team is given another channel, or other hours: what no channel showed goes there, and what waited for an opening comes at the
next."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.app import opened
from bot.clock import HouseClock
from bot.commands.deliveries import send_again
from bot.config import load
from handlers.arranged.applied import follow_channels, follow_hours
from handlers.calendar.hours import OpeningHours
from handlers.digests.digest import send_digests
from storage import delivery_log, lanes, messages, sending
from storage.messages import message
from tests import stages
from tests.conftest import ANA, FRIDAY, OSLO, Shop, said
from tests.emulators.slack import Slack
from tests.handlers.test_further_channel import channels
from tests.handlers.test_ladder import MONDAY, lines, passes_until, ticks
from tests.running import SECRET, eventually, running

SOON, SETTLE, LEASE, MANY = 1e12, 5.0, 60.0, 50
"""Of a lease: long after every back-off, and so on."""
WRONG, RIGHT = "slack:C1", "slack:C2"


def follow(shop: Shop) -> None:
    after: int | None = 0
    while after is not None:
        after = shop.store.write_sync(follow_channels, shop.company, after)


def delivers(shop: Shop, refuses: str = "", doubt: bool = False) -> list[tuple[str, str]]:
    """Send what waits, as long as something does. Returns what was shown, with its channel; `refuses` is a channel that parks."""

    def some(tx: Any) -> list[tuple[str, str]] | None:
        attempts, _ = sending.lease(tx, ["slack"], SOON, SETTLE, LEASE, MANY)
        done = []
        for attempt in attempts:
            if attempt.channel == refuses or (attempt.thread_of and not messages.by_key(tx, attempt.thread_of).remote_id):
                sending.park(tx, attempt, 0.0, "is_archived", doubt=doubt)
            else:
                sending.shown(tx, attempt, attempt.row.wanted, (attempt.channel, f"1.{attempt.id}"), "edits", 0.0)
                done.append((attempt.key, attempt.channel))
        return done if attempts else None

    shown: list[tuple[str, str]] = []
    while (more := shop.store.write_sync(some)) is not None:
        shown += more
    return shown


def replays(shop: Shop) -> None:
    shop.store.write_sync(delivery_log.replay, None)


def stand(shop: Shop) -> dict[str, tuple[str, str, str]]:
    asked = select(message.c.key, message.c.state, message.c.channel, message.c.gate).order_by(message.c.id)
    return {row[0]: (row[1], row[2], row[3]) for row in shop.store.read_sync(lambda tx: tx.execute(asked).all())}


def test_a_card_that_was_refused_comes_after_a_replay_to_the_channel_that_ops_name_instead_with_all_that_was_said_since(
    shop: Shop,
) -> None:
    shop.hears(said())
    shop.tap("note", ANA, note="She likes tea.")
    assert delivers(shop, refuses="C1") == []
    channels(shop, RIGHT)
    follow(shop)
    assert stand(shop) == {
        "card:1": ("parked", "C2", "slack:main:C2"),
        "line:2": ("parked", "C2", "slack:main:C2"),
    }, "ops say when it is sent again"
    assert delivers(shop) == []
    shop.tap("note", ANA, note="With milk.")
    replays(shop)
    assert delivers(shop) == [("card:1", "C2"), ("line:2", "C2"), ("line:3", "C2")]


def test_what_only_waited_for_the_bot_to_be_let_in_goes_there_at_once(shop: Shop) -> None:
    shop.hears(said(), said("r-2"))
    channels(shop, "msteams:19:oak@thread.tacv2")
    follow(shop)
    assert {place for _, _, place in stand(shop).values()} == {"msteams:main:19:oak@thread.tacv2"}
    awake = select(lanes.gate.c.idle).where(lanes.gate.c.key == "msteams:main:19:oak@thread.tacv2")
    assert shop.store.read_sync(lambda tx: tx.execute(awake).scalars().all()) == [False]


def test_what_a_channel_showed_or_may_show_stays_there(shop: Shop) -> None:
    shop.hears(said())
    delivers(shop)
    shop.hears(said("r-2"))
    delivers(shop, refuses="C1", doubt=True)
    shop.hears(said("r-3"))
    shop.store.write_sync(sending.lease, ["slack"], SOON, SETTLE, LEASE, MANY)
    channels(shop, RIGHT)
    follow(shop)
    assert [channel for _, channel, _ in stand(shop).values()] == ["C1"] * 3


def test_a_private_message_and_what_was_given_up_stay_what_they_are(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    delivers(shop, refuses="C1")
    shop.store.write_sync(delivery_log.drop, "card:1", "the shop is closed")
    before = stand(shop)
    channels(shop, RIGHT)
    follow(shop)
    assert {key: place for key, place in stand(shop).items() if not key.startswith("line")} == {
        key: place for key, place in before.items() if not key.startswith("line")
    }


def test_no_channel_gets_what_it_has_already(shop: Shop) -> None:
    channels(shop, WRONG, RIGHT)
    shop.hears(said())
    delivers(shop, refuses="C1")
    channels(shop, RIGHT)
    follow(shop)
    assert stand(shop)["card:1"][:2] == ("parked", "C1")
    channels(shop, RIGHT, WRONG)
    follow(shop)
    assert stand(shop)["card:1"][:2] == ("parked", "C1"), "the other way round is the same two channels"


def test_what_a_channel_never_showed_that_was_taken_from_the_team_waits_until_the_team_has_it_again(shop: Shop) -> None:
    channels(shop, WRONG, RIGHT)
    shop.hears(said())
    channels(shop, WRONG)
    follow(shop)
    assert delivers(shop) == [("card:1", "C1")], "by now the other may be somebody else's"
    [parked] = shop.store.read_sync(delivery_log.unfinished, 5)
    assert (parked.key, parked.state, parked.reason.partition(";")[0]) == (
        "card:1:2",
        "parked",
        "its team has this channel no longer",
    )
    shop.store.write_sync(follow_channels, shop.company.model_copy(update={"teams": {}, "routes": ()}))
    assert stand(shop)["card:1:2"][0] == "parked", "nor does it go anywhere once the team is gone, too"
    assert send_again(shop.store, None) == "Nothing is parked that could be sent again.", "it would hold up whoever has it now"
    channels(shop, WRONG, RIGHT)
    follow(shop)
    assert delivers(shop) == [("card:1:2", "C2")]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_delivery_leases_nothing_of_a_channel_whose_messages_are_just_being_parked(shop: Shop) -> None:
    """It would overwrite that they are parked, and hold up whoever has the channel now."""
    channels(shop, WRONG, RIGHT)
    shop.hears(said())
    channels(shop, WRONG)
    leased: list[Any] = []

    def meanwhile(tx: Any) -> None:
        follow_channels(tx, shop.company)
        leased.extend(shop.store.write_sync(sending.lease, ["slack"], SOON, SETTLE, LEASE, MANY)[0])

    shop.store.write_unhurried(meanwhile, waits=False)
    assert [attempt.key for attempt in leased] == ["card:1"]
    assert stand(shop)["card:1:2"][0] == "parked"


def test_of_several_channels_each_takes_what_the_one_before_it_in_the_list_was_refused(shop: Shop) -> None:
    channels(shop, WRONG, "slack:C9")
    shop.hears(said())
    channels(shop, RIGHT, "slack:C3")
    follow(shop)
    assert [(key, channel) for key, (_, channel, _) in stand(shop).items()] == [("card:1", "C2"), ("card:1:2", "C3")]


def test_weekly_posts_go_along(shop: Shop) -> None:
    shop.hears(said(), said("r-2"))
    shop.now = MONDAY + timedelta(hours=1)
    shop.store.write_sync(send_digests, shop.company, shop.now)
    assert "digest:oak-street:2026-W47" in stand(shop)
    channels(shop, RIGHT)
    follow(shop)
    assert {channel for _, channel, _ in stand(shop).values()} == {"C2"}


def test_many_go_in_several_units_of_work(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(5)))
    channels(shop, RIGHT)
    ends, after = [], 0
    while (after := shop.store.write_sync(follow_channels, shop.company, after, 2)) is not None:
        ends.append(after)
    assert len(ends) == 2
    assert {channel for _, channel, _ in stand(shop).values()} == {"C2"}


def test_a_team_that_is_gone_changes_nothing(shop: Shop) -> None:
    shop.hears(said())
    shop.company = shop.company.model_copy(update={"teams": {}})
    follow(shop)
    assert stand(shop)["card:1"][1] == "C1"


@pytest.mark.anyio
async def test_ops_do_what_the_refusal_tells_them_and_the_team_reads_of_the_customer(tmp_path: Path) -> None:
    with Slack(time_scale=0.02, rate=1000, scopes=stages.SCOPES, patience=stages.PATIENCE) as slack:
        slack.channel("C1", name="old", archived=True)
        slack.channel("C2", name="new")
        env = {"TOKEN": slack.token, "SIGNING": slack.signing_secret, **stages.SEALED}

        async def parked(here: Any) -> list[Any]:
            rows = await here.house.store.read(delivery_log.unfinished, 50)
            return [row.reason for row in rows if row.state == "parked"]

        async with running(tmp_path, stages.slack_chat(slack), WRONG, at=FRIDAY, env=env, server=stages.SEALING) as here:
            await here.hears(id="r-1", score=2, comment="Nobody came.")
            [reason] = await eventually(lambda: parked(here))
            assert "name another one in app.yaml" in reason
            assert "then replay" in reason
        async with running(tmp_path, stages.slack_chat(slack), RIGHT, at=FRIDAY, env=env, server=stages.SEALING) as here:
            await here.house.store.write(delivery_log.replay, None)
            [posted] = await eventually(lambda: slack.channels["C2"].messages)
            assert "Nobody came." in str(posted)
            assert await parked(here) == []


def hours_are(shop: Shop, hours: OpeningHours) -> None:
    teams = {name: team.model_copy(update={"hours": hours}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})


OFFICE = {"mon-fri": "08:00-18:00"}


@pytest.fixture
def closed(shop: Shop) -> Shop:
    """The team is closed for ten weeks from Friday on, by a slip in app.yaml. Two customers write."""
    off = [FRIDAY.date() + timedelta(days=n) for n in range(70)]
    hours_are(shop, OpeningHours.build(OFFICE, OSLO, closed=off))
    shop.hears(said(), said("r-2"))
    shop.passes(hours=1)
    ticks(shop)
    assert shop.keys() == []
    return shop


def test_cards_that_wait_for_a_wrong_opening_come_once_the_hours_are_corrected(closed: Shop) -> None:
    promised = closed.row().claim_by
    hours_are(closed, OpeningHours.build(OFFICE, OSLO))
    assert closed.store.write_sync(follow_hours, closed.company, closed.now) == 2
    closed.passes(seconds=15)
    ticks(closed)
    [opening, *cards] = closed.keys()
    assert cards == ["card:1", "card:2"]
    assert closed.card(opening).plain.startswith("2 customers wrote")
    assert closed.row().claim_by == promised, "the promise stays as it was told"


def test_they_wait_for_the_next_opening_where_the_team_is_closed_when_the_hours_are_corrected(closed: Shop) -> None:
    hours_are(closed, OpeningHours.build(OFFICE, OSLO))
    closed.passes(hours=10)
    closed.store.write_sync(follow_hours, closed.company, closed.now)
    ticks(closed)
    assert closed.keys() == []
    closed.now = MONDAY + timedelta(seconds=1)
    ticks(closed)
    assert closed.keys()[1:] == ["card:1", "card:2"]


def monday_is_off(shop: Shop, until: datetime) -> None:
    """Monday is a day off by a slip in app.yaml, which is corrected at that time; the bot is started anew for both."""
    hours_are(shop, OpeningHours.build({"tue-fri": "08:00-18:00"}, OSLO))
    shop.store.write_sync(follow_hours, shop.company, shop.now)
    for shop.now in (MONDAY + timedelta(seconds=1), until):
        ticks(shop)
    hours_are(shop, OpeningHours.build(OFFICE, OSLO))
    shop.store.write_sync(follow_hours, shop.company, shop.now)
    shop.passes(seconds=1)
    ticks(shop)


def test_a_card_that_should_have_come_this_morning_comes_when_the_day_off_is_taken_back(shop: Shop) -> None:
    shop.passes(hours=9)
    shop.hears(said())
    monday_is_off(shop, until=MONDAY + timedelta(hours=1, minutes=30))
    assert shop.keys() == ["card:1"]
    assert shop.row().held_until is None


def test_whose_promise_ended_this_morning_is_told_of_when_the_day_off_is_taken_back(shop: Shop) -> None:
    shop.passes(hours=5)
    shop.hears(said())
    passes_until(shop, FRIDAY + timedelta(hours=8))
    monday_is_off(shop, until=MONDAY + timedelta(hours=2, minutes=30))
    assert shop.card().headline.startswith("Still waiting for us")
    assert "Our promise has passed" in lines(shop)[-1]


def test_as_long_as_the_hours_are_as_they_were_nothing_comes_sooner(closed: Shop) -> None:
    closed.tap("claim", ANA, 2)
    before = closed.row().next_look_at
    assert closed.store.write_sync(follow_hours, closed.company, closed.now) == 0
    assert closed.row().next_look_at == before
    closed.company = closed.company.model_copy(update={"teams": {}})
    assert closed.store.write_sync(follow_hours, closed.company, closed.now) == 0


@pytest.mark.anyio
async def test_at_a_start_with_corrected_hours_the_cards_come(tmp_path: Path) -> None:
    saturday = FRIDAY + timedelta(days=1)
    async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=saturday) as here:
        await here.hears(id="r-1", score=2, comment="Nobody came.")
        assert await here.house.store.read(delivery_log.unfinished, 5) == []
    mended = (tmp_path / "app.yaml").read_text().replace("mon-fri", "mon-sat")
    (tmp_path / "app.yaml").write_text(mended)
    settings = load(tmp_path / "app.yaml", environ={"SURVEY_SECRET": SECRET}).settings
    assert settings is not None
    async with opened(settings, HouseClock(saturday + timedelta(minutes=5))) as house:
        await house.tick()
        assert await house.store.read(messages.by_key, "card:1") is not None


@pytest.mark.anyio
async def test_what_was_parked_for_want_of_its_team_comes_once_a_start_knows_the_team_again(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street", at=FRIDAY) as here:
        await here.hears(id="r-1", score=2, comment="Nobody came.")
        await eventually(lambda: here.house.store.read(is_card, "shown"))
    whole = (tmp_path / "app.yaml").read_text()
    without = whole.replace("  oak-street:", "  harbour:").replace("team: oak-street", "team: harbour")
    for text, becomes in ((without, "parked"), (without, "parked"), (whole, "shown")):
        (tmp_path / "app.yaml").write_text(text)
        settings = load(tmp_path / "app.yaml", environ={"SURVEY_SECRET": SECRET}).settings
        assert settings is not None
        async with opened(settings, HouseClock(FRIDAY + timedelta(minutes=5))) as house:
            if text is without:
                await house.store.write(messages.want_again, 1)
            await eventually(lambda becomes=becomes, house=house: house.store.read(is_card, becomes))


def is_card(tx: Connection, state: str) -> bool:
    row = messages.by_key(tx, "card:1")
    return row is not None and row.state == state and (row.shown == row.wanted) == (state == "shown")
