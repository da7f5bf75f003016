"""The message action in Microsoft Teams: a message that is there already is passed on, and its dialog answers in time, once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botbuilder.schema import Activity
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from bot.chats.msteams import dialogs, taps
from bot.chats.msteams.package import package
from storage import models
from tests.chats.test_msteams_listen import database_is_slow
from tests.conftest import FRIDAY
from tests.emulators.msteams import Dialog, Seen
from tests.running import eventually
from tests.stages import OAK_STREET, OnMsTeams, on_msteams

pytestmark = pytest.mark.anyio

ACTION = "A customer told us…"
ANSWERS = {"Who was it?": "Dana Reyes", "How can we reach them?": "dana@mail.example"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY) as stage:
        stage.teams.upload(package(stage.teams.app_id, "https://hero.northwind.example"))
        yield stage


async def opened(stage: OnMsTeams, text: str = "A guest told me: the lift <b> is broken & slow") -> Dialog:
    ben = stage.teams.user("ben")
    seen: Seen = await ben.act(ben.say(text, OAK_STREET), ACTION)
    assert seen.error is None
    assert isinstance(seen.form, Dialog)
    return seen.form


async def passed_on(stage: OnMsTeams) -> int:
    def count(tx: Connection) -> int:
        return tx.execute(select(func.count()).select_from(models.Feedback.__table__)).scalar_one()  # type: ignore[attr-defined]

    return await stage.here.house.store.read(count)


async def test_a_message_in_teams_is_passed_on_and_its_author_hears_what_became_of_it(stage: OnMsTeams) -> None:
    form = await opened(stage)
    assert "It becomes a follow-up like any other" in str(form)
    seen = await stage.teams.user("ben").submit(form, ANSWERS)
    assert "Thank you for passing it on! Oak Street has it now" in seen.text
    [card] = await eventually(lambda: [card for card in stage._cards() if "needs somebody by" in str(card)])
    assert "A guest told me: the lift <b> is broken & slow" in str(card)
    assert "Reyes" not in str(card)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: "Done…" in stage._cards()[0].buttons)
    done = (await stage.press("ana", "Done…")).form
    answers = {"Outcome": "Fixed", "What did we do, in one sentence?": "It runs again.", "What caused it?": "Other"}
    await stage.fill("ana", done, answers)
    await eventually(lambda: _told(stage))


async def _told(stage: OnMsTeams) -> bool:
    return any("What you passed on" in text and "fixed. It runs again." in text for text in await stage.private("ben"))


async def test_a_message_of_the_private_chat_and_one_of_a_group_the_bot_is_not_in_can_be_passed_on(stage: OnMsTeams) -> None:
    ben = stage.teams.user("ben")
    elsewhere = stage.teams.channel("Kitchen", team="Another team")
    for said in (ben.say("The soup was cold"), ben.say("The soup was cold", elsewhere.id)):
        seen = await ben.act(said, ACTION)
        assert "Thank you" in (await ben.submit(seen.form, {})).text
    assert await passed_on(stage) == 2


async def test_a_dialog_that_is_sent_twice_is_passed_on_once(stage: OnMsTeams) -> None:
    seen = await stage.teams.user("ben").submit(await opened(stage), ANSWERS, twice=True)
    assert "Thank you" in seen.text
    again = await stage.teams.user("ben").submit(await opened(stage), ANSWERS)
    assert "Thank you" in again.text
    assert await passed_on(stage) == 2, "the second dialog is another one"


async def test_what_was_typed_stays_when_the_dialog_comes_back(stage: OnMsTeams) -> None:
    form = await opened(stage)
    long = {**ANSWERS, "What did you hear?": " "}
    assert (await stage.teams.user("ben").submit(form, long)).missing == ["What did you hear?"]
    sent = _sent(stage, form, {"words": "", "name": "Dana Reyes", "kind": "customer"})
    answer = await stage.teams.present(sent)
    assert "Please write what you heard" in answer.body
    assert "Dana Reyes" in answer.body


async def test_a_dialog_is_answered_in_time_while_the_database_is_slow_and_its_outcome_is_told_privately(stage: OnMsTeams) -> None:
    form, ben = await opened(stage), stage.teams.user("ben")
    await stage.command("ben", "help")  # the private chat is there
    async with database_is_slow(stage):
        sent = await ben.submit(form, ANSWERS)
        reopened = await ben.act(ben.say("Another one", OAK_STREET), ACTION)
    assert (sent.error, reopened.error) == (None, None)
    assert max(sent.took, reopened.took) < 3
    assert "takes longer than usual" in sent.text
    assert "did not open in time" in reopened.text
    await eventually(lambda: _thanked(stage))
    assert await passed_on(stage) == 1


async def _thanked(stage: OnMsTeams) -> bool:
    return any("Thank you for passing it on" in text for text in await stage.private("ben"))


async def test_a_dialog_that_is_not_ours_changes_nothing_and_is_answered_kindly(stage: OnMsTeams) -> None:
    form = await opened(stage)
    for value in ({}, {"commandId": "other", "data": form.about}, {"commandId": "heard", "data": "x"}, None, ["heard"]):
        activity = _sent(stage, form, {}) | {"value": value}
        answer = await stage.teams.present(activity)
        assert (answer.status, "nothing was changed" in answer.body) == (200, True)
    assert await passed_on(stage) == 0


def _sent(stage: OnMsTeams, form: Dialog, answers: dict[str, str]) -> dict[str, Any]:
    """What a client would never send: required fields left blank."""
    activity = stage.teams.written("ben", "") | {"type": "invoke", "name": "composeExtension/submitAction"}
    action = form.card["actions"][0]
    return activity | {"value": {**form.about, "data": {**action["data"], **answers}}}


def payload(body: Any) -> Activity:
    return Activity(value={"commandId": "heard", "messagePayload": {"body": body}})


@pytest.mark.parametrize(
    ("html", "read"),
    [
        ("<div><p>Cold &amp; <b>late</b></p><p>&nbsp;</p><p>Twice!</p></div>", "Cold & late\nTwice!"),
        ('<at id="0">Ana</at> the lift<br>stood <emoji alt="😀"></emoji>', "Ana the lift\nstood 😀"),
        ("a &lt;script&gt; <script>x</script> b", "a <script> x b"),
        ('<attachment id="1"></attachment>', ""),
    ],
)
def test_a_message_is_read_as_people_read_it(html: str, read: str) -> None:
    assert dialogs.message(payload({"contentType": "html", "content": html})) == read


@pytest.mark.parametrize("mark", ["<at>", "<at ", "<AT>x"])
def test_mentions_that_never_end_keep_nobody_waiting(mark: str) -> None:
    begun = time.process_time()
    taps.words(Activity(text=mark * 25_000))
    assert time.process_time() - begun < 1.0


def test_a_message_in_plain_text_is_taken_as_it_is() -> None:
    assert dialogs.message(payload({"contentType": "text", "content": "1 < 2 &amp;"})) == "1 < 2 &amp;"


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_message_of_any_shape_is_no_error(odd: Any) -> None:
    assert isinstance(dialogs.message(payload(odd)), str)
    assert isinstance(dialogs.message(payload({"content": odd})), str)
    assert dialogs.sent(Activity(value=odd)) is None
