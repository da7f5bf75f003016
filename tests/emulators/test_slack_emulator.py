"""The Slack emulator's Web API: what it accepts, what it refuses and why, rate limits, and faults on request."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.process import ended, started
from tests.emulators.slack import Message, Rate, Slack, sign
from tests.emulators.slack.blocks import BLOCKS, check_blocks, check_view
from tests.emulators.slack.elements import ELEMENTS
from tests.emulators.slack.rates import Meter

Json = dict[str, Any]
UNHURRIED = 10.0
"""Real seconds per platform second, large enough that even a busy machine exceeds the limits."""
FAST = 0.05


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack(rate=0) as emulated:
        emulated.channel("C1", name="oak-street")
        emulated.user("U1", name="Ana Sæther", email="ana@northwind.example")
        yield emulated


def call(slack: Slack, method: str, *, token: str | None = None, within: float = 30.0, **args: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or slack.token}"}
    if method in ("conversations.history", "conversations.replies", "conversations.info", "users.info", "users.lookupByEmail"):
        return httpx.get(slack.api_url + method, params=args, headers=headers, timeout=within, verify=False)
    return httpx.post(slack.api_url + method, json=args, headers=headers, timeout=within, verify=False)


def done(slack: Slack, method: str, **args: Any) -> Json:
    answer: Json = call(slack, method, **args).json()
    assert answer["ok"], answer
    return answer


def refusal(slack: Slack, method: str, **args: Any) -> str:
    answer = call(slack, method, **args).json()
    assert not answer["ok"]
    return str(answer["error"])


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(id: str = "claim:42", label: str = "Claim", **more: Any) -> Json:
    return {"type": "button", "action_id": id, "text": plain(label), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Close"), "submit": plain("Send"), "blocks": list(blocks), **more}


def asking(id: str = "why", **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": id,
        "label": plain("Why"),
        "element": {"type": "plain_text_input", "action_id": id},
        **more,
    }


def test_a_signature_is_the_one_of_slacks_own_worked_example() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
        b".803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body)
    assert signature == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_a_post_is_read_as_people_read_it(slack: Slack) -> None:
    blocks = [
        {"type": "header", "text": plain("New · 3 of 10")},
        {
            "type": "section",
            "text": mrkdwn("Fish &amp; chips <https://x.example|receipt>"),
            "fields": [mrkdwn("till <!date^1^{time}|18:00>")],
        },
        actions(
            button(),
            {"type": "overflow", "action_id": "menu:42", "options": [{"text": plain("Dismiss…"), "value": "dismiss:42"}]},
        ),
    ]
    done(slack, "chat.postMessage", channel="C1", text="New · 3 of 10 · Fish &amp; chips", blocks=blocks, unfurl_links=False)
    [card] = slack.channel("C1").messages
    assert str(card) == "New · 3 of 10\nFish & chips receipt (https://x.example)\ntill 18:00\n[ Claim ]  ( Dismiss… )"
    assert card.plain == "New · 3 of 10 · Fish & chips"
    assert card.buttons == ["Claim", "Dismiss…"]
    assert card.live_markup() == ["<https://x.example|receipt>"]
    assert card.dates() == ["<!date^1^{time}|18:00>"]
    assert card.unfurl_links is False
    assert not slack.rejections


@pytest.mark.parametrize("live", ["<!channel>", "<@U1>", "<#C1>", "<http://a.example|b>", "<!subteam^S1>", "<mailto:a@b.example>"])
def test_live_markup_is_found_wherever_slack_would_make_it_live(live: str) -> None:
    quoted = {"type": "section", "block_id": "b", "text": mrkdwn(f"so {live} said")}
    named = {"type": "section", "block_id": "c", "text": plain(f"so {live} said")}
    assert Message(channel="C1", ts="1", author="U0", text=live).live_markup() == [live]
    assert Message(channel="C1", ts="1", author="U0", text="a", blocks=[quoted]).live_markup() == [live]
    assert Message(channel="C1", ts="1", author="U0", text="a", blocks=[named]).live_markup() == []
    escaped = live.replace("<", "&lt;").replace(">", "&gt;")
    safe = Message(channel="C1", ts="1", author="U0", text=escaped)
    assert safe.live_markup() == []
    assert str(safe) == live


@given(st.text(max_size=60))
def test_escaped_words_are_never_live_and_read_back_as_they_were(words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = Message(channel="C1", ts="1", author="U0", text=escaped)
    assert (said.live_markup(), said.dates(), str(said)) == ([], [], words)


KINDS = [*BLOCKS, *ELEMENTS, "plain_text", "mrkdwn", "bar", "pie", "modal", "home", "rich_text_list", "text"]
PARTS = ["type", "text", "elements", "element", "fields", "accessory", "label", "rows", "blocks", "title", "max_length"]
CHOICES = ["options", "option_groups", "initial_option", "initial_options", "action_id", "block_id"]
KEYS = [*PARTS, *CHOICES, "chart", "series", "data", "axis_config"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9999) | st.sampled_from(KINDS) | st.just(""),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(KEYS), part, max_size=5),
    max_leaves=25,
)


@given(JSON, st.sampled_from(["message", "modal", "home"]))
def test_no_json_whatever_confuses_the_checks(payload: Any, surface: str) -> None:
    check_blocks(payload, surface)
    check_blocks([{**payload, "type": kind} for kind in KINDS] if isinstance(payload, dict) else payload, surface)
    assert surface == "message" or check_view(payload, surface).problems


def test_addresses_without_brackets_are_told_apart_from_links() -> None:
    message = Message(channel="C1", ts="1", author="U0", text="see https://evil.example, @here")
    assert message.live_markup() == []
    assert message.bare_links() == ["https://evil.example,", "@here"]


@pytest.mark.parametrize(
    ("why", "blocks"),
    [
        ("at most 150", [{"type": "header", "text": plain("x" * 151)}]),
        ("plain_text", [{"type": "header", "text": mrkdwn("x")}]),
        ("at most 3000", [{"type": "section", "text": mrkdwn("x" * 3001)}]),
        ("at most 2000", [{"type": "section", "fields": [mrkdwn("x" * 2001)]}]),
        ("1 to 10", [{"type": "section", "fields": [mrkdwn("x")] * 11}]),
        ("text or fields", [{"type": "section"}]),
        ("at least 1", [{"type": "section", "text": mrkdwn("")}]),
        ("1 to 50", [{"type": "divider"}] * 51),
        ("at most 75", [actions(button(label="x" * 76))]),
        ("at most 255", [actions(button(id="x" * 256))]),
        ("at least 1", [actions(button(id=""))]),
        ("missing required field: action_id", [actions({"type": "button", "text": plain("Go")})]),
        ("used twice", [actions(button()), actions(button())]),
        ("used twice", [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}]),
        ("primary, danger", [actions(button(style="default"))]),
        ("at most 2000", [actions(button(value="x" * 2001))]),
        ("1 to 25", [actions(*(button(id=str(n)) for n in range(26)))]),
        ("1 to 5", [actions({"type": "overflow", "action_id": "m", "options": []})]),
        ("same value", [actions({"type": "overflow", "action_id": "m", "options": [{"text": plain("a"), "value": "1"}] * 2})]),
        ("alt_text", [{"type": "image", "image_url": "https://a.example/x.png"}]),
        ("unknown field: colour", [{"type": "divider", "colour": "red"}]),
        ("not one of the blocks of a message", [{"type": "alert", "text": plain("x")}]),
        ("not one of the blocks of a message", [asking()]),
        ("not one of the elements", [actions({"type": "image", "image_url": "https://a.example", "alt_text": "x"})]),
        ("1 to 10", [{"type": "context", "elements": [mrkdwn("x")] * 11}]),
        ("must be a list", {"type": "divider"}),
        ("unknown field: verbatim in a plain_text", [{"type": "header", "text": {**plain("x"), "verbatim": True}}]),
    ],
)
def test_blocks_slack_would_not_take_are_refused_with_the_reason(why: str, blocks: Any) -> None:
    problems = check_blocks(blocks, "message").problems
    assert any(why in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("why", "view"),
    [
        ("at most 24", modal(title=plain("x" * 25))),
        ("at most 3000", modal(private_metadata="x" * 3001)),
        ("1 to 100", modal(*[{"type": "divider"}] * 101)),
        ("1 to 100", modal()),
        ("needs a submit", {k: v for k, v in modal(asking()).items() if k != "submit"}),
        ("used twice", modal(asking("a"), asking("b", element={"type": "plain_text_input", "action_id": "a"}))),
        ("at most 2000", modal(asking(label=plain("x" * 2001)))),
        ("1 to 3000", modal(asking(element={"type": "plain_text_input", "action_id": "a", "max_length": 3001}))),
        ("not one of the inputs", modal(asking(element=button()))),
        ("not one of the blocks of a modal", modal({"type": "markdown", "text": "x"})),
        ("unknown field: metadata", modal({"type": "divider"}, metadata="x")),
        (
            "not one of the options",
            modal(
                asking(
                    element={
                        "type": "static_select",
                        "action_id": "a",
                        "options": [{"text": plain("a"), "value": "1"}],
                        "initial_option": {"text": plain("A"), "value": "1"},
                    }
                )
            ),
        ),
    ],
)
def test_a_modal_slack_would_not_open_is_refused_with_the_reason(why: str, view: Json) -> None:
    problems = check_view(view, "modal").problems
    assert any(why in problem for problem in problems), problems


def test_every_refused_call_is_kept_with_what_was_wrong(slack: Slack) -> None:
    answer = call(slack, "chat.postMessage", channel="C1", text="x", blocks=[{"type": "header", "text": plain("x" * 151)}]).json()
    assert answer["error"] == "invalid_blocks"
    assert "[json-pointer:/blocks/0/text/text]" in answer["errors"][0]
    assert [r.error for r in slack.rejections] == ["invalid_blocks"]
    assert slack.posts() == []


@pytest.mark.parametrize(
    ("error", "args"),
    [
        ("no_text", {}),
        ("no_text", {"blocks": [{"type": "divider"}]}),
        ("msg_too_long", {"text": "x" * 40_001}),
        ("msg_blocks_too_long", {"text": "x", "blocks": [{"type": "section", "text": mrkdwn("x" * 3000)}] * 5}),
        ("invalid_arguments", {"text": "x", "colour": "red"}),
        ("invalid_arguments", {"text": "x", "parse": "full"}),
        ("invalid_arguments", {"text": "x", "thread_ts": 1700000000.5}),
        ("invalid_metadata_format", {"text": "x", "metadata": {"key": "card:42"}}),
        ("thread_not_found", {"text": "x", "thread_ts": "1700000000.000100"}),
    ],
)
def test_a_post_slack_would_mangle_or_refuse_is_refused(slack: Slack, error: str, args: Json) -> None:
    assert refusal(slack, "chat.postMessage", channel="C1", **args) == error


def test_a_channel_answers_as_it_stands(slack: Slack) -> None:
    slack.channel("C2", archived=True)
    slack.channel("C3", private=True, member=False)
    slack.channel("C4", member=False)
    post = {"method": "chat.postMessage", "text": "x"}
    assert refusal(slack, channel="C2", **post) == "is_archived"
    assert refusal(slack, channel="C3", **post) == "channel_not_found"
    assert refusal(slack, channel="C9", **post) == "channel_not_found"
    assert refusal(slack, channel="#oak-street", **post) == "channel_not_found"
    assert done(slack, channel="C4", **post)["channel"] == "C4"
    slack.scopes.discard("chat:write.public")
    assert refusal(slack, channel="C4", **post) == "not_in_channel"
    assert slack.rejections == []


def test_a_post_to_a_person_lands_in_their_private_conversation(slack: Slack) -> None:
    opened = done(slack, "conversations.open", users="U1")["channel"]["id"]
    posted = done(slack, "chat.postMessage", channel="U1", text="for you")
    assert posted["channel"] == opened
    assert [str(m) for m in slack.dm("U1").messages] == ["for you"]
    assert refusal(slack, "chat.update", channel="U1", ts=posted["ts"], text="x") == "channel_not_found"
    assert done(slack, "chat.update", channel=opened, ts=posted["ts"], text="for you, still")["ok"]


def test_an_edit_without_blocks_takes_them_away_and_keeps_the_metadata(slack: Slack) -> None:
    metadata = {"event_type": "card", "event_payload": {"key": "card:42"}}
    ts = done(slack, "chat.postMessage", channel="C1", text="one", blocks=[{"type": "divider"}], metadata=metadata)["ts"]
    done(slack, "chat.update", channel="C1", ts=ts, text="two")
    [card] = slack.channel("C1").messages
    assert (card.blocks, card.metadata, card.edits, card.versions) == ([], metadata, 1, ["---", "two"])
    assert refusal(slack, "chat.update", channel="C1", ts=ts, text="x" * 4001) == "msg_too_long"
    assert refusal(slack, "chat.update", channel="C1", ts="1700000000.000100", text="x") == "message_not_found"
    words = slack.user("U1").say("C1", "my own words")
    assert refusal(slack, "chat.update", channel="C1", ts=words.ts, text="x") == "cant_update_message"


def test_a_deleted_message_is_gone_and_so_is_its_thread(slack: Slack) -> None:
    ts = done(slack, "chat.postMessage", channel="C1", text="one")["ts"]
    reply = done(slack, "chat.postMessage", channel="C1", text="two", thread_ts=ts)["ts"]
    assert refusal(slack, "chat.postMessage", channel="C1", text="three", thread_ts=reply) == "cannot_reply_to_message"
    done(slack, "chat.delete", channel="C1", ts=reply)
    [card] = slack.channel("C1").messages
    assert card.replies == []
    done(slack, "chat.delete", channel="C1", ts=ts)
    assert (slack.channel("C1").messages, card.deleted) == ([], True)
    assert refusal(slack, "chat.update", channel="C1", ts=ts, text="x") == "message_not_found"
    assert [m.text for m in slack.posts("C1")] == ["one", "two"]


def test_history_pages_newest_first_and_shows_metadata_only_when_asked(slack: Slack) -> None:
    metadata = {"event_type": "card", "event_payload": {"key": "card:42"}}
    first = done(slack, "chat.postMessage", channel="C1", text="0", metadata=metadata)["ts"]
    for number in range(1, 5):
        done(slack, "chat.postMessage", channel="C1", text=str(number))
    done(slack, "chat.postMessage", channel="C1", text="reply", thread_ts=first, metadata=metadata)
    slack.page = 2
    said, cursor = [], ""
    for _ in range(3):
        page = done(slack, "conversations.history", channel="C1", limit=200, cursor=cursor)
        said += [m["text"] for m in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert (said, cursor, page["has_more"]) == (["4", "3", "2", "1", "0"], "", False)
    assert "metadata" not in page["messages"][0]
    newer = done(slack, "conversations.history", channel="C1", oldest=first)
    assert [m["text"] for m in newer["messages"]] == ["2", "1"]
    same = done(slack, "conversations.history", channel="C1", oldest=first, latest=first, inclusive=True, include_all_metadata=True)
    assert [m["metadata"] for m in same["messages"]] == [metadata]
    thread = done(slack, "conversations.replies", channel="C1", ts=first, include_all_metadata=True)
    assert [m["text"] for m in thread["messages"]] == ["0", "reply"]


def test_scopes_and_tokens_are_checked(slack: Slack) -> None:
    slack.scopes -= {"channels:history", "users:read.email"}
    answer = call(slack, "conversations.history", channel="C1").json()
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:history")
    assert "email" not in done(slack, "users.info", user="U1")["user"]["profile"]
    assert refusal(slack, "auth.test", token="xoxb-other") == "invalid_auth"
    assert httpx.post(slack.api_url + "auth.test").json()["error"] == "not_authed"
    assert httpx.post(slack.api_url + "auth.test", data={"token": slack.token}).json()["ok"]
    slack.revoke()
    assert refusal(slack, "auth.test") == "token_revoked"


def test_forms_and_json_bodies_are_read_alike_and_history_reads_no_json(slack: Slack) -> None:
    headers = {"Authorization": f"Bearer {slack.token}"}
    form = {"channel": "C1", "text": "x", "blocks": json.dumps([{"type": "divider"}])}
    assert httpx.post(slack.api_url + "chat.postMessage", data=form, headers=headers).json()["ok"]
    refused = httpx.post(slack.api_url + "conversations.history", json={"channel": "C1"}, headers=headers)
    assert refused.json()["error"] == "invalid_arguments"


def test_a_second_post_within_a_second_is_throttled_and_counted() -> None:
    with Slack(time_scale=UNHURRIED) as slack:
        slack.channel("C1")
        slack.channel("C2")
        done(slack, "chat.postMessage", channel="C1", text="one")
        done(slack, "chat.postMessage", channel="C2", text="another channel")
        refused = call(slack, "chat.postMessage", channel="C1", text="two")
        assert (refused.status_code, refused.headers["Retry-After"], refused.json()["error"]) == (429, "10", "ratelimited")
        [violation] = slack.violations
        assert (violation.method, violation.key) == ("chat.postMessage", "C1")
        assert UNHURRIED / 2 < violation.early <= UNHURRIED
        assert [m.text for m in slack.posts("C1")] == ["one"]


def test_paced_calls_pass_and_hasty_ones_wait_out_the_pause() -> None:
    meter = Meter({"post": Rate(1, 1.0, burst=1)}, scale=1.0, tolerance=0.05)
    assert [meter.early("post", "C1", at) for at in (100.0, 101.0, 101.96, 103.0)] == [0, 0, 0, 0]
    assert meter.early("post", "C1", 103.5) == pytest.approx(0.5)
    assert meter.early("post", "C1", 104.1) == pytest.approx(0.4), "after a 429 the whole Retry-After counts"
    assert meter.early("post", "C1", 104.5) == 0


def test_edits_share_a_minutes_budget_over_all_channels() -> None:
    meter = Meter({"chat.update": Rate(50)}, scale=1.0, tolerance=0.05)
    assert not any(meter.early("chat.update", "", 100.0 + number / 10) for number in range(50))
    assert meter.early("chat.update", "", 105.0) == pytest.approx(55.0)


@pytest.mark.parametrize(
    ("fault", "accepted", "raises"),
    [
        ("drop", 1, httpx.RemoteProtocolError),
        ("late", 1, httpx.ReadTimeout),
        ("reset", 0, httpx.RemoteProtocolError),
        ("hang", 0, httpx.ReadTimeout),
    ],
)
def test_a_call_without_an_answer_was_accepted_or_not(slack: Slack, fault: str, accepted: int, raises: type[Exception]) -> None:
    slack.fail_next("chat.postMessage", fault)
    with pytest.raises(raises):
        call(slack, "chat.postMessage", channel="C1", text="x", within=1.0 if raises is httpx.ReadTimeout else 10.0)
    assert slack.eventually(lambda: slack.calls, within=10).wait()
    assert len(slack.posts()) == accepted
    assert slack.calls[-1].outcome == fault
    assert done(slack, "chat.postMessage", channel="C1", text="the next one is fine")


@pytest.mark.parametrize(
    ("fault", "status", "accepted"), [("500", 500, 0), ("502", 502, 0), ("429", 429, 0), ("broken", 200, 1), ("text", 200, 1)]
)
def test_a_call_is_answered_wrongly_on_request(slack: Slack, fault: str, status: int, accepted: int) -> None:
    slack.fail_next("chat.postMessage", fault)
    answer = call(slack, "chat.postMessage", channel="C1", text="x")
    assert (answer.status_code, len(slack.posts())) == (status, accepted)
    if fault != "429":
        with pytest.raises(json.JSONDecodeError):
            answer.json()


def test_calling_again_before_retry_after_is_a_violation() -> None:
    with Slack(rate=0, time_scale=UNHURRIED) as slack:
        slack.channel("C1")
        slack.fail_next("chat.postMessage", "429")
        assert call(slack, "chat.postMessage", channel="C1", text="x").headers["Retry-After"] == "10"
        assert slack.violations == []
        assert call(slack, "chat.postMessage", channel="C1", text="x").status_code == 429
        assert len(slack.violations) == 1


def test_any_error_of_slack_can_be_asked_for(slack: Slack) -> None:
    slack.fail_next("chat.postMessage", "fatal_error")
    assert refusal(slack, "chat.postMessage", channel="C1", text="x") == "fatal_error"


def test_the_same_seed_strikes_the_same_calls() -> None:
    def struck(seed: int) -> list[str]:
        with Slack(rate=0, seed=seed, chances={"500": 0.3, "drop": 0.3}) as slack:
            for _ in range(20):
                with contextlib.suppress(httpx.RemoteProtocolError):
                    call(slack, "auth.test")
            assert slack.eventually(lambda: len(slack.calls) == 20).wait()
            return [c.outcome for c in slack.calls]

    assert struck(1) == struck(1) != struck(2)
    assert {"500", "drop", "ok"} <= set(struck(1))


def test_home_is_published_and_a_stale_hash_is_refused(slack: Slack) -> None:
    home = {"type": "home", "blocks": [{"type": "section", "text": mrkdwn("Yours: 2")}]}
    first = done(slack, "views.publish", user_id="U1", view=home)["view"]["hash"]
    done(slack, "views.publish", user_id="U1", view=home, hash=first)
    assert refusal(slack, "views.publish", user_id="U1", view=home, hash=first) == "hash_conflict"
    assert "Yours: 2" in str(slack.home("U1"))


def test_it_runs_as_a_process_and_logs_what_it_accepted(tmp_path: Path) -> None:
    log = tmp_path / "posts.jsonl"
    words = ("--channels", "2", "--user", "U1=Ana", "--log", str(log))
    with started("tests.emulators.slack", *words) as (process, api, client):
        headers = {"Authorization": "Bearer xoxb-emulated"}
        for channel in ("C000001", "U1"):
            said = client.post(api + "chat.postMessage", data={"channel": channel, "text": "hello"}, headers=headers)
            assert said.json()["ok"]
        served = client.get(api.replace("/api/", "/_log")).json()
        ended(process)
    assert [p["channel"] for p in served["posts"]] == ["C000001", "D1"]
    assert (served["violations"], served["rejections"], served["calls"]) == ([], [], {"chat.postMessage": 2})
    assert [json.loads(line)["what"] for line in log.read_text().splitlines()] == ["post", "post"]


def test_times_in_ts_come_from_the_clock_it_is_given_and_always_rise() -> None:
    with Slack(rate=0, now=lambda: 1_800_000_000.0) as slack:
        slack.channel("C1")
        stamps = [done(slack, "chat.postMessage", channel="C1", text="x")["ts"] for _ in range(3)]
    assert stamps == ["1800000000.000000", "1800000000.000001", "1800000000.000002"]


def test_scaled_time_shortens_limits_and_retry_after() -> None:
    with Slack(time_scale=0.9) as slack:
        slack.channel("C1")
        done(slack, "chat.postMessage", channel="C1", text="one")
        assert call(slack, "chat.postMessage", channel="C1", text="two").headers["Retry-After"] == "0.9"
    meter = Meter({"chat.update": Rate(1)}, scale=FAST, tolerance=0.05)
    assert meter.early("chat.update", "", 100.0) == 0
    assert meter.early("chat.update", "", 101.0) == pytest.approx(2.0)
    assert meter.early("chat.update", "", 103.0) == 0
