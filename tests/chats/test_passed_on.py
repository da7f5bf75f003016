"""What a colleague heard becomes a follow-up, from the word typed in any chat and from a message that is there already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chats.slack import taps
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import OnSlack, on_slack

pytestmark = pytest.mark.anyio


@pytest.fixture
async def slack(tmp_path: Path, database: str) -> AsyncIterator[OnSlack]:
    async with on_slack(tmp_path, FRIDAY, database=database) as stage:
        yield stage


async def test_a_message_in_slack_is_passed_on_and_its_author_hears_what_became_of_it(slack: OnSlack) -> None:
    written = slack.slack.user("UBEN").say(
        "C1", "A guest just told me the lift is broken &amp; <https://x.example|the stairs> are steep"
    )
    seen = await slack.slack.user("UBEN").shortcut(written, "heard")
    assert seen.error is None
    assert seen.modal is not None
    seen = await slack.slack.user("UBEN").submit(
        seen.modal, {"Who was it?": "Dana Reyes", "How can we reach them?": "dana@mail.example"}
    )
    assert "Thank you for passing it on!" in str(seen)
    [card] = await eventually(lambda: [card for card in slack._cards() if "needs somebody by" in str(card)])
    assert "A guest just told me the lift is broken & the stairs are steep" in str(card).replace("&amp;", "&")
    assert "Reyes" not in str(card)
    nth = slack._cards().index(card)
    await slack.press("ana", "I'll reply", nth)
    await eventually(lambda: "Done…" in str(slack._cards()[nth]))
    form = (await slack.press("ana", "Done…", nth)).form
    answers = {"Outcome": "Fixed", "What did we do, in one sentence?": "It runs again.", "What caused it?": "Other"}
    await slack.fill("ana", form, answers)
    await eventually(lambda: _told(slack))


async def _told(slack: OnSlack) -> bool:
    return any("What you passed on" in text and "fixed. It runs again." in text for text in await slack.private("ben"))


async def test_the_typed_word_opens_the_same_form_in_slack(slack: OnSlack) -> None:
    seen = await slack.slack.user("UBEN").command("/hero", "heard the coffee is cold", "C1")
    assert seen.modal is not None
    assert "the coffee is cold" in str(seen.modal)


def test_what_slack_marks_up_is_read_as_people_read_it() -> None:
    said = {"message": {"text": "<@U1> says <https://a.example|here> and <https://b.example> &lt;b&gt; &amp;amp; <!channel>"}}
    assert taps.message_text(said) == "says here and https://b.example <b> &amp;"
    for odd in ({}, {"message": None}, {"message": {"text": 7}}):
        assert taps.message_text(odd) == ""
