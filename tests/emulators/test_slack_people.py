"""The Slack emulator's people: what pressing, typing and submitting forms sends, and what they see of the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import httpx
import pytest

from tests.emulators.slack import Message, Person, Slack, View, sign

Json = dict[str, Any]
Reply = Callable[[Json], tuple[int, Any]]


@dataclass
class StubBot:
    """Answers each request with what `reply` returns for its payload, and keeps all requests."""

    slack: Slack
    reply: Reply = field(default=lambda _payload: (200, ""))
    heard: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        stamp = headers.get("x-slack-request-timestamp", "")
        self.signed.append(sign(self.slack.signing_secret, stamp, body) == headers.get("x-slack-signature"))
        self.headers.append(headers)
        if headers["content-type"] == "application/json":
            payload = json.loads(body)
        else:
            form = {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            payload = json.loads(form["payload"]) if "payload" in form else form
        self.heard.append(payload)
        status, answer = self.reply(payload)
        return status, answer if isinstance(answer, str) else json.dumps(answer)

    def say(self, method: str, **args: Any) -> Json:
        headers = {"Authorization": f"Bearer {self.slack.token}"}
        answer: Json = httpx.post(self.slack.api_url + method, json=args, headers=headers, verify=False).json()
        return answer


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack(rate=0, patience=20, time_scale=0.0002) as emulated:
        emulated.channel("C1", name="oak-street")
        emulated.channel("C2", people={"U2"})
        emulated.meter.rates.clear()
        yield emulated


@pytest.fixture
def bot(slack: Slack) -> Iterator[StubBot]:
    stub = StubBot(slack)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = stub.take({key.lower(): value for key, value in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: Any) -> None:
            """Callers that hang up are part of these tests."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        slack.bot_url = f"http://127.0.0.1:{server.server_port}/slack/events"
        yield stub
        stub.let_go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def ana(slack: Slack) -> Person:
    return slack.user("U1", name="Ana Sæther")


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def option(value: str, label: str) -> Json:
    return {"text": text(label), "value": value}


CARD = [
    {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": "New"}},
    {
        "type": "actions",
        "block_id": "do",
        "elements": [
            {"type": "button", "action_id": "claim:42", "text": text("Claim"), "value": "42", "style": "primary"},
            {"type": "button", "action_id": "close:42", "text": text("Close…"), "value": "42"},
            {
                "type": "overflow",
                "action_id": "menu:42",
                "options": [option("snooze:42", "Snooze"), option("dismiss:42", "Dismiss…")],
            },
        ],
    },
]
WELL = {"text": {**text("Well"), "emoji": True}, "value": "well"}
FORM = {
    "type": "modal",
    "callback_id": "close",
    "private_metadata": "42",
    "title": text("Close"),
    "submit": text("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "done",
            "label": text("What did you do?"),
            "element": {"type": "plain_text_input", "action_id": "a", "max_length": 40},
        },
        {
            "type": "input",
            "block_id": "cause",
            "optional": True,
            "label": text("Cause"),
            "element": {"type": "static_select", "action_id": "b", "options": [option("price", "Price"), option("other", "Other")]},
        },
        {
            "type": "input",
            "block_id": "how",
            "label": text("How did it go?"),
            "element": {"type": "radio_buttons", "action_id": "c", "options": [option("well", "Well"), option("badly", "Badly")]},
        },
        {
            "type": "input",
            "block_id": "who",
            "optional": True,
            "label": text("Who?"),
            "element": {"type": "users_select", "action_id": "d"},
        },
    ],
}


@pytest.fixture
def card(bot: StubBot, slack: Slack) -> Message:
    assert bot.say("chat.postMessage", channel="C1", text="New", blocks=CARD)["ok"]
    return slack.channel("C1").messages[0]


