"""The Microsoft Teams emulator's people: what their client sends to the bot, what it refuses to send, and what they then see."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.emulators.msteams import FORGERIES, Message, MsTeams, Person
from tests.emulators.test_msteams_emulator import asking, button, call, card, claims, message, oak, send, text

Json = dict[str, Any]
Reply = Callable[[Json], tuple[int, Any]]
TEXT, CARD, ERROR = (
    "application/vnd.microsoft.activity.message",
    "application/vnd.microsoft.card.adaptive",
    "application/vnd.microsoft.error",
)


def says(words: str) -> tuple[int, Any]:
    return 200, {"statusCode": 200, "type": TEXT, "value": words}


def shows(content: Json) -> tuple[int, Any]:
    return 200, {"statusCode": 200, "type": CARD, "value": content}


@dataclass
class StubBot:
    """Records what it is sent, and answers as the test wants."""

    heard: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    reply: Reply = lambda activity: says("Done.") if activity["type"] == "invoke" else (200, None)
    let_go: threading.Event | None = None
    """If given, nothing is answered before this is set."""

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        activity = json.loads(body)
        self.heard.append(activity)
        self.headers.append(headers)
        if self.let_go is not None:
            self.let_go.wait(20)
        return self.reply(activity)


@pytest.fixture
def teams() -> Iterator[MsTeams]:
    with MsTeams(time_scale=0.02, patience=20, limits=False) as emulated:
        emulated.channel("Oak Street")
        emulated.team().installed = True
        emulated.user("ben")
        yield emulated


@pytest.fixture
def bot(teams: MsTeams) -> Iterator[StubBot]:
    stub = StubBot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, answer = stub.take(dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
            out = b"" if answer is None else answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        def log_message(self, *_args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: Any) -> None:
            """The caller has given up and gone."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        teams.bot_url = f"http://127.0.0.1:{server.server_port}/msteams/messages"
        yield stub
        if stub.let_go is not None:
            stub.let_go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def ana(teams: MsTeams) -> Person:
    return teams.user("ana", name="Ana Sæther")


@pytest.fixture
def new(teams: MsTeams) -> Message:
    """A card in the channel, with two buttons, and a third inside a ShowCard."""
    folded = {"type": "Action.ShowCard", "title": "More…", "card": {"type": "AdaptiveCard", "body": [{"type": "ActionSet"}]}}
    folded["card"]["body"][0]["actions"] = [button("Add a note…", "note")]
    said = card(text("New"), actions=[button(), button("Dismiss…", "dismiss"), folded])
    assert send(teams, message(said)).status_code == 201
    return teams.channel("Oak Street").messages[0]


def edit(teams: MsTeams, shown: Message, content: Json) -> httpx.Response:
    return call(teams, "PUT", f"conversations/{oak(teams)}/activities/{shown.id}", message(content))


# Pressing


def test_a_press_is_signed_and_has_the_shape_teams_gives_it(teams: MsTeams, bot: StubBot, ana: Person, new: Message) -> None:
    seen = ana.press(new, "Claim").wait()
    assert (seen.text, seen.error, seen.card) == ("Done.", None, None)
    [told] = bot.heard
    assert claims(teams, bot.headers[0]["Authorization"])["serviceurl"] == told["serviceUrl"] == teams.service_url
    assert (told["type"], told["name"], told["channelId"], told["replyToId"]) == (
        "invoke",
        "adaptiveCard/action",
        "msteams",
        new.id,
    )
    assert told["from"] == {"id": "29:ana", "name": "Ana Sæther", "aadObjectId": ana.aad}
    assert told["recipient"]["id"] == f"28:{teams.app_id}"
    assert told["conversation"]["id"] == f"{oak(teams)};messageid={new.id}"
    assert told["channelData"]["channel"]["id"] == oak(teams)
    assert told["value"]["action"] == {"type": "Action.Execute", "title": "Claim", "verb": "claim", "data": {"target": 42}}


