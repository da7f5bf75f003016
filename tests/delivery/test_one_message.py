"""One message, and what its row and its lane hold afterwards, for each way a chat can react."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import update

from bot import metrics
from bot.chats import CannotPost, Pace, Refused, Throttled, Unreachable
from bot.delivery.send import UNDRAWN_AFTER
from handlers.feedback import Place
from handlers.pictures import picture
from storage import delivery_log, messages, sending
from storage.messages import message
from storage.sending import OTHERS_FIRST_S
from tests.conftest import ANA, ON_SQLITE, Shop, said
from tests.delivery.desk import LATER, TIMING, Desk, Watched, counted, rests, shown
from tests.running import eventually

pytestmark = pytest.mark.anyio


async def test_after_a_post_its_lane_rests_as_long_as_the_chat_asks_between_posts_and_a_fiftieth_more(desk: Desk) -> None:
    posts, collapsed = counted(metrics.delivered, "slack", "post"), counted(metrics.collapsed, "slack")
    during = await desk.sends(desk.leased())
    assert rests(desk, during, 10.2)
    row = desk.row()
    assert (row.state, row.shown, row.remote_channel, row.remote_id, row.gate) == ("shown", 1, "C1", "1", "slack:main:C1")
    assert counted(metrics.delivered, "slack", "post") == posts + 1
    assert counted(metrics.collapsed, "slack") == collapsed


async def test_after_an_edit_its_lane_rests_as_long_as_the_chat_asks_between_edits(desk: Desk) -> None:
    await shown(desk)
    edits, collapsed = counted(metrics.delivered, "slack", "edit"), counted(metrics.collapsed, "slack")
    for _ in range(2):
        desk.shop.store.write_sync(messages.want_again, 1)
    during = await desk.sends(desk.leased(LATER))
    assert rests(desk, during, 3.06)
    assert (desk.row().state, desk.row().shown) == ("shown", 4)
    assert counted(metrics.delivered, "slack", "edit") == edits + 1
    assert counted(metrics.collapsed, "slack") == collapsed + 2, "two versions were never shown"


async def test_a_place_without_the_bot_is_looked_at_again_and_counts_as_nobody_who_asked_to_wait(desk: Desk) -> None:
    before = counted(metrics.throttled, "slack")
    desk.chat.faults = [CannotPost(60, "the bot is in no team yet")]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, 60)
    assert (desk.row().state, desk.row().reason) == ("waiting", "the bot is in no team yet")
    assert counted(metrics.throttled, "slack") == before


async def test_where_edits_have_a_budget_of_their_own_what_was_posted_waits_among_them(shop: Shop) -> None:
    shop.hears(said("r-1"))
    desk = Desk(shop, Watched(pace=Pace(0, 0, edits_together=True)))
    await desk.sends(desk.leased())
    assert desk.row().gate == "slack:main:edits"


@pytest.mark.parametrize(("asked", "waits"), [(7, 7), (299, 299), (10_000, 300)])
async def test_a_chat_that_asks_to_wait_is_waited_for_but_never_longer_than_five_minutes(
    desk: Desk, asked: float, waits: float
) -> None:
    before = counted(metrics.throttled, "slack")
    desk.chat.faults = [Throttled(asked)]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, waits)
    assert (desk.row().state, desk.row().reason) == ("waiting", f"asked to wait {asked:g} s")
    assert counted(metrics.throttled, "slack") == before + 1


@pytest.mark.parametrize(("attempt", "about"), [(1, 1), (2, 2), (5, 16), (6, 32), (7, 60), (40, 60)])
async def test_a_chat_that_is_not_reached_is_tried_less_and_less_often_but_about_every_minute(
    desk: Desk, attempt: int, about: float
) -> None:
    desk.tried("card:1", attempt - 1)
    desk.chat.faults = [Unreachable("no route")]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, about * 0.8, about * 1.2)
    assert (desk.row().state, desk.row().reason, desk.row().attempts) == ("waiting", "no route", attempt)


async def test_what_is_refused_is_parked_and_its_lane_rests_as_after_a_post(desk: Desk) -> None:
    before = counted(metrics.parked, "slack")
    desk.chat.faults = [Refused("the channel is archived")]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, 10.2)
    assert (desk.row().state, desk.row().reason) == ("parked", "the channel is archived")
    assert counted(metrics.parked, "slack") == before + 1


async def test_nothing_is_begun_that_might_outlast_the_lease(desk: Desk) -> None:
    during = await desk.sends(desk.leased(), for_s=TIMING.deadline - 0.05)
    assert desk.chat.posts == []
    assert (desk.row().state, desk.row().reason) == ("waiting", "the lane was ours for too short a time to begin")
    assert rests(desk, during, 0.8, 1.2)
    await desk.sends(desk.leased(LATER), for_s=TIMING.deadline + 10)
    assert desk.chat.keys == ["card:1"]


async def test_what_is_said_in_the_thread_of_a_card_that_never_came_is_parked_with_the_way_out(desk: Desk) -> None:
    desk.shop.tap("note", ANA, note="She is at the till.")
    desk.chat.faults = [Refused("the channel is archived")]
    await desk.sends(desk.leased())
    await desk.sends(desk.leased(LATER))
    unfinished = desk.shop.keys()
    [key] = [key for key in unfinished if key.startswith("line:")]
    told = "the card it belongs to (card:1) was never shown; replay that one first, then this"
    assert (desk.row(key).state, desk.row(key).reason) == ("parked", told)


async def test_what_would_hang_from_a_card_in_another_chat_is_parked_and_holds_nobody_up(desk: Desk) -> None:
    await desk.sends(desk.leased())
    desk.shop.tap("note", ANA, note="She is at the till.")
    left = {"chat": "msteams", "gate": "msteams:main:19:oak"}
    desk.shop.store.write_sync(lambda tx: tx.execute(update(message).where(message.c.key == "card:1").values(left)))
    await desk.sends(desk.leased(LATER))
    unfinished = desk.shop.keys()
    [row] = [row for key in unfinished if (row := desk.row(key)).kind == "line"]
    told = "the card it belongs to (card:1) stands in another chat, msteams:C1; "
    assert (row.state, row.reason) == (
        "parked",
        told + "drop this: the next message about that customer posts their card here, too",
    )
    assert desk.chat.keys == ["card:1"]


@pytest.mark.parametrize(("tries", "gives_up"), [(5, False), (6, True)])
async def test_what_cannot_be_drawn_is_left_to_other_replicas_which_may_be_of_a_newer_release_before_it_is_parked_unsent(
    desk: Desk, tries: int, gives_up: bool
) -> None:
    desk.shop.company = None  # type: ignore[assignment]
    desk.tried("card:1", tries - 1)
    await desk.sends(desk.leased())
    assert desk.row().state == ("parked" if gives_up or desk.shop.store.sqlite else "waiting")
    assert (desk.row().reason, desk.chat.posts) == ("it could not be drawn: AttributeError", [])


@pytest.mark.parametrize(("reason", "days", "again"), [
    ("it could not be drawn: AttributeError", 6, True),
    ("it failed inside Action Hero: ValueError", 6, True),
    ("it could not be drawn: AttributeError", 8, False),
    ("Slack says this channel is archived", 6, False),
])  # fmt: skip
async def test_what_an_earlier_release_parked_for_a_failure_of_ours_is_sent_by_the_next_process_that_starts(
    desk: Desk, reason: str, days: int, again: bool
) -> None:
    desk.shop.store.write_sync(sending.park, desk.leased(), 0.0, reason)
    made = update(message).values(created_s=time.time() - days * 86400)
    desk.shop.store.write_sync(lambda tx: tx.execute(made))
    assert desk.shop.store.write_sync(delivery_log.retry_our_failures, UNDRAWN_AFTER - 1) == again
    if again:
        await desk.sends(desk.leased())
    assert desk.row().state == ("shown" if again else "parked")


async def test_what_cannot_be_drawn_after_a_start_either_is_parked_at_once_so_that_nobody_waits_behind_it(desk: Desk) -> None:
    desk.shop.store.write_sync(sending.park, desk.leased(), 0.0, "it could not be drawn: AttributeError")
    desk.shop.company = None  # type: ignore[assignment]
    desk.shop.store.write_sync(delivery_log.retry_our_failures, UNDRAWN_AFTER - 1)
    await desk.sends(desk.leased())
    assert (desk.row().state, desk.chat.posts) == ("parked", [])


@pytest.mark.parametrize(("tries", "gives_up"), [(7, False), (8, True)])
async def test_a_card_without_a_team_is_left_to_other_replicas_at_most_eight_times_and_on_sqlite_not_at_all(
    desk: Desk, tries: int, gives_up: bool
) -> None:
    desk.shop.company = desk.shop.company.model_copy(update={"teams": {}})
    desk.tried("card:1", tries - 1)
    during = await desk.sends(desk.leased())
    if gives_up or desk.shop.store.sqlite:
        assert desk.row().state == "parked"
        assert rests(desk, during, 10.2)
    else:
        assert desk.row().state == "waiting"
        assert rests(desk, during, 48, 72)


@pytest.mark.parametrize(("after", "leased"), [(0.0, []), (OTHERS_FIRST_S - 0.01, []), (OTHERS_FIRST_S + 0.01, ["card:1"])])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_replica_wakes_the_others_for_what_it_cannot_draw_and_lets_them_go_first_until_its_company_is_another(
    desk: Desk, after: float, leased: list[str]
) -> None:
    woken: set[str] = set()
    whole, attempt = desk.shop.company, desk.leased()
    desk.shop.company = whole.model_copy(update={"teams": {}})
    desk.shop.store.on_wake = lambda: woken.add(threading.current_thread().name)
    await desk.sends(attempt)
    await eventually(lambda: woken - {"bell"})  # which itself wakes once, when it begins to listen
    now = desk.rests_until() + after
    attempts, _ = desk.shop.store.write_sync(sending.lease, ["slack"], now, 5.0, 60.0, 10, desk.sender.left())
    assert [attempt.key for attempt in attempts] == leased
    desk.shop.company = whole
    assert list(desk.sender.left()) == []


async def test_what_was_drawn_when_it_was_leased_is_not_drawn_again(desk: Desk) -> None:
    attempt = desk.leased()
    drawn = desk.shop.store.read_sync(picture, desk.shop.company, attempt.id, desk.shop.now)
    desk.shop.company = None  # type: ignore[assignment]
    await desk.sender.serve(attempt, drawn, desk.clock.seconds() + LATER)
    assert desk.chat.posts[0][:2] == ("card:1", drawn.card.plain)
    assert desk.row().state == "shown"


async def test_what_was_drawn_for_a_channel_that_the_team_seemed_to_have_left_is_drawn_again_with_what_is_known_now(
    desk: Desk,
) -> None:
    attempt, whole = desk.leased(), desk.shop.company
    team = whole.teams["oak-street"].model_copy(update={"channels": (Place.parse("slack:C2"),)})
    before = whole.model_copy(update={"teams": {team.name: team}})
    drawn = desk.shop.store.read_sync(picture, before, attempt.id, desk.shop.now)
    assert drawn.astray
    await desk.sender.serve(attempt, drawn, desk.clock.seconds() + LATER)
    assert (desk.chat.keys, desk.row().state) == (["card:1"], "shown")


@ON_SQLITE
async def test_what_the_database_does_not_give_for_a_moment_is_no_mistake_of_ours_and_waits_for_the_lease_to_end(
    desk: Desk,
) -> None:
    attempt = desk.leased()
    before = desk.row()
    desk.shop.store.write_sync(lambda tx: tx.exec_driver_sql("ALTER TABLE follow_up RENAME TO elsewhere"))
    await desk.sends(attempt)
    assert desk.row() == before, "nothing was noted, though it could have been"
    desk.shop.store.write_sync(lambda tx: tx.exec_driver_sql("ALTER TABLE elsewhere RENAME TO follow_up"))
    await desk.sends(attempt)
    assert desk.row().state == "shown"


@ON_SQLITE
async def test_a_database_that_went_away_meanwhile_costs_no_more_than_the_lease(desk: Desk) -> None:
    attempt = desk.leased()
    desk.shop.store.close()
    await desk.sends(attempt)
    assert desk.chat.posts == [], "it could not even be drawn"