def opens_form(bot: StubBot) -> Reply:
    def reply(payload: Json) -> tuple[int, Any]:
        if payload["type"] == "block_actions":
            assert bot.say("views.open", trigger_id=payload["trigger_id"], view=FORM)["ok"]
        return 200, ""

    return reply


@pytest.fixture
def form(bot: StubBot, ana: Person, card: Message) -> View:
    bot.reply = opens_form(bot)
    modal = ana.press(card, "Close…").wait().modal
    assert modal
    return modal


def test_a_press_is_signed_and_has_the_shape_slack_gives_it(bot: StubBot, ana: Person, card: Message) -> None:
    ana.press(card, "claim", linger=0).wait()
    [payload] = bot.heard
    assert bot.signed == [True]
    assert bot.headers[0]["content-type"] == "application/x-www-form-urlencoded"
    [action] = payload["actions"]
    assert {k: action[k] for k in ("type", "action_id", "block_id", "value", "style")} == {
        "type": "button",
        "action_id": "claim:42",
        "block_id": "do",
        "value": "42",
        "style": "primary",
    }
    assert payload["user"] == {"id": "U1", "username": "ana", "name": "ana", "team_id": "T0HERO"}
    assert payload["container"] == {"type": "message", "message_ts": card.ts, "channel_id": "C1", "is_ephemeral": False}
    assert (payload["channel"]["id"], payload["message"]["ts"], payload["team"]["id"]) == ("C1", card.ts, "T0HERO")
    assert {"trigger_id", "response_url", "api_app_id", "token", "state"} <= payload.keys()


def test_a_menu_option_is_pressed_by_its_label(bot: StubBot, ana: Person, card: Message) -> None:
    ana.press(card, "Snooze", linger=0).wait()
    [action] = bot.heard[0]["actions"]
    assert (action["type"], action["action_id"], action["selected_option"]["value"]) == ("overflow", "menu:42", "snooze:42")


def test_what_is_not_there_cannot_be_pressed(bot: StubBot, ana: Person, card: Message) -> None:
    with pytest.raises(LookupError, match="there is: Claim"):
        ana.press(card, "Reopen").wait()
    was = card.snapshot()
    bot.say("chat.update", channel="C1", ts=card.ts, text="Claimed by Ana")
    with pytest.raises(LookupError, match="nothing to press"):
        ana.press(card, "Claim").wait()
    assert ana.press_stale(was, "Claim", linger=0).wait().statuses == [200]


def test_a_person_outside_a_channel_cannot_press_there(bot: StubBot, ana: Person, slack: Slack) -> None:
    bot.say("chat.postMessage", channel="C2", text="New", blocks=CARD)
    with pytest.raises(LookupError, match="in front of them"):
        ana.press(slack.channel("C2").messages[0], "Claim").wait()


def test_only_the_one_who_pressed_sees_the_answer(bot: StubBot, ana: Person, card: Message, slack: Slack) -> None:
    ben = slack.user("U2", name="Ben")

    def reply(payload: Json) -> tuple[int, Any]:
        httpx.post(payload["response_url"], json={"text": "It is yours, &lt;3"}, verify=False)
        bot.say("chat.postEphemeral", channel="C1", user="U1", text="and ours")
        return 200, ""

    bot.reply = reply
    seen = ana.press(card, "Claim").wait()
    assert seen.text == "It is yours, <3\nand ours"
    assert [str(m) for m in ana.ephemerals] == ["It is yours, <3", "and ours"]
    assert ben.ephemerals == []
    assert len(slack.channel("C1").messages) == 1


def test_an_answer_after_three_seconds_is_an_error_to_the_person(bot: StubBot, ana: Person, card: Message, slack: Slack) -> None:
    slack.patience = 0.4
    bot.reply = lambda _payload: (200 + bot.let_go.wait(20), "")
    seen = ana.press(card, "Claim").wait()
    assert (seen.error, seen.statuses) == ("operation timed out", [None])
    assert slack.errors == ["Ana Sæther pressed 'Claim': operation timed out"]


