"""Whose somebody in Slack is: ours, of another workspace that has the app, or a stranger; never guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.slack import taps
from bot.diagnosis import Severity
from handlers.feedback import MAIN_WORKSPACE
from storage import slack
from storage.database import Store
from tests.chats.test_slack_install import Installable, installable
from tests.emulators.slack import Message
from tests.running import Running, eventually

pytestmark = pytest.mark.anyio

OURS = {"T1": "main", "E1": "main"}
"""app.yaml's own token is for the workspace T1, of the organisation E1."""
BESIDE = {**OURS, "T2": "T2", "T3": "T3"}
"""T2 installed the app, too, and so did T3, which is of our organisation."""
ALONE = {"T1": "T1"}
"""There is no token in app.yaml, and T1, which is of the organisation E1, installed the app by itself."""
WHOLE = {"E1": "E1"}
"""The organisation E1 installed the app as a whole."""


def tap(theirs: str, team: str | None, company: str = "", *, whole: bool = False, **more: Any) -> dict[str, Any]:
    """A tap of somebody whose own team is `theirs`, in a workspace, and in the organisation of which it says that it is."""
    named = {"enterprise_id": company} if company else {}
    return {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": theirs},
        "team": {"id": team, **named} if team else None,
        "enterprise": {"id": company} if company else None,
        "is_enterprise_install": whole,
        **more,
    }


def event(team: str | None, company: str | None = None, *, whole: bool = False) -> dict[str, Any]:
    """An event that is told to the installation of that workspace, or of that organisation as a whole."""
    authorization = {"team_id": team, "enterprise_id": company, "is_enterprise_install": whole}
    return {"type": "event_callback", "team_id": team or "T1", "user": "U1", "authorizations": [authorization]}


def written(team: str, theirs: str | None = None) -> dict[str, Any]:
    """Words in a channel shared with another company."""
    return {**event(team), "is_ext_shared_channel": True, **({"team": theirs} if theirs else {})}


def command(team: str, company: str = "", *, whole: bool = False) -> dict[str, Any]:
    told = {"enterprise_id": company, "is_enterprise_install": str(whole).lower()}
    return {"command": "/hero", "user_id": "U1", "team_id": team, **(told if company else {})}


