"""The Microsoft Teams emulator's message actions: what a package must offer, and which answers are not a dialog."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from typing import Any

import pytest

from tests.emulators.msteams import MsTeams, dialogs
from tests.emulators.test_msteams_emulator import card
from tests.emulators.test_msteams_people import StubBot, bot, teams  # noqa: F401

Json = dict[str, Any]
SUBMIT = {"type": "Action.Submit", "title": "Send", "data": {"verb": "heard"}}
FIELD = {"type": "Input.Text", "id": "words", "label": "Words", "isRequired": True, "errorMessage": "Words, please"}


def packed(app_id: str, **more: Any) -> bytes:
    command = {"id": "heard", "type": "action", "context": ["message"], "title": "Pass it on", "fetchTask": True, **more}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"composeExtensions": [{"botId": app_id, "commands": [command]}]}))
    return out.getvalue()


def dialog(**more: Any) -> Json:
    content = card(body=[FIELD], actions=[SUBMIT])
    return {"title": "Words", "card": {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}, **more}


def continues(value: Json) -> Json:
    return {"task": {"type": "continue", "value": value}}


def test_a_message_action_opens_a_dialog_and_what_is_filled_in_is_sent_with_the_message(teams: MsTeams, bot: StubBot) -> None:  # noqa: F811
    teams.upload(packed(teams.app_id))
    ben = teams.user("ben")
    bot.reply = lambda activity: (200, continues(dialog()) if activity["name"].endswith("fetchTask") else {})
    seen = ben.act(ben.say("Cold\nsoup", "Oak Street"), "Pass it on").wait()
    assert ben.submit(seen.form, {}).wait().missing == ["Words"]
    sent = ben.submit(seen.form, {"Words": "Hot"}).wait()
    assert (sent.error, sent.shown, teams.rejections) == (None, None, [])
    fetched, submitted = (told["value"] for told in bot.heard)
    assert fetched["messagePayload"]["body"] == {"contentType": "html", "content": "<div><p>Cold</p><p>soup</p></div>"}
    assert submitted["data"] == {"verb": "heard", "words": "Hot"}
    assert submitted["messagePayload"] == fetched["messagePayload"]
    assert submitted["requestId"] != fetched["requestId"]


def test_an_action_that_no_package_offers_cannot_be_chosen(teams: MsTeams) -> None:  # noqa: F811
    with pytest.raises(LookupError, match="there is: nothing"):
        teams.user("ben").act(teams.user("ben").say("x", "Oak Street"), "Pass it on").wait()


@pytest.mark.parametrize("more", [{"fetchTask": False}, {"title": "x" * 33}, {"description": "x" * 129}])
def test_a_package_whose_action_teams_would_not_show_is_refused(teams: MsTeams, more: Json) -> None:  # noqa: F811
    with pytest.raises(ValueError, match="heard"):
        teams.upload(packed(teams.app_id, **more))
    with pytest.raises(ValueError, match="another bot"):
        teams.upload(packed("another"))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"statusCode": 200}, "the body must hold task"),
        ({"task": {"type": "continue"}}, "type and value"),
        ({"task": {"type": "message", "value": " "}}, "has words"),
        ({"task": {"type": "cancel", "value": "x"}}, "message or continue"),
        (continues(dialog(url="https://x.example")), "title and card"),
        (continues(dialog(height="huge")), "height must be"),
        (continues(dialog(title="")), "1 to 64"),
        (continues(dialog(card=card(body=[FIELD], actions=[SUBMIT]))), "card must be of"),
        (
            continues(dialog(card={"contentType": "application/vnd.microsoft.card.adaptive", "content": card(actions=[
                {"type": "Action.Execute", "title": "Send", "verb": "x", "fallback": SUBMIT}])})),
            "a dialog knows no Action.Execute",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_dialog_is_noticed(body: Json, why: str) -> None:
    assert any(why in each for each in dialogs.check(body)), dialogs.check(body)


def test_a_good_dialog_and_a_sentence_are_taken() -> None:
    assert dialogs.check(continues(dialog())) == []
    assert dialogs.check({"task": {"type": "message", "value": "Thank you"}}) == []


def test_a_client_that_is_not_answered_in_time_asks_twice_more_each_time_under_another_id(teams: MsTeams, bot: StubBot) -> None:  # noqa: F811
    teams.upload(packed(teams.app_id))
    teams.patience = 1.0
    bot.let_go = threading.Event()
    try:
        seen = teams.user("ben").act(teams.user("ben").say("x", "Oak Street"), "Pass it on").wait()
        assert teams.eventually(lambda: len(bot.heard) == 3).wait()
    finally:
        bot.let_go.set()
    assert "Something went wrong" in (seen.error or "")
    assert len({told["id"] for told in bot.heard}) == 3