def test_what_is_folded_away_is_pressed_by_its_name_and_unfolding_tells_the_bot_nothing(
    bot: StubBot, ana: Person, new: Message
) -> None:
    form = ana.press(new, "More…").wait().form
    assert form is not None
    assert "Add a note…" in str(form)
    assert bot.heard == []
    ana.press(new, "Add a note…").wait()
    assert bot.heard[0]["value"]["action"]["verb"] == "note"


def test_only_a_button_that_is_there_can_be_pressed(teams: MsTeams, bot: StubBot, ana: Person, new: Message) -> None:
    with pytest.raises(LookupError, match="there is: Claim, Dismiss…, More…, Add a note…"):
        ana.press(new, "Reopen").wait()
    before = new.snapshot()
    assert edit(teams, new, card(text("Closed"))).status_code == 200
    with pytest.raises(LookupError, match="nothing to press"):
        ana.press(new, "Claim").wait()
    assert ana.press_stale(before, "Claim").wait().text == "Done."
    call(teams, "DELETE", f"conversations/{oak(teams)}/activities/{new.id}")
    with pytest.raises(LookupError, match="in front of them"):
        ana.press(new, "Claim").wait()
    assert len(bot.heard) == 1


def test_of_several_of_one_name_somebody_must_say_which(teams: MsTeams, bot: StubBot, ana: Person) -> None:
    send(teams, message(card(actions=[button(data={"target": 1}), button(data={"target": 2})])))
    [twins] = teams.channel("Oak Street").messages
    with pytest.raises(LookupError, match="more than one"):
        ana.press(twins, "Claim").wait()
    ana.press(twins, "Claim", nth=1).wait()
    assert bot.heard[0]["value"]["action"]["data"] == {"target": 2}


def test_nobody_presses_where_they_are_not(teams: MsTeams, bot: StubBot, new: Message) -> None:
    teams.user("eve", teams={"19:another@thread.tacv2"})
    with pytest.raises(LookupError):
        teams.user("eve").press(new, "Claim").wait()


def test_a_double_tap_is_two_activities_of_different_ids(bot: StubBot, ana: Person, new: Message) -> None:
    seen = ana.press(new, "Claim", twice=True).wait()
    assert seen.statuses == [200, 200]
    assert len({told["id"] for told in bot.heard}) == 2


def test_an_older_client_sends_the_fallback_as_a_message(bot: StubBot, ana: Person, new: Message) -> None:
    ana.press(new, "Claim", as_submit=True, linger=0.05).wait()
    [told] = bot.heard
    assert (told["type"], told["value"], told["replyToId"]) == ("message", {"verb": "claim"}, new.id)
    assert not told.get("text")


# Effects of the answer


def test_a_card_in_answer_is_seen_by_the_one_who_pressed_until_the_message_is_edited(
    teams: MsTeams, bot: StubBot, ana: Person, new: Message
) -> None:
    bot.reply = lambda _: shows(card(text("It is yours")))
    seen = ana.press(new, "Claim").wait()
    assert "It is yours" in str(seen.card)
    assert ("It is yours" in str(ana.sees(new)), "It is yours" in str(teams.user("ben").sees(new))) == (True, False)
    edit(teams, new, card(text("Ana has it")))
    assert str(ana.sees(new)) == str(teams.user("ben").sees(new)) == "Ana has it"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, {"statusCode": 200, "type": TEXT, "value": ""}), "words in value"),
        ((200, {"statusCode": 200, "type": TEXT, "value": {"text": "x"}}), "words in value"),
        ((200, {"statusCode": "200", "type": TEXT, "value": "x"}), "must be a number"),
        ((200, {"type": TEXT, "value": "x"}), "statusCode, type and value"),
        ((200, {"statusCode": 200, "type": "message", "value": "x"}), "unknown type"),
        ((200, {"statusCode": 200, "type": CARD, "value": {"type": "AdaptiveCard"}}), "version"),
        ((200, {"statusCode": 200, "type": ERROR, "value": {"code": "x", "message": "y"}}), "statusCode 400"),
        ((202, {"statusCode": 200, "type": TEXT, "value": "x"}), "must be answered 200"),
        ((200, "Done."), "application/json"),
        ((200, None), "Expecting value"),
    ],
)
def test_an_answer_teams_cannot_read_is_an_error_to_the_person(
    teams: MsTeams, bot: StubBot, ana: Person, new: Message, answer: tuple[int, Any], why: str
) -> None:
    bot.reply = lambda _: answer
    assert "Something went wrong" in str(ana.press(new, "Claim").wait().error)
    [rejected] = teams.rejections
    assert why in str(rejected)
    assert len(teams.errors) == 1


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_answer_other_than_200_is_an_error_to_the_person(bot: StubBot, ana: Person, new: Message, status: int) -> None:
    bot.reply = lambda _: (status, {})
    assert f"({status})" in str(ana.press(new, "Claim").wait().error)
    assert len(bot.heard) == 1