PASSED_ON = {"type": "message_action"}
CHANNEL = {"channel": {"id": "C1"}}
CASES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "a tap in our workspace": (tap("T1", "T1"), OURS, "main"),
    "a word typed there": (command("T1"), OURS, "main"),
    "an event there": (event("T1"), OURS, "main"),
    "a tap of a stranger": (tap("T9", "T1"), OURS, "T9"),
    "a tap of a stranger that names their workspace": (tap("T9", "T9"), OURS, "T9"),
    "a word typed in a workspace that is no longer known": (command("T9"), OURS, "T9"),
    "a tap of ours in a channel of theirs": (tap("T1", "T9"), OURS, "main"),
    "a stranger writes": (written("T1", "T9"), OURS, "T9"),
    "a stranger writes, and the envelope is theirs": (written("T1", "T9") | {"team_id": "T9"}, OURS, "T9"),
    "ours write, and the envelope is a stranger's": (written("T1", "T1") | {"team_id": "T9"}, OURS, "main"),
    "somebody writes where strangers are": (written("T1"), OURS, taps.ELSEWHERE),
    "a stranger writes privately": (event("T1") | {"team": "T9"}, OURS, "T9"),
    "a colleague of a sister workspace writes": (event("T1", "E1") | {"team": "T4"}, OURS, "main"),
    "one of our organisation": (tap("E1", "T1"), OURS, "main"),
    "a colleague of a sister workspace": (tap("T4", "T4", "E1"), OURS, "main"),
    "a stranger of another organisation": (tap("T4", "T4", "E9"), OURS, "T4"),
    "a stranger, beside whose workspace our organisation is named": (tap("T9", "T9") | {"enterprise": {"id": "E1"}}, OURS, "T9"),
    "a stranger's organisation, beside our workspace": (tap("E9", "T1") | {"enterprise": {"id": "E9"}}, OURS, "E9"),
    "a tap where the app was installed": (tap("T2", "T2"), BESIDE, "T2"),
    "a word typed there to the bot": (event("T2") | {"channel": "D1", "team": "T2"}, BESIDE, "T2"),
    "a command there": (command("T2"), BESIDE, "T2"),
    "a tap of theirs in our channel": (tap("T2", "T1"), BESIDE, "T2"),
    "a tap of ours in their channel": (tap("T1", "T2"), BESIDE, "main"),
    "a tap in a sister workspace that installed the app": (tap("T3", "T3", "E1"), BESIDE, "T3"),
    "an event in a sister workspace that installed the app": (event("T3", "E1"), BESIDE, "T3"),
    "a tap in our workspace beside a sister's": (tap("T1", "T1", "E1"), BESIDE, "main"),
    "a tap that names the organisation as the person's team": (tap("E1", "T1", "E1"), ALONE, "T1"),
    "a command in that workspace": (command("T1", "E1"), ALONE, "T1"),
    "one of the organisation's other workspaces": (tap("T4", "T4", "E1"), ALONE, "T4"),
    "a stranger where nothing of ours is": (tap("T9", "T1", "E1"), ALONE, "T9"),
    "a tap in a workspace of the whole": (tap("T1", "T1", "E1", whole=True, **CHANNEL), WHOLE, "E1"),
    "a shortcut that names no workspace": (tap("T1", None, "E1", whole=True), WHOLE, "E1"),
    "passing on a message, which names none": (tap("T1", None, "E1", whole=True, **CHANNEL) | PASSED_ON, WHOLE, "E1"),
    "a stranger's tap in a private chat, that names none": (tap("T9", None, "E1", whole=True, channel={"id": "D1"}), WHOLE, "T9"),
    "a stranger's tap in a channel, that names none": (tap("T9", None, "E1", whole=True, **CHANNEL), WHOLE, "T9"),
    "a tap that names the organisation alone": (tap("E1", None, "E1", whole=True, **CHANNEL), WHOLE, "E1"),
    "a command in the whole": (command("T1", "E1", whole=True), WHOLE, "E1"),
    "an event that only its authorization places": (event(None, "E1", whole=True), WHOLE, "E1"),
    "both installed: the workspace": (command("T1", "E1"), ALONE | WHOLE, "T1"),
    "both installed: the organisation": (command("T1", "E1", whole=True), ALONE | WHOLE, "E1"),
}


@pytest.mark.parametrize("case", CASES)
def test_where_it_happened_decides_unless_their_own_team_says_they_are_somebody_elses(case: str) -> None:
    payload, homes, workspace = CASES[case]
    who = taps.person(payload, homes)
    assert (who.user_id, who.workspace) == ("U1", workspace)


ids = st.sampled_from([None, "", "T1", "T2", "T4", "E1", "E9"])


@given(
    ids,
    ids,
    ids,
    st.sampled_from([None, True, False]),
    st.sampled_from([{}, CHANNEL, {"is_ext_shared_channel": True}]),
    ids,
    st.booleans(),
)
def test_a_stranger_is_never_ours_whatever_else_is_said(
    team: str | None,
    company: str | None,
    other: str | None,
    whole: bool | None,
    more: dict[str, Any],
    flat: str | None,
    flatly: bool,
) -> None:
    """T9 is a stranger's: only an object that says that T9 is of our organisation may make them ours."""
    told = {"team_id": flat, "enterprise_id": other} if flatly else {"team": {"id": team, "enterprise_id": company}}
    payload = {"enterprise": {"id": other}, "is_enterprise_install": whole, **told, **CHANNEL, **more}
    tapped = {**payload, "user": {"id": "U1", "team_id": "T9"}}
    assert taps.person(tapped, BESIDE).workspace == "T9"
    wrote = {**payload, "user": "U1", "user_team": "T9", "authorizations": [{"team_id": team, "enterprise_id": company}]}
    assert taps.person(wrote, BESIDE).workspace == "T9"


@asynccontextmanager
async def beside(folder: Path, channel: str = "slack:C1", *, silent: bool = False) -> AsyncIterator[Installable]:
    """T0HERO's token stands in app.yaml, and T0OTHER, where Eve is, installed the app by itself."""
    async with installable(folder, channel, silent=silent, bot_token="${TOKEN}") as stage:
        stage.slack.user("UEVE", name="Eve", email="eve@other.example", team="T0OTHER")
        stage.slack.oauth.team = "T0OTHER"
        await stage.install()
        yield stage


