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
from tests.emulators.slack import Message, Person, Slack
from tests.running import Running, eventually

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
    "a tap in a private chat that names none": (tap("T1", None, "E1", whole=True, channel={"id": "D1"}), WHOLE, "E1"),
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
