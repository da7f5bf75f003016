"""Who can be chosen in a form in Slack, which also offers the people of other companies, and bots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulators.slack import Message, Seen
from tests.running import eventually
from tests.stages import OnSlack, on_slack

pytestmark = pytest.mark.anyio

WHO = "Who takes it on?"
NOT_OURS = "They are not of our company, so they cannot see our customers. Please choose a colleague."
NOT_KNOWN = "We could not look up who that is, so nothing was changed. Please try again in a moment."


async def claimed(stage: OnSlack) -> Message:
    """Returns the card of a customer who is Ana's, once Slack has told who she is."""
    await stage.here.hears(id="r-1", score=2, customer={"name": "Dana Reyes", "email": "dana@x.example"})
    [card] = await eventually(lambda: stage.slack.channel("C1").messages)
    await stage.slack.user("UANA").press(card, "I'll reply")
    await eventually(lambda: "Hand over…" in str(card))
    await eventually(lambda: any(call.method == "users.info" for call in stage.slack.calls))
    return card


async def handed_over(stage: OnSlack, card: Message, to: str) -> Seen:
    ana = stage.slack.user("UANA")
    return await ana.submit((await ana.press(card, "Hand over…")).modal, {WHO: to})


@pytest.mark.parametrize(
    ("somebody", "why"),
    [
        ({"team": "T0OTHER"}, NOT_OURS),
        ({"team": "T0OTHER", "stranger": True}, NOT_OURS),
        ({"bot": True}, NOT_OURS),
        ({"deleted": True}, NOT_OURS),
    ],
    ids=["another company's", "another company's whom we share nothing with", "a bot", "left"],
)
async def test_a_customer_is_handed_to_nobody_but_a_colleague(tmp_path: Path, somebody: dict[str, Any], why: str) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.user("UEVE", name="Eve", **somebody)
        card = await claimed(stage)
        seen = await handed_over(stage, card, "UEVE")
        assert seen.errors == {WHO: why}
        ana = stage.slack.user("UANA")
        await ana.submit(ana.modal, {WHO: "UBEN"})  # the form is still open
        assert "dana@x.example" in str((await eventually(lambda: stage.slack.dm("UBEN").messages))[0])
        assert not stage.slack.dm("UEVE").messages


async def test_whoever_is_handed_a_customer_before_we_have_met_them_is_called_by_their_name_at_once(tmp_path: Path) -> None:
    async with on_slack(tmp_path) as stage:
        stage.slack.user("UMAX", name="Max Moe")
        card = await claimed(stage)
        seen = await handed_over(stage, card, "UMAX")
        said = await eventually(lambda: next((each for each in seen.ephemerals if "Handed over" in str(each)), None))
        assert "Handed over to Max Moe, who has the customer's details now." in str(said)


@pytest.mark.parametrize("fault", ["hang", "internal_error", "429"])
async def test_while_slack_does_not_tell_who_somebody_is_a_form_is_answered_in_time_and_nobody_gets_the_customer(
    tmp_path: Path, fault: str
) -> None:
    async with on_slack(tmp_path) as stage:
        card = await claimed(stage)
        stage.slack.fail_next("users.info", fault)
        seen = await handed_over(stage, card, "UBEN")
        assert seen.errors == {WHO: NOT_KNOWN}
        assert seen.error is None
        assert not stage.slack.dm("UBEN").messages
