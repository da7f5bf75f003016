"""A lane's gate is its lock, pace, Retry-After and lease in one: who may send there, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from storage import delivery_log, lanes, messages, sending
from storage.database import Store
from storage.messages import Wanted
from storage.sending import Attempt
from tests.conftest import FRIDAY

NOW = 4_000_000_000.0
"""Seconds since the epoch, later than any clock here."""
SETTLE, LEASE = 10.0, 20.0


@pytest.fixture
def lane(store: Store) -> Store:
    """A store in which two messages wait for one lane and one for another."""
    store.write_sync(messages.want, [wanted("a", "C1"), wanted("b", "C1"), wanted("c", "C2")], FRIDAY)
    return store


def wanted(key: str, channel: str) -> Wanted:
    return Wanted(key=key, kind="ops", chat="slack", workspace="main", channel=channel)


def leased(store: Store, now: float, *, chats: tuple[str, ...] = ("slack",), limit: int = 10) -> list[Attempt]:
    return store.write_sync(sending.lease, chats, now, SETTLE, LEASE, limit)[0]


def soonest(store: Store, now: float) -> float | None:
    return store.write_sync(sending.lease, ["slack"], now, SETTLE, LEASE, 0)[1]


def keys(attempts: list[Attempt]) -> list[str]:
    return sorted(attempt.key for attempt in attempts)


def test_each_lane_has_its_oldest_message_leased_and_no_other(lane: Store) -> None:
    assert keys(leased(lane, NOW)) == ["a", "c"]
    assert leased(lane, NOW) == [], "both lanes are taken"


def test_only_lanes_of_the_chats_that_were_asked_for_are_leased_and_no_more_than_wanted(lane: Store) -> None:
    assert leased(lane, NOW, chats=("msteams",)) == []
    assert len(leased(lane, NOW, limit=1)) == 1
    assert len(leased(lane, NOW, limit=1)) == 1
    assert leased(lane, NOW, limit=1) == []


def test_the_lane_that_may_speak_for_the_longest_time_comes_first(lane: Store) -> None:
    a, c = sorted(leased(lane, NOW), key=lambda attempt: attempt.key)
    lane.write_sync(sending.put_off, a, NOW + 2, "wait")
    lane.write_sync(sending.put_off, c, NOW + 1, "wait")
    assert keys(leased(lane, NOW + 3, limit=1)) == ["c"]


def test_a_lane_rests_until_the_time_it_was_given(lane: Store) -> None:
    a, c = sorted(leased(lane, NOW), key=lambda attempt: attempt.key)
    assert lane.write_sync(sending.shown, a, 1, ("C1", "1.1"), None, NOW + 1)
    assert lane.write_sync(sending.shown, c, 1, ("C2", "1.2"), None, NOW)
    assert leased(lane, NOW + 0.9) == []
    assert soonest(lane, NOW + 0.9) == NOW + 1
    assert keys(leased(lane, NOW + 1)) == ["b"]


def test_a_lane_whose_holder_is_silent_is_free_when_its_lease_ends_and_the_stale_holder_changes_nothing(lane: Store) -> None:
    stale = leased(lane, NOW)[0]
    assert leased(lane, NOW + LEASE - 0.1) == []
    assert soonest(lane, NOW) == NOW + LEASE
    fresh = leased(lane, NOW + LEASE)
    assert keys(fresh) == ["a", "c"]
    assert fresh[0].fence == stale.fence + 1
    for late in (
        lane.write_sync(sending.shown, stale, 1, ("C1", "9.9"), None, 0.0),
        lane.write_sync(sending.put_off, stale, 0.0, "late"),
        lane.write_sync(sending.park, stale, 0.0, "late"),
        lane.write_sync(sending.begin_again, stale, NOW + LEASE),
    ):
        assert late is False
    assert leased(lane, NOW + LEASE + 0.1) == [], "the stale holder did not open the lane either"
    [row] = [row for row in lane.read_sync(delivery_log.unfinished, 10) if row.key == stale.key]
    assert (row.state, row.reason, row.remote_id) == ("sending", "", None)
    assert lane.write_sync(sending.begin_again, fresh[0], NOW + LEASE)


def test_a_stale_holder_is_not_taken_for_the_holder_of_another_lane(lane: Store) -> None:
    held = {attempt.key: attempt for attempt in leased(lane, NOW)}
    [again] = leased(lane, NOW + LEASE, limit=1)
    stale = held.pop(again.key)
    [other] = held.values()
    assert stale.fence == other.fence
    assert lane.write_sync(sending.begin_again, other, NOW + LEASE), "it was not leased again"
    assert not lane.write_sync(sending.begin_again, stale, NOW + LEASE)


def test_what_may_have_arrived_is_not_tried_again_before_it_settled_and_then_in_doubt(lane: Store) -> None:
    first = leased(lane, NOW)[0]
    assert (first.doubtful, first.attempts, first.sent_s) == (False, 1, NOW)
    assert lane.write_sync(sending.put_off, first, 0.0, "no answer", doubt=True)
    assert leased(lane, NOW + SETTLE - 0.1) == []
    assert soonest(lane, NOW + SETTLE - 0.1) == NOW + SETTLE
    again = leased(lane, NOW + SETTLE)[0]
    assert (again.key, again.doubtful, again.attempts) == (first.key, True, 2)
    assert again.sent_s == NOW, "looked for since the first send began"
    [row] = [row for row in lane.read_sync(delivery_log.unfinished, 10) if row.key == first.key]
    assert row.doubts == 1


def test_what_is_sent_again_after_it_was_looked_for_settles_anew(lane: Store) -> None:
    first = leased(lane, NOW)[0]
    lane.write_sync(sending.put_off, first, 0.0, "no answer", doubt=True)
    again = next(attempt for attempt in leased(lane, NOW + LEASE) if attempt.key == first.key)
    assert lane.write_sync(sending.begin_again, again, NOW + LEASE)
    lane.write_sync(sending.put_off, again, 0.0, "no answer", doubt=True)
    assert first.key not in keys(leased(lane, NOW + LEASE + SETTLE - 0.1))
    third = next(attempt for attempt in leased(lane, NOW + LEASE + SETTLE) if attempt.key == first.key)
    assert third.sent_s == NOW + LEASE


def test_a_message_that_is_shown_as_wanted_leaves_the_lane_of_edits_asleep(lane: Store) -> None:
    for _ in range(2):
        for attempt in leased(lane, NOW):
            lane.write_sync(sending.shown, attempt, 1, ("C", attempt.key), "edits", 0.0)
    leased(lane, NOW)
    assert soonest(lane, NOW) is None
    assert [
        row.key for row in lane.read_sync(lambda tx: tx.execute(select(lanes.gate.c.key)).all()) if row.key.endswith("edits")
    ] == []


def test_what_was_certainly_refused_waits_without_doubt_and_holds_its_lane_until_then(lane: Store) -> None:
    first = leased(lane, NOW)[0]
    assert lane.write_sync(sending.put_off, first, NOW + 30, "ratelimited")
    assert first.key not in keys(leased(lane, NOW + 29))
    again = [attempt for attempt in leased(lane, NOW + 30) if attempt.gate == first.gate]
    assert [(attempt.key, attempt.doubtful, attempt.attempts) for attempt in again] == [(first.key, False, 2)]


def test_what_is_parked_lets_the_next_one_through(lane: Store) -> None:
    first = next(attempt for attempt in leased(lane, NOW) if attempt.key == "a")
    assert lane.write_sync(sending.park, first, NOW, "no such channel")
    assert keys(leased(lane, NOW)) == ["b"]


def test_a_lane_with_nothing_left_is_idle_until_something_is_wanted_there(lane: Store) -> None:
    for _ in range(2):
        for attempt in leased(lane, NOW):
            lane.write_sync(sending.shown, attempt, 1, ("C", attempt.key), None, 0.0)
    assert leased(lane, NOW) == []
    assert soonest(lane, NOW) is None
    lane.write_sync(messages.want, [wanted("d", "C2")], FRIDAY)
    assert soonest(lane, NOW) == 0
    assert keys(leased(lane, NOW)) == ["d"]


def test_a_message_that_changed_while_it_was_sent_is_drawn_anew_in_the_lane_of_edits(lane: Store) -> None:
    first = next(attempt for attempt in leased(lane, NOW) if attempt.key == "a")
    lane.write_sync(messages.want, [wanted("a", "C1")], FRIDAY)
    assert lane.write_sync(sending.shown, first, 1, ("C1", "1.1"), "edits", NOW + 1)
    [edit] = leased(lane, NOW)
    assert edit == replace(edit, key="a", gate="slack:main:edits", posted=("C1", "1.1"), doubtful=False, attempts=1)
    assert lane.write_sync(sending.shown, edit, 2, ("C1", "1.1"), "edits", NOW + 1)
    assert keys(leased(lane, NOW + 1)) == ["b"]


def test_an_edit_whose_outcome_is_unknown_is_simply_repeated(lane: Store) -> None:
    first = next(attempt for attempt in leased(lane, NOW) if attempt.key == "a")
    lane.write_sync(messages.want, [wanted("a", "C1")], FRIDAY)
    lane.write_sync(sending.shown, first, 1, ("C1", "1.1"), "edits", NOW + 1)
    [edit] = leased(lane, NOW)
    lane.write_sync(sending.put_off, edit, NOW, "no answer", doubt=True)
    [again] = leased(lane, NOW)
    assert (again.key, again.doubtful) == ("a", False)


def falls_asleep(store: Store, channel: str) -> None:
    """Simulates a bug that leaves the lane idle."""
    store.write_sync(lambda tx: tx.execute(update(lanes.gate).where(lanes.gate.c.channel == channel).values(idle=True)))


def test_the_safety_net_wakes_a_lane_that_sleeps_while_something_waits_and_no_other(lane: Store) -> None:
    for _ in range(2):
        for attempt in leased(lane, NOW):
            if attempt.key != "b":
                lane.write_sync(sending.shown, attempt, 1, ("C", attempt.key), None, 0.0)
    leased(lane, NOW)
    assert lane.write_sync(sending.wake_forgotten, NOW, 60.0) == 0, "C2 sleeps rightly, C1 is held"
    falls_asleep(lane, "C1")
    assert lane.write_sync(sending.wake_forgotten, NOW, 60.0) == 1
    assert soonest(lane, NOW) == NOW + LEASE


def test_the_safety_net_shortens_only_what_no_lane_is_allowed_to_wait(lane: Store) -> None:
    a = next(attempt for attempt in leased(lane, NOW) if attempt.key == "a")
    lane.write_sync(sending.shown, a, 1, ("C1", "1.1"), None, NOW + 30)
    lane.write_sync(sending.wake_forgotten, NOW, 60.0)
    assert leased(lane, NOW + 1) == [], "one rests, one is held, both within the limit"
    lane.write_sync(sending.wake_forgotten, NOW - 1000, 60.0)
    assert keys(leased(lane, NOW - 1000)) == ["b"], "c is in doubt and settles; its lane is free"
    assert soonest(lane, NOW - 1000) == NOW - 1000 + SETTLE, "what was begun in the future settles from now"
    assert keys(leased(lane, NOW + SETTLE)) == ["b", "c"], "its lease, made by a clock that was ahead, no longer holds"


def test_the_safety_net_leaves_alone_who_waits_or_speaks_for_as_long_as_is_allowed_to_the_second(lane: Store) -> None:
    a = next(attempt for attempt in leased(lane, NOW) if attempt.key == "a")
    lane.write_sync(sending.shown, a, 1, ("C1", "1.1"), None, NOW + LEASE)
    lane.write_sync(sending.wake_forgotten, NOW, LEASE)
    assert (leased(lane, NOW), soonest(lane, NOW)) == ([], NOW + LEASE)


def test_what_was_begun_by_a_clock_that_was_ahead_settles_from_the_first_look_and_not_anew_with_each(lane: Store) -> None:
    for attempt in leased(lane, NOW + 10_000):
        lane.write_sync(sending.put_off, attempt, 0.0, "no answer", doubt=True)
    assert (leased(lane, NOW), soonest(lane, NOW)) == ([], NOW + SETTLE)
    again = leased(lane, NOW + SETTLE)
    assert [(attempt.doubtful, attempt.sent_s) for attempt in again] == [(True, NOW)] * 2


def test_a_message_that_is_parked_in_doubt_has_perhaps_been_sent_once_more(lane: Store) -> None:
    for attempt in leased(lane, NOW):
        assert lane.write_sync(sending.park, attempt, NOW, "no answer", doubt=attempt.key == "a")
    assert {row.key: row.doubts for row in lane.read_sync(delivery_log.unfinished, 10)} == {"a": 1, "b": 0, "c": 0}


def test_why_a_message_is_parked_or_late_is_told_until_it_is_shown(lane: Store) -> None:
    a, c = sorted(leased(lane, NOW), key=lambda attempt: attempt.key)
    lane.write_sync(sending.put_off, a, NOW, "ratelimited")
    lane.write_sync(sending.park, c, NOW, "no such channel")
    told = {row.key: (row.state, row.reason) for row in lane.read_sync(delivery_log.unfinished, 10)}
    assert told == {"a": ("waiting", "ratelimited"), "b": ("waiting", ""), "c": ("parked", "no such channel")}
    again = leased(lane, NOW)[0]
    lane.write_sync(sending.shown, again, 1, ("C1", "1.1"), None, NOW)
    row = lane.read_sync(messages.by_key, "a")
    assert row is not None
    assert (row.state, row.reason, row.attempts) == ("shown", "", 0)


def test_the_safety_net_finds_lanes_that_were_forgotten_and_those_that_rest_too_long(lane: Store) -> None:
    longest = 60.0
    assert lane.write_sync(sending.wake_forgotten, NOW, longest) == 0
    for attempt in leased(lane, NOW):
        lane.write_sync(sending.shown, attempt, 1, ("C", attempt.key), None, NOW + 1000)
    assert soonest(lane, NOW) == NOW + 1000
    lane.write_sync(sending.wake_forgotten, NOW, longest)
    assert keys(leased(lane, NOW + longest)) == ["b"]


def test_a_lease_from_a_clock_that_was_ahead_ends_with_the_safety_net(lane: Store) -> None:
    longest = 60.0
    assert leased(lane, NOW + 10_000) != []
    assert soonest(lane, NOW) > NOW + longest, "the clock was set back while somebody spoke"
    lane.write_sync(sending.wake_forgotten, NOW, longest)
    assert soonest(lane, NOW) == NOW


def test_whoever_fails_while_their_lane_is_let_speak_need_not_rest(lane: Store) -> None:
    a, c = sorted(leased(lane, NOW), key=lambda attempt: attempt.key)
    lane.write_sync(lanes.let_speak, lanes.gate.c.channel == "C1")
    assert leased(lane, NOW) == [], "the lease holds meanwhile"
    for attempt in (a, c):
        assert lane.write_sync(sending.put_off, attempt, NOW + 60, "we know no such channel")
    assert keys(leased(lane, NOW + 1)) == ["a"]


def test_what_let_a_lane_speak_counts_once(lane: Store) -> None:
    lane.write_sync(lanes.let_speak, lanes.gate.c.channel == "C1")
    [a] = [attempt for attempt in leased(lane, NOW) if attempt.key == "a"]
    lane.write_sync(sending.put_off, a, NOW + 60, "wait")
    assert leased(lane, NOW + 1) == []


def test_without_a_chat_nothing_is_leased_and_nobody_comes_again(lane: Store) -> None:
    assert lane.write_sync(sending.lease, [], NOW, SETTLE, LEASE, 10) == ([], None)