def test_an_answer_other_than_200_is_an_error_to_the_person(bot: StubBot, ana: Person, card: Message) -> None:
    bot.reply = lambda _payload: (404, "")
    assert ana.press(card, "Claim").wait().error == "something went wrong (404)"


def test_words_in_the_answer_to_a_press_are_noted_because_nobody_reads_them(
    bot: StubBot, ana: Person, card: Message, slack: Slack
) -> None:
    bot.reply = lambda _payload: (200, {"text": "yours"})
    ana.press(card, "Claim", linger=0).wait()
    assert [r.error for r in slack.rejections] == ["body_ignored"]


def test_a_double_tap_is_two_deliveries_that_differ_in_trigger_and_response_url(bot: StubBot, ana: Person, card: Message) -> None:
    seen = ana.press(card, "Claim", twice=True, linger=0).wait()
    assert seen.statuses == [200, 200]
    assert len({p["trigger_id"] for p in bot.heard}) == len({p["response_url"] for p in bot.heard}) == 2


def test_a_trigger_opens_one_modal_and_then_no_more(bot: StubBot, form: View, slack: Slack) -> None:
    assert form.title == "Close"
    trigger = bot.heard[0]["trigger_id"]
    assert bot.say("views.open", trigger_id=trigger, view=FORM)["error"] == "exchanged_trigger_id"
    assert bot.say("views.open", trigger_id="1.2.three", view=FORM)["error"] == "invalid_trigger_id"
    late = slack.new_trigger("U1")
    slack.triggers[late].made -= 3.1
    assert bot.say("views.open", trigger_id=late, view=FORM)["error"] == "expired_trigger_id"