def test_an_error_the_bot_admits_is_read_by_the_person(teams: MsTeams, bot: StubBot, ana: Person, new: Message) -> None:
    bot.reply = lambda _: (200, {"statusCode": 500, "type": ERROR, "value": {"code": "NotSaved", "message": "Please tap again."}})
    assert ana.press(new, "Claim").wait().error == "Please tap again."
    assert (len(teams.errors), teams.rejections) == (1, [])


# Late answers


def test_a_press_that_is_answered_too_late_is_an_error_and_is_delivered_once_more(
    teams: MsTeams, bot: StubBot, ana: Person, new: Message
) -> None:
    teams.patience = 1.0
    bot.let_go = threading.Event()
    assert "timeout" in str(ana.press(new, "Claim").wait().error)
    assert teams.eventually(lambda: len(bot.heard) == 2).wait()
    assert bot.heard[0] == bot.heard[1], "the same activity, with the same id"
    assert all(claims(teams, sent["Authorization"]) for sent in bot.headers)


def test_a_message_is_delivered_again_until_it_is_answered_and_given_up_after_three_times(teams: MsTeams, bot: StubBot) -> None:
    answers = iter([503, 500, 200])
    bot.reply = lambda _: (next(answers), None)
    delivery = teams.deliver(teams.written("ben", "help")).wait()
    assert [attempt.status for attempt in delivery.attempts] == [503, 500, 200]
    assert delivery.delivered
    bot.reply = lambda _: (500, None)
    given_up = teams.deliver(teams.written("ben", "help")).wait()
    assert (len(given_up.attempts), given_up.delivered) == (3, False)


def test_what_was_refused_is_not_delivered_again(teams: MsTeams, bot: StubBot) -> None:
    bot.reply = lambda _: (401, {"error": "no"})
    assert len(teams.deliver(teams.written("ben", "help")).wait().attempts) == 1


def test_words_in_the_answer_to_a_message_are_noted_because_nobody_reads_them(teams: MsTeams, bot: StubBot) -> None:
    bot.reply = lambda _: (200, {"text": "Hello"})
    teams.deliver(teams.written("ben", "help")).wait()
    assert [rejected.error for rejected in teams.rejections] == ["body_ignored"]


# Forms


@pytest.fixture
def form(bot: StubBot, ana: Person, new: Message) -> Any:
    """Fields in place of Ana's card."""
    how = {"type": "Input.ChoiceSet", "id": "how", "label": "How?", "isRequired": True, "errorMessage": "Please choose."}
    choices = [{"title": "Fixed", "value": "fixed"}, {"title": "Partly", "value": "partly"}]
    fields = [{**how, "choices": choices}, asking("why", maxLength=10, isRequired=True, errorMessage="In a few words, please.")]
    bot.reply = lambda _: shows(card(*fields, actions=[button("Send", "close"), button("Cancel", associatedInputs="none")]))
    opened = ana.press(new, "Claim").wait().form
    bot.reply = lambda _: says("Closed.")
    bot.heard.clear()
    return opened