async def a_card(stage: Installable) -> Message:
    await stage.here.hears(id="r-1", score=2, comment="Your shop made me wait 45 minutes.")
    return (await eventually(lambda: stage.slack.channel("C1").messages))[0]


async def owner(here: Running) -> list[Any]:
    """Returns where the case stands, and whose it is."""
    asked = "SELECT f.state, p.workspace, p.user_id FROM follow_up f LEFT JOIN person p ON p.id = f.owner_id"
    return [tuple(row) for row in await here.house.store.read(lambda tx: tx.exec_driver_sql(asked).all())]


async def people(here: Running) -> list[Any]:
    asked = "SELECT workspace, user_id, rhythm FROM person ORDER BY workspace, user_id"
    return [tuple(row) for row in await here.house.store.read(lambda tx: tx.exec_driver_sql(asked).all())]


async def test_who_has_the_app_elsewhere_reads_and_claims_nothing_while_slack_does_not_tell_which_workspace_is_ours(
    tmp_path: Path,
) -> None:
    async with beside(tmp_path, silent=True) as stage:
        card, eve = await a_card(stage), stage.slack.user("UEVE")
        assert "45 minutes" not in str(await eve.command("/hero", "open"))
        assert "does not belong to a team here" in (await eve.press(card, "I'll reply")).text
        assert await owner(stage.here) == [("new", None, None)]


async def test_before_slack_told_for_the_first_time_which_workspace_is_ours_everybody_is_asked_to_come_back(tmp_path: Path) -> None:
    async with beside(tmp_path, silent=True) as stage:
        card, ana = await a_card(stage), stage.slack.user("UANA")
        stage.slack.user("USAM", name="Sam", team="T0STRANGE", stranger=True)
        for who in (ana, stage.slack.user("USAM")):
            assert "We could not save that just now; nothing was changed." in (await who.press(card, "I'll reply")).text
        assert "We could not look that up just now" in str(await ana.command("/hero", "open", "C1"))
        assert "We could not look that up just now" in str((await ana.write("stop"))[0])
        assert "We could not look that up just now" in str(await ana.open_home())
        assert await owner(stage.here) == [("new", None, None)]
        assert await people(stage.here) == [], "also the leader, whom Slack knows by e-mail, may be of another company"


async def test_after_its_first_start_the_bot_knows_its_workspace_though_slack_does_not_tell(tmp_path: Path) -> None:
    async with installable(tmp_path, "slack:C1", bot_token="${TOKEN}"):
        pass
    async with beside(tmp_path, silent=True) as stage:
        card = await a_card(stage)
        assert "does not belong to a team here" in (await stage.slack.user("UEVE").press(card, "I'll reply")).text
        assert "It is yours" in (await stage.slack.user("UANA").press(card, "I'll reply")).text
        assert await owner(stage.here) == [("claimed", "main", "UANA")]


async def test_another_token_is_not_taken_for_the_workspace_of_the_last_one(tmp_path: Path) -> None:
    async with installable(tmp_path, "slack:C1", bot_token="${TOKEN}"):
        pass
    async with installable(tmp_path, "slack:C1", bot_token="xoxb-of-another-workspace") as stage:
        answer = await stage.slack.user("UANA").command("/hero", "open", "C1")
        assert "We could not look that up just now" in str(answer)


def test_of_the_tokens_of_app_yaml_the_last_one_is_remembered(store: Store) -> None:
    for token, team in (("first", "T1"), ("second", "T2"), ("second", "T2")):
        row = {"workspace": MAIN_WORKSPACE, "name": token, "team_id": team, "enterprise_id": None, "bot_user": "U0"}
        store.write_sync(slack.remember, row)
    assert store.read_sync(slack.remembered, MAIN_WORKSPACE, "first") is None
    assert store.read_sync(slack.remembered, MAIN_WORKSPACE, "second") == ("T2", None)
    assert store.read_sync(slack.workspaces) == []
    assert store.read_sync(slack.of, MAIN_WORKSPACE) is None