def test_a_response_url_works_five_times_and_for_half_an_hour(bot: StubBot, ana: Person, card: Message, slack: Slack) -> None:
    ana.press(card, "Claim", linger=0).wait()
    url = bot.heard[0]["response_url"]
    answers = [httpx.post(url, json={"text": str(n)}, verify=False) for n in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [404]
    assert len(ana.ephemerals) == 5
    ana.press(card, "Claim", linger=0).wait()
    old = bot.heard[1]["response_url"]
    slack.response_urls[old.rsplit("/", 1)[1]].made -= 1801
    assert httpx.post(old, json={"text": "x"}, verify=False).json()["error"] == "expired_url"
    assert slack.rejections == []


def test_an_ephemeral_can_be_changed_and_taken_away_only_by_its_response_url(bot: StubBot, ana: Person, card: Message) -> None:
    bot.say("chat.postEphemeral", channel="C1", user="U1", text="The customer's words", blocks=CARD)
    [whisper] = ana.ephemerals
    assert bot.say("chat.update", channel="C1", ts=whisper.ts, text="x")["error"] == "message_not_found"
    ana.press(whisper, "Claim", linger=0).wait()
    payload = bot.heard[0]
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    httpx.post(payload["response_url"], json={"text": "Done", "replace_original": True}, verify=False)
    assert [str(m) for m in ana.ephemerals] == ["Done"]
    httpx.post(payload["response_url"], json={"delete_original": True}, verify=False)
    assert ana.ephemerals == []


def test_slacks_client_sends_no_form_with_a_required_field_blank(bot: StubBot, ana: Person, form: View) -> None:
    seen = ana.submit(form, {"Cause": "Price"}).wait()
    assert seen.missing == ["What did you do?", "How did it go?"]
    assert ana.submit(form, {"done": "x" * 41, "c": "well"}).wait().missing == ["What did you do? (41 characters)"]
    assert len(bot.heard) == 1
    assert form.open


def test_answers_arrive_by_block_and_action_as_slack_sends_them(bot: StubBot, ana: Person, form: View) -> None:
    ben = ana.slack.user("U2", name="Ben")
    ana.submit(form, {"What did you do?": "Called her", "how": "Well", "Who?": ben}, linger=0).wait()
    payload = bot.heard[-1]
    assert payload["type"] == "view_submission"
    assert payload["view"]["private_metadata"] == "42"
    assert payload["view"]["state"]["values"] == {
        "done": {"a": {"type": "plain_text_input", "value": "Called her"}},
        "cause": {"b": {"type": "static_select", "selected_option": None}},
        "how": {"c": {"type": "radio_buttons", "selected_option": WELL}},
        "who": {"d": {"type": "users_select", "selected_user": "U2"}},
    }
    assert not form.open
    with pytest.raises(LookupError):
        ana.submit(form, {}).wait()


def test_errors_stand_beside_their_fields_and_the_form_stays(bot: StubBot, ana: Person, form: View, slack: Slack) -> None:
    bot.reply = lambda _payload: (200, {"response_action": "errors", "errors": {"done": "Say a little more."}})
    seen = ana.submit(form, {"done": "x", "how": "well"}).wait()
    assert seen.errors == {"What did you do?": "Say a little more."}
    assert form.open
    bot.reply = lambda _payload: (200, {"response_action": "errors", "errors": {"a": "no such block"}})
    assert ana.submit(form, {"done": "x", "how": "well"}).wait().error == "We had some trouble connecting. Try again?"
    assert [r.method for r in slack.rejections] == ["view_submission answer"]


def test_a_form_can_change_push_and_clear(bot: StubBot, ana: Person, form: View, slack: Slack) -> None:
    said = {"type": "modal", "title": text("Thanks"), "blocks": [{"type": "section", "text": text("All done.")}]}
    answers = {"done": "x", "how": "well"}
    bot.reply = lambda _payload: (200, {"response_action": "push", "view": said})
    pushed = ana.submit(form, answers).wait().modal
    assert pushed
    assert (pushed.title, pushed.previous, ana.modal) == ("Thanks", form.id, pushed)
    bot.reply = lambda _payload: (200, {"response_action": "update", "view": said})
    assert str(ana.submit(form, answers).wait().modal) == "Thanks\nAll done."
    bot.reply = lambda _payload: (200, {"response_action": "clear"})
    ana.submit(form, {}, linger=0).wait()
    assert slack.stack("U1") == []


def test_the_bot_hears_of_a_closed_modal_only_if_it_asked(bot: StubBot, ana: Person, form: View, slack: Slack) -> None:
    ana.close_modal(form).wait()
    assert (form.open, len(bot.heard)) == (False, 1)
    asked = slack.show_modal("U1", {**FORM, "notify_on_close": True}, trigger=None)
    ana.close_modal(asked).wait()
    assert bot.heard[-1]["type"] == "view_closed"


def test_a_command_is_answered_to_its_sender_alone(bot: StubBot, ana: Person, slack: Slack) -> None:
    bot.reply = lambda _payload: (200, {"text": "Two are yours."})
    seen = ana.command("/hero", "the payload is broken", "C1").wait()
    assert seen.text == "Two are yours."
    fields = bot.heard[0]
    assert (fields["command"], fields["text"], fields["channel_id"], fields["user_id"]) == (
        "/hero",
        "the payload is broken",
        "C1",
        "U1",
    )
    assert slack.channel("C1").messages == []


def test_an_event_is_delivered_again_until_it_is_answered(bot: StubBot, slack: Slack) -> None:
    bot.reply = lambda _payload: (200 if len(bot.heard) == 3 else 500, "")
    delivery = slack.event({"type": "app_uninstalled"}).wait()
    assert [a.status for a in delivery.attempts] == [500, 500, 200]
    assert len({p["event_id"] for p in bot.heard}) == 1
    assert [h.get("x-slack-retry-num") for h in bot.headers] == [None, "1", "2"]
    assert bot.headers[1]["x-slack-retry-reason"] == "http_error"


def test_an_event_is_given_up_after_three_retries(bot: StubBot, slack: Slack) -> None:
    bot.reply = lambda _payload: (404, "")
    delivery = slack.event({"type": "app_uninstalled"}).wait()
    assert (len(delivery.attempts), delivery.delivered) == (4, False)


def test_opening_home_shows_what_the_bot_publishes(bot: StubBot, ana: Person) -> None:
    def reply(payload: Json) -> tuple[int, Any]:
        bot.say("views.publish", user_id=payload["event"]["user"], view={"type": "home", "blocks": CARD})
        return 200, ""

    bot.reply = reply
    home = ana.open_home().wait()
    assert home
    assert home.buttons == ["Claim", "Close…", "Snooze", "Dismiss…"]
    bot.reply = lambda _payload: (200, "")
    ana.press(home, "Claim", linger=0).wait()
    assert bot.heard[-1]["container"] == {"type": "view", "view_id": home.id}
    assert "response_url" not in bot.heard[-1]


def test_a_stranger_comes_from_another_team_and_shows_no_address(bot: StubBot, card: Message, slack: Slack) -> None:
    sam = slack.user("U9", name="Sam", team="T0OTHER", stranger=True, email="sam@other.example")
    sam.press(card, "Claim", linger=0).wait()
    assert (bot.heard[0]["user"]["team_id"], bot.heard[0]["team"]["id"]) == ("T0OTHER", "T0HERO")
    headers = {"Authorization": f"Bearer {slack.token}"}
    shown = httpx.get(slack.api_url + "users.info", params={"user": "U9"}, headers=headers, verify=False).json()["user"]
    assert shown["is_stranger"]
    assert "email" not in shown["profile"]


def test_the_address_is_verified_and_the_certificate_looked_at(bot: StubBot, slack: Slack) -> None:
    bot.reply = lambda payload: (200, {"challenge": payload["challenge"]} if "challenge" in payload else "")
    assert slack.verify_url().wait()
    assert slack.ssl_check().wait()
    assert bot.signed == [True, False]
    bot.reply = lambda payload: (200, "something else")
    assert not slack.verify_url().wait()


def test_a_forged_request_can_be_sent(bot: StubBot, slack: Slack) -> None:
    body = b"{}"
    good = slack.signed(body)
    slack.send_raw(body, good).wait()
    slack.send_raw(body, {**good, "X-Slack-Signature": "v0=" + "0" * 64}).wait()
    assert bot.signed == [True, False]


def test_without_a_bot_nothing_can_be_pressed(slack: Slack, ana: Person) -> None:
    with pytest.raises(RuntimeError, match="no bot to reach"):
        ana.command("/hero").wait()
    with pytest.raises(RuntimeError, match="no bot to reach"):
        ana.open_home().wait()


@pytest.mark.anyio
async def test_a_press_can_be_awaited_and_arrives_over_socket_mode(slack: Slack, ana: Person) -> None:
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.post(slack.api_url + "apps.connections.open", headers=headers) as answer:
            address = (await answer.json())["url"]
        async with session.ws_connect(address) as link:
            assert (await link.receive_json())["type"] == "hello"
            pressing = ana.command("/hero", "mine", "C1")
            envelope = await link.receive_json()
            assert (envelope["type"], envelope["payload"]["text"]) == ("slash_commands", "mine")
            await link.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "Nothing is yours."}})
            assert (await pressing).text == "Nothing is yours."
            slack.patience = 0.4
            unanswered = await ana.command("/hero", "mine", "C1")
            assert unanswered.error == "operation timed out"
            assert (await link.receive_json())["type"] == "slash_commands"
            refreshing = slack.begin(slack.links[0].disconnect("refresh_requested"))
            assert (await link.receive_json())["reason"] == "refresh_requested"
            assert (await link.receive()).type is aiohttp.WSMsgType.CLOSE
            await refreshing
        async with session.get(address.replace("ws://", "http://")) as again:
            assert again.status == 403
