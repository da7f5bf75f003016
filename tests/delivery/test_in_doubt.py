"""Messages in doubt, and messages that fail again and again: looked for, retried, or parked."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from bot import metrics
from bot.chats import Posted, Refused, Unknown, Unreachable
from bot.delivery.services import Timing
from handlers.feedback import Place
from handlers.unshowable import NO_LONGER
from storage import delivery_log, messages, sending
from tests.conftest import ANA, Shop, said
from tests.delivery.desk import LATER, TIMING, Desk, Watched, counted, rests, shown

pytestmark = pytest.mark.anyio


async def test_a_post_nobody_knows_the_outcome_of_is_in_doubt_until_a_late_accept_can_no_longer_come(desk: Desk) -> None:
    before = counted(metrics.doubts, "slack")
    desk.chat.faults = [Unknown("500")]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, TIMING.settle)
    assert (desk.row().state, desk.row().reason) == ("sending", "500")
    assert counted(metrics.doubts, "slack") == before + 1


async def test_an_edit_nobody_knows_the_outcome_of_is_repeated_soon(desk: Desk) -> None:
    await shown(desk)
    desk.chat.faults = [Unknown("500")]
    during = await desk.sends(desk.leased(LATER))
    assert rests(desk, during, 0.8, 1.2)
    assert (desk.row().state, desk.row().reason) == ("waiting", "500")


@pytest.mark.parametrize("fault", [Unreachable("no route"), Unknown("500")], ids=["not reached", "unknown"])
@pytest.mark.parametrize(
    ("tries", "ago", "parked"),
    [(8, 59.0, True), (7, 0.0, False), (8, 61.0, False), (8, None, False)],
    ids=["eight tries", "seven tries", "others long ago", "no others"],
)
async def test_what_fails_eight_times_is_parked_only_if_its_chat_accepted_another_message_within_a_minute(
    desk: Desk, fault: Exception, tries: int, ago: float | None, parked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = desk.clock.seconds()
    monkeypatch.setattr(desk.clock, "seconds", lambda: now)  # a slow machine must not add to what passes
    desk.shop.hears(said("r-2"))
    first = desk.leased()
    if ago is not None:
        await desk.sends(first)
        monkeypatch.setattr(desk.clock, "seconds", lambda: now + ago)
    else:
        desk.shop.store.write_sync(sending.park, first, 0.0, "deleted")
    before = counted(metrics.parked, "slack")
    desk.tried("card:2", tries - 1)
    desk.chat.faults = [fault]
    during = await desk.sends(desk.leased(LATER))
    row = desk.row("card:2")
    if parked:
        assert (row.state, row.reason) == ("parked", f"{fault}, 8 times, while other messages went through")
        assert rests(desk, during, 0.0)
    else:
        assert (row.state, row.reason) == ("sending" if isinstance(fault, Unknown) else "waiting", str(fault))
    assert counted(metrics.parked, "slack") == before + parked


async def test_what_is_parked_at_its_first_doubt_is_looked_for_when_it_is_sent_again(desk: Desk) -> None:
    desk.tried("card:1", 7)
    desk.chat.faults = [ValueError("a slip")]
    await desk.sends(desk.leased())
    assert desk.row().state == "parked"
    desk.shop.store.write_sync(delivery_log.replay, "card:1")
    await desk.sends(desk.leased(LATER))
    assert [key for key, _, _ in desk.chat.asked] == ["card:1"]
    assert desk.row().state == "shown"


async def test_what_is_parked_after_many_doubts_is_looked_for_when_it_is_sent_again(desk: Desk) -> None:
    desk.shop.hears(said("r-2"))
    await desk.sends(desk.leased())
    desk.tried("card:2", 7)
    desk.chat.faults = [Unknown("500")]
    await desk.sends(desk.leased(LATER))
    assert desk.row("card:2").state == "parked"
    desk.shop.store.write_sync(delivery_log.replay, "card:2")
    await desk.sends(desk.leased(2 * LATER))
    assert [key for key, _, _ in desk.chat.asked] == ["card:2"]


async def test_a_look_for_a_message_that_is_never_answered_holds_its_lane_no_longer_than_a_post_would(shop: Shop) -> None:
    shop.hears(said("r-1"))
    desk = Desk(shop, Watched(), Timing(deadline=0.2, settle=1.0, lease=60.0))
    desk.chat.faults = [Unknown("500")]
    await desk.sends(desk.leased())
    desk.chat.blind = True
    await asyncio.wait_for(desk.sends(desk.leased(LATER)), 60)
    assert (desk.row().state, desk.row().reason) == ("sending", "the chat did not answer in time")


async def test_a_post_at_which_we_fail_ourselves_is_in_doubt_and_an_edit_is_not(desk: Desk) -> None:
    desk.chat.faults = [ValueError("a slip")]
    during = await desk.sends(desk.leased())
    assert rests(desk, during, TIMING.settle)
    assert (desk.row().state, desk.row().reason) == ("sending", "it failed inside Action Hero: ValueError")
    await desk.sends(desk.leased(LATER))
    desk.shop.store.write_sync(messages.want_again, 1)
    desk.chat.faults = [ValueError("a slip")]
    during = await desk.sends(desk.leased(2 * LATER))
    assert rests(desk, during, TIMING.settle)
    assert desk.row().state == "waiting"


@pytest.mark.parametrize(("tries", "state"), [(7, "sending"), (8, "parked"), (9, "parked")])
async def test_what_we_fail_at_eight_times_is_parked(desk: Desk, tries: int, state: str) -> None:
    desk.tried("card:1", tries - 1)
    desk.chat.faults = [ValueError("a slip")]
    during = await desk.sends(desk.leased())
    assert (desk.row().state, desk.row().reason) == (state, "it failed inside Action Hero: ValueError")
    assert rests(desk, during, 0.0 if state == "parked" else TIMING.settle)


async def test_a_chat_that_never_answers_is_left_before_a_late_accept_counts_as_settled(shop: Shop) -> None:
    shop.hears(said("r-1"))
    desk = Desk(shop, Watched(silent=True), Timing(deadline=0.2, settle=4.0, lease=60.0))
    begun = time.monotonic()
    await asyncio.wait_for(desk.sends(desk.leased()), 60)
    assert 2.1 <= time.monotonic() - begun < 4.0
    assert (desk.row().state, desk.row().reason) == ("sending", "the chat did not answer in time")


@pytest.mark.parametrize(("changes", "version"), [(0, 1), (1, 1), (2, 2)])
async def test_what_is_found_to_have_arrived_is_not_posted_again_but_drawn_once_more_if_it_changed_since(
    desk: Desk, changes: int, version: int
) -> None:
    desk.chat.faults = ["dropped"]
    first = desk.leased()
    await desk.sends(first)
    for _ in range(changes):
        desk.shop.store.write_sync(messages.want_again, 1)
    during = await desk.sends(desk.leased(LATER))
    assert desk.chat.keys == ["card:1"]
    assert desk.chat.asked == [("card:1", datetime.fromtimestamp(first.sent_s, UTC), None)]
    assert desk.row().sent_s == first.sent_s, "no other send began"
    assert (desk.row().shown, desk.row().wanted, desk.row().remote_id) == (version, 1 + changes, "1")
    assert rests(desk, during, 10.2)


async def test_what_is_sent_again_settles_from_then_on(desk: Desk) -> None:
    desk.chat.faults = [Unknown("500"), Unknown("500")]
    await desk.sends(desk.leased())
    doubled = counted(metrics.perhaps_doubled, "slack")
    begun, ended = await desk.sends(desk.leased(LATER))
    assert desk.row().state == "sending"
    assert begun <= desk.row().sent_s <= ended
    assert counted(metrics.perhaps_doubled, "slack") == doubled, "it was looked for, so there is but one"


async def test_what_could_not_be_looked_for_is_sent_again_and_counted(desk: Desk) -> None:
    desk.chat.faults, desk.chat.searchable = ["dropped"], False
    await desk.sends(desk.leased())
    doubled = counted(metrics.perhaps_doubled, "slack")
    await desk.sends(desk.leased(LATER))
    assert desk.chat.keys == ["card:1", "card:1"]
    assert counted(metrics.perhaps_doubled, "slack") == doubled + 1


async def test_whoever_lost_their_lane_while_looking_sends_nothing_again_and_notes_nothing(desk: Desk) -> None:
    desk.chat.faults = [Unknown("500")]
    await desk.sends(desk.leased())
    stale, heir = desk.leased(LATER), desk.leased(2 * LATER)
    before, parked = desk.row(), counted(metrics.parked, "slack")
    await desk.sends(stale)
    assert (desk.chat.posts, desk.row()) == ([], before)
    desk.chat.faults = [Refused("the channel is archived")]
    await desk.sends(stale)
    assert (desk.row(), counted(metrics.parked, "slack")) == (before, parked)
    desk.chat.faults = []
    await desk.sends(heir)
    assert desk.row().state == "shown"


async def test_what_is_looked_for_is_looked_for_in_its_thread(desk: Desk) -> None:
    desk.shop.tap("note", ANA, note="She is at the till.")
    await desk.sends(desk.leased())
    desk.chat.faults = ["dropped"]
    await desk.sends(desk.leased(LATER))
    await desk.sends(desk.leased(2 * LATER))
    assert [thread for _, _, thread in desk.chat.asked] == [Posted("C1", "1")]
    assert desk.shop.keys() == []


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_is_in_doubt_when_its_channel_is_taken_from_the_team_is_looked_for_and_not_posted_there_again(
    desk: Desk, arrived: bool
) -> None:
    desk.chat.faults = ["dropped" if arrived else Unknown("500")]
    await desk.sends(desk.leased())
    team = desk.shop.company.teams["oak-street"].model_copy(update={"channels": (Place.parse("slack:C2"),)})
    desk.shop.company = desk.shop.company.model_copy(update={"teams": {team.name: team}})
    desk.tried("card:1", 7)
    await desk.sends(desk.leased(LATER))
    assert desk.chat.keys == ["card:1"] * arrived
    assert (desk.row().state, desk.row().reason) == (("shown", "") if arrived else ("parked", NO_LONGER))