async def test_in_a_workspace_that_installed_the_app_words_home_and_wishes_work_beside_a_token_in_app_yaml(tmp_path: Path) -> None:
    async with beside(tmp_path, "slack:T0OTHER/C1") as stage:
        card, eve = await a_card(stage), stage.slack.user("UEVE")
        assert "It is yours" in (await eve.press(card, "I'll reply")).text
        assert "You are replying to this customer" in str(await eventually(lambda: stage.slack.dm("UEVE").messages))
        assert "One customer waits for you." in str((await eve.write("mine"))[0])
        assert "One customer waits for you." in str(await eve.open_home())
        await eve.write("less")
        assert await people(stage.here) == [("T0OTHER", "UEVE", "less"), ("main", "ULEA", "")]
        assert "does not belong to a team here" in (await stage.slack.user("UANA").press(card, "Need help")).text


async def test_the_workspace_of_app_yamls_own_token_that_installs_the_app_as_well_reads_how_its_channels_are_named(
    tmp_path: Path,
) -> None:
    async with installable(tmp_path, "slack:C1", bot_token="${TOKEN}") as stage:
        assert "name that channel in app.yaml as slack:C0123456." in await stage.install()
        assert "It is yours" in (await stage.slack.user("UANA").press(await a_card(stage), "I'll reply")).text
        found = await stage.here.house.chats["slack"].people("lea@northwind.example")
        assert [who.place.address for who in found] == ["slack:ULEA"], "not a second time, as somebody of the installed one"


async def test_the_doctor_says_when_the_channel_of_app_yamls_own_token_is_named_with_its_workspace(tmp_path: Path) -> None:
    async with installable(tmp_path, bot_token="${TOKEN}") as stage:
        await stage.install()
        places = stage.here.house.company.teams["oak-street"].channels
        [wrong] = [line for line in await stage.here.house.chats["slack"].examine(places) if line.state is not Severity.OK]
        assert (wrong.part, wrong.found, wrong.do) == (
            "slack channel C1",
            "T0HERO is the workspace of bot_token, whose channels are named without it",
            "Write slack:C1 in app.yaml, then restart the bot.",
        )


@asynccontextmanager
async def in_an_organisation(folder: Path, installed: str, **more: Any) -> AsyncIterator[Installable]:
    """T0HERO, a workspace of the organisation E0GROUP, installed the app by itself, or the organisation did as a whole."""
    async with installable(folder, f"slack:{installed}/C1", **more) as stage:
        whole = installed == "E0GROUP"
        stage.slack.oauth.organisation, stage.slack.company = (installed, None) if whole else (None, "E0GROUP")
        await stage.install()
        yield stage


@pytest.mark.parametrize("installed", ["T0HERO", "E0GROUP"])
async def test_in_an_organisation_somebody_is_one_person_whether_they_tap_type_fill_in_or_look_at_their_home(
    tmp_path: Path, installed: str
) -> None:
    async with in_an_organisation(tmp_path, installed) as stage:
        card, ana = await a_card(stage), stage.slack.user("UANA")
        assert "It is yours" in (await ana.press(card, "I'll reply")).text
        await eventually(lambda: stage.slack.dm(ana).messages)
        assert "One customer waits for you." in str(await ana.command("/hero", "mine", "C1"))
        assert (await ana.shortcut(ana.say("C1", "They let me wait"), "heard")).modal
        assert "One customer waits for you." in str((await ana.write("mine"))[0])
        home = await ana.open_home()
        assert "One customer waits for you." in str(home)
        form = (await ana.press(home, "Hand over…")).modal
        await ana.submit(form, {"Who takes it on?": "ULEA"})
        assert await owner(stage.here) == [("claimed", installed, "ULEA")]
        assert {who[0] for who in await people(stage.here)} == {installed}


@pytest.mark.parametrize("installed", ["T0HERO", "E0GROUP"])
@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_a_goodbye_takes_the_app_from_whoever_said_it_and_nobody_else(tmp_path: Path, installed: str, kind: str) -> None:
    async with in_an_organisation(tmp_path, "T0HERO") as stage:
        stage.slack.oauth.organisation = "E0GROUP"
        await stage.install()
        if installed == "T0HERO":
            stage.slack.oauth.organisation = None
        for _ in range(2):
            await stage.slack.event({"type": kind, "tokens": {"bot": ["U0BOT"]}})
        assert await stage.here.house.store.read(slack.workspaces) == sorted({"T0HERO", "E0GROUP"} - {installed})