def test_the_client_sends_nothing_while_a_required_field_is_blank_or_too_long(bot: StubBot, ana: Person, form: Any) -> None:
    assert ana.submit(form, {}).wait().errors == {"How?": "Please choose.", "Why?": "In a few words, please."}
    assert ana.submit(form, {"How?": "Fixed", "Why?": "x" * 11}).wait().missing == ["Why?"]
    assert bot.heard == []


def test_answers_arrive_in_the_data_by_the_ids_of_their_fields(bot: StubBot, ana: Person, form: Any) -> None:
    assert ana.submit(form, {"How?": "Partly", "why": "Rang."}).wait().text == "Closed."
    assert bot.heard[0]["value"]["action"]["data"] == {"target": 42, "how": "partly", "why": "Rang."}


def test_a_button_that_takes_no_fields_along_can_be_pressed_over_blank_ones(bot: StubBot, ana: Person, form: Any) -> None:
    ana.press(form, "Cancel").wait()
    assert bot.heard[0]["value"]["action"]["data"] == {"target": 42}


def test_only_what_is_asked_can_be_answered_and_only_what_is_offered_chosen(ana: Person, form: Any) -> None:
    with pytest.raises(LookupError, match="no field"):
        ana.submit(form, {"Who?": "me"}).wait()
    with pytest.raises(LookupError, match="there is: Fixed, Partly"):
        ana.submit(form, {"How?": "Mended", "Why?": "x"}).wait()


# Words, installs and forgeries


def test_a_word_in_a_channel_mentions_the_bot_and_in_private_does_not(teams: MsTeams, bot: StubBot, ana: Person) -> None:
    ana.command("mine", "Oak Street", linger=0.05).wait()
    ana.command("mine", linger=0.05).wait()
    public, private = bot.heard
    assert public["text"].strip() == "<at>Action Hero</at> mine"
    assert [each["type"] for each in public["entities"]] == ["mention", "clientInfo"]
    assert (private["text"], private["conversation"]["conversationType"]) == ("mine", "personal")
    assert private["conversation"]["id"] == teams.dm("ana").id


def test_an_install_is_told_twice_as_teams_does_and_opens_the_team(teams: MsTeams, bot: StubBot) -> None:
    teams.uninstall().wait()
    assert send(teams, message()).status_code == 403
    teams.install(channels=["Elm"]).wait()
    assert send(teams, message()).status_code == 201
    assert [(told["type"], told.get("action")) for told in bot.heard] == [
        ("installationUpdate", "remove"),
        ("conversationUpdate", None),
        ("installationUpdate", "add"),
        ("conversationUpdate", None),
    ]
    assert bot.heard[-1]["membersAdded"] == [{"id": f"28:{teams.app_id}"}]


def test_channels_come_go_and_change_their_names(teams: MsTeams, bot: StubBot) -> None:
    teams.create_channel("Elm").wait()
    teams.rename_channel("Elm", "Ash").wait()
    teams.delete_channel("Ash").wait()
    told = [(each["channelData"]["eventType"], each["channelData"]["channel"]["name"]) for each in bot.heard]
    assert told == [("channelCreated", "Elm"), ("channelRenamed", "Ash"), ("channelDeleted", "Ash")]


@pytest.mark.parametrize("forgery", [None, *FORGERIES])
def test_a_forged_request_can_be_sent(teams: MsTeams, bot: StubBot, forgery: str | None) -> None:
    assert teams.present(teams.written("ben", "help"), forgery).wait().status == 200
    honest = teams.issuer.authorization(teams.service_url)
    assert honest is not None
    alike = bot.headers[0].get("Authorization", "").partition(".")[0] == honest.partition(".")[0]
    assert forgery is not None or alike


def test_without_a_bot_nothing_can_be_pressed(teams: MsTeams, ana: Person, new: Message) -> None:
    with pytest.raises(RuntimeError, match="bot_url"):
        ana.press(new, "Claim").wait()
    teams.bot_url = "http://127.0.0.1:9/msteams/messages"
    assert "connection_failed" in str(ana.press(new, "Claim").wait().error)
