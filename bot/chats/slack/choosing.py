"""Finds out who was chosen in a form, and whether they are colleagues: in a channel shared by Slack Connect, Slack also offers the
people of the other companies, and everywhere it offers bots."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.chats import Trouble
from bot.chats.slack import taps
from bot.chats.slack.outcome import RefusedByCode, answer_of
from bot.chats.slack.taps import Json
from bot.chats.slack.wires import Wires
from handlers.feedback import Person
from handlers.wording import asides
from storage.database import Unavailable

log = structlog.get_logger()

IN_TIME = 1.5
"""Seconds a form may wait for Slack's word about the people in it."""
SLACKBOT = "USLACKBOT"
"""Slack does not call it a bot."""


async def chosen(wires: Wires, view: Json, who: Person) -> tuple[dict[str, Person], dict[str, str]]:
    """Returns who was chosen, by field name and with the names that Slack knows; and for whoever cannot be chosen, why not."""
    people = taps.people(view, who.workspace)
    said = dict(zip(people, await asyncio.gather(*(_looked_up(wires, each) for each in people.values())), strict=True))
    return {name: person for name, (person, _) in said.items()}, {name: why for name, (_, why) in said.items() if why}


async def _looked_up(wires: Wires, person: Person) -> tuple[Person, str]:
    """Returns somebody with their name, and why they cannot be chosen; empty if they can. In doubt nobody gets a customer's
    details."""
    try:
        async with asyncio.timeout(IN_TIME):
            wire = await wires.of(person.workspace)
            user = (await answer_of(wire.client.users_info(user=person.user_id))).get("user") or {}
            ours = await is_colleague(wires, person.workspace, user)
    except RefusedByCode as error:
        log.info("slack.not_chosen", why=error.code)
        return person, asides.not_a_colleague()
    except (Trouble, Unavailable, TimeoutError) as error:
        log.warning("slack.not_looked_up", kind=type(error).__name__, why=str(error))
        return person, asides.not_looked_up()
    if ours is None:
        return person, asides.not_looked_up()
    return (replace(person, name=name_of(user) or person.name), "") if ours else (person, asides.not_a_colleague())


async def is_colleague(wires: Wires, workspace: str, user: Mapping[str, Any]) -> bool | None:
    """Returns whether this is a person of our own who is still there; None while Slack has not told who we are."""
    return _is_somebody(user) and await wires.is_home(workspace, _homes(user))


def name_of(user: Mapping[str, Any]) -> str:
    """Returns what colleagues call somebody in Slack; empty if it does not say."""
    about = user.get("profile") or {}
    return about.get("display_name") or about.get("real_name") or user.get("real_name") or user.get("name") or ""


def _is_somebody(user: Mapping[str, Any]) -> bool:
    """Returns whether this is a person who is still there, and of whom we may know."""
    return not (user.get("is_bot") or user.get("deleted") or user.get("is_stranger") or user.get("id") == SLACKBOT)


def _homes(user: Mapping[str, Any]) -> list[str]:
    """Returns Slack's ids of the workspaces and the organisation that somebody is of."""
    company = user.get("enterprise_user") or {}
    return [user.get("team_id") or "", company.get("enterprise_id") or "", *(company.get("teams") or ())]
