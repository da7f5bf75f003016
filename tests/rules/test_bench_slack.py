"""The benchmark's Slack: stricter than the real one, and it forgets nothing that a goal counts."""

from __future__ import annotations

import json
from typing import Any

from bench.slack import EDITS, SICK, Slack


def post(slack: Slack, now: float, channel: str = "C001", key: str = "card:1", text: str = "New") -> tuple[int, dict[str, Any]]:
    said = {"channel": channel, "text": text, "metadata": {"event_type": "action_hero", "event_payload": {"key": key}}}
    return slack.said("chat.postMessage", json.dumps(said).encode(), now)


def edit(slack: Slack, now: float, ts: str, text: str = "Claimed") -> tuple[int, dict[str, Any]]:
    return slack.said("chat.update", json.dumps({"channel": "C001", "ts": ts, "text": text}).encode(), now)


def came(slack: Slack) -> dict[str, Any]:
    return slack.said("came", b"", 0)[1]


def test_a_post_that_comes_too_early_is_refused_and_puts_the_next_one_off() -> None:
    slack = Slack(1.0)
    assert post(slack, 10.0)[0] == 200
    assert post(slack, 10.9)[0] == 429
    assert post(slack, 11.5)[0] == 429
    assert post(slack, 12.5)[0] == 200
    assert came(slack)["violations"] == 2


def test_one_edit_more_than_a_minute_holds_is_refused_and_every_call_is_counted() -> None:
    slack = Slack(1.0)
    ts = post(slack, 0.0)[1]["ts"]
    statuses = [edit(slack, n * 1.19, ts)[0] for n in range(EDITS + 1)]
    assert statuses == [200] * EDITS + [429]
    assert len(came(slack)["edits"]) == EDITS + 1
    assert edit(slack, 60.0 + EDITS * 1.19, ts)[0] == 200


def test_what_a_message_shows_is_what_it_was_edited_to_last_and_a_refused_edit_changes_nothing() -> None:
    slack = Slack(1.0)
    ts = post(slack, 0.0)[1]["ts"]
    for n in range(EDITS + 1):
        edit(slack, n * 0.1, ts, f"Claimed {n}")
    assert came(slack)["shown"] == {f"C001/{ts}": f"Claimed {EDITS - 1}"}
    assert edit(slack, 100.0, "1.2") == (200, {"ok": False, "error": "message_not_found"})


def test_a_sick_channel_takes_nothing_until_it_is_well_and_the_others_never_notice() -> None:
    slack = Slack(1.0, 0, 500, 10)
    assert [post(slack, at, SICK)[0] for at in (5.0, 9.0, 14.9, 15.1)] == [500, 500, 500, 200]
    assert post(slack, 6.0)[0] == 200
    assert (came(slack)["sick"], came(slack)["violations"], len(came(slack)["posts"])) == (3, 0, 2)


def test_a_lost_message_is_found_by_its_metadata_by_whoever_asks_for_them() -> None:
    slack = Slack()
    for n in range(5):
        post(slack, float(n), key=f"card:{n}")
    first = slack.said("conversations.history", b"channel=C001&limit=3&include_all_metadata=1", 9.0)[1]
    then = f"channel=C001&limit=3&include_all_metadata=1&cursor={first['response_metadata']['next_cursor']}"
    second = slack.said("conversations.history", then.encode(), 9.0)[1]
    found = [each["metadata"]["event_payload"]["key"] for page in (first, second) for each in page["messages"]]
    assert found == [f"card:{n}" for n in reversed(range(5))]
    assert second["response_metadata"]["next_cursor"] == ""
    unasked = slack.said("conversations.history", b"channel=C001", 9.0)[1]
    assert not any("metadata" in each for each in unasked["messages"])
    assert slack.said("conversations.history", b"channel=C001&oldest=99999999999", 9.0)[1]["messages"] == []
