"""What the benchmark makes of what it counted: each must can fail."""

from __future__ import annotations

import importlib
from dataclasses import replace

from bench.__main__ import GOALS
from bench.delivery import SECONDS, share
from bench.edits import busiest
from bench.edits import judged as judged_edits
from bench.kills import Record, judged
from bench.report import Outcome


def failed(outcome: Outcome) -> list[str]:
    return [figure.what for figure in outcome.figures if not figure.holds]


def test_every_goal_has_a_check_that_is_there() -> None:
    assert list(GOALS) == list(range(1, 15))
    assert all(callable(getattr(importlib.import_module(module), name)) for checks in GOALS.values() for module, name in checks)


def card(word: str, when: float, channel: str = "C001") -> tuple[str, str, str, str, float]:
    return channel, f"New: 3 of 10. “{word}: waited”", "card:1", "1.2", when


RECORD = Record({"word-1", "word-2"}, {"word-1", "word-2", "word-3"}, [10.0], [card(f"word-{n}", 4.0 + n) for n in (1, 2, 3)])


def test_an_answer_that_was_given_before_the_commit_shows_in_what_a_kill_leaves() -> None:
    assert failed(judged(RECORD)) == []
    assert failed(judged(replace(RECORD, answered=RECORD.answered | {"word-4"}))) == [
        "kill -9 in mid-load: answered feedback that is stored"
    ]


def test_a_card_that_never_comes_is_missed() -> None:
    assert failed(judged(replace(RECORD, posts=RECORD.posts[1:]))) == ["kill -9 in mid-load: stored feedback that has no card"]


def test_a_card_may_be_doubled_only_while_it_is_being_posted_at_a_kill() -> None:
    beyond = ["cards doubled that were not in flight at a kill, or of nothing"]
    assert failed(judged(replace(RECORD, posts=[*RECORD.posts, card("word-3", 12.0)]))) == beyond
    in_flight = [*RECORD.posts[:2], card("word-3", 9.95), card("word-3", 12.0)]
    assert failed(judged(replace(RECORD, posts=in_flight))) == []
    assert failed(judged(replace(RECORD, posts=[*in_flight, card("word-3", 13.0)]))) == beyond
    assert failed(judged(replace(RECORD, posts=[*RECORD.posts, card("word-9", 12.0)]))) == beyond


def test_a_card_that_shows_an_older_claim_is_wrong() -> None:
    owners = {1: "u007", 2: "u008"}
    shown = {"card:1": "U007 is replying: 3 of 10", "card:2": "U008 is replying: 3 of 10"}
    assert failed(judged_edits([], shown, owners, "")) == []
    for stale in ("New: 3 of 10", "U001 is replying: 3 of 10"):
        assert failed(judged_edits([], shown | {"card:2": stale}, owners, "")) == ["cards that show the newest claim in the end"]


def test_the_busiest_minute_is_found_wherever_it_begins() -> None:
    steady = [n * 1.21 for n in range(200)]
    assert busiest(steady) == 50
    assert busiest([*steady, 100.1]) == 51
    assert failed(judged_edits([*steady, 100.1], {"card:1": "U1 is"}, {1: "u1"}, "")) == [
        "300 claims on 100 cards in 60 s: edits in any minute"
    ]


def test_a_channel_that_falls_silent_counts_as_permitted_and_unused() -> None:
    each = [(f"C{n}", "", "", "", float(at)) for n in range(2) for at in range(int(SECONDS))]
    assert share(each, 2) == 100
    assert share([post for post in each if post[0] == "C0" or post[-1] < SECONDS / 2], 2) < 75
