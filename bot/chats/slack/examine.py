"""The Slack checks of `hero doctor`: who the bot is, which scopes it has, whether Socket Mode connects, whether it is in its
channels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bot.chats import Throttled, Trouble, Unknown, Unreachable
from bot.chats.slack import Options
from bot.chats.slack.manifest import SCOPES
from bot.chats.slack.outcome import NoConnection, NotAllowed, RefusedByCode, answer_of, heard
from bot.chats.slack.wire import Wire
from bot.chats.slack.wires import Wires
from bot.diagnosis import Diagnosis, clock, error, warning, well
from handlers.feedback import MAIN_WORKSPACE, Place

OPTIONAL = frozenset({"channels:history", "groups:history", "im:history", "dnd:read"})
"""Scopes that ops may remove: docs/slack.md says what is lost without them."""
WAITS = "Cards for these channels wait in the database and are posted once it is mended."
NETWORK = "Check the network of this machine: its name service, proxy and firewall. Tokens were not looked at."


async def examined(wires: Wires, options: Options, places: Sequence[Place]) -> Sequence[Diagnosis]:
    lines: list[Diagnosis] = []
    reachable, _ = await wires.everywhere()
    known = dict(reachable)
    for workspace, wire in known.items():
        here = "slack" if workspace == MAIN_WORKSPACE else f"slack {workspace}"
        lines += await _workspace(wire, here, [place for place in places if place.workspace == workspace])
    if options.app_token is not None:
        lines.append(await _socket(wires.main, options.app_token.get_secret_value()))
    return [*lines, *[await _elsewhere(wires, place) for place in places if place.workspace not in known]]


async def _elsewhere(wires: Wires, place: Place) -> Diagnosis:
    """Returns what is wrong with a channel whose workspace is none of those that can be reached under this name."""
    part = f"slack channel {place.channel}"
    with suppress(Unreachable):
        if await wires.named(place.workspace) == MAIN_WORKSPACE:
            found = f"{place.workspace} is the workspace of bot_token, whose channels are named without it"
            means = "Nobody can answer its cards there."
            return error(part, found, means, f"Write slack:{place.channel} in app.yaml, then restart the bot.")
    do = "Open /slack/install there, or name a channel of a workspace that has it."
    return error(part, f"the workspace {place.workspace} has not installed the app", WAITS, do)


async def _workspace(wire: Wire, here: str, places: Sequence[Place]) -> list[Diagnosis]:
    try:
        answer = await heard(wire.client.auth_test())
    except NoConnection as away:
        return [error(f"{here} token", str(away), WAITS, NETWORK)]
    except Unreachable as refused:
        return [error(f"{here} token", str(refused), WAITS, "Follow docs/slack.md, step 3 and 5, then restart the bot.")]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    found = f"accepted: {answer.get('user')} in the workspace {answer.get('team')} ({answer.get('team_id')})"
    lines = [well(f"{here} token", found), *_scopes(here, headers.get("x-oauth-scopes", ""))]
    lines += [await _channel(wire, place) for place in places]
    compared = clock("Slack", headers.get("date"), datetime.now(UTC))
    return [*lines, *([compared] if compared else [])]


def _scopes(here: str, given: str) -> list[Diagnosis]:
    """Returns one line per missing scope, with the feature that needs it."""
    has = {scope.strip() for scope in given.split(",")}
    missing = [scope for scope in SCOPES if scope not in has]
    if not missing:
        return [well(f"{here} scopes", f"all {len(SCOPES)} are there")]
    lines = []
    for scope in missing:
        say, lost = warning if scope in OPTIONAL else error, f"Lost without it: {SCOPES[scope]}."
        do = "Paste hero manifest slack at App Manifest, then reinstall the app."
        lines.append(say(f"{here} scopes", f"{scope} is missing", lost, do))
    return lines


async def _socket(wire: Wire, app_token: str) -> Diagnosis:
    try:
        await answer_of(wire.client.apps_connections_open(app_token=app_token))
    except NoConnection as away:
        return error("slack socket mode", str(away), "The bot hears no tap and no command.", NETWORK)
    except Trouble as refused:
        means = "The bot can post, but hears no tap and no command."
        do = "Make an app-level token with connections:write: docs/slack.md, step 4."
        return error("slack socket mode", str(refused), means, do)
    return well("slack socket mode", "the app token opens a connection")


async def _channel(wire: Wire, place: Place) -> Diagnosis:
    """Check membership by reading the messages from now on, of which there are none: this needs no scope beyond those for
    `find`."""
    part, channel = f"slack channel {place.channel}", place.channel
    asked: dict[str, Any] = {"channel": channel, "oldest": f"{time.time():.6f}", "limit": 1}
    try:
        await answer_of(wire.client.conversations_history(**asked))
    except NotAllowed:
        means = "If the bot is not in the channel and it is private, cards for it are parked."
        return warning(
            part, "could not be looked at without a history scope", means, f"Try it: hero send-test, or /invite it in {channel}."
        )
    except RefusedByCode as refused:
        if refused.code == "not_in_channel":
            means = "It can post in a public channel, but cannot look there whether a card whose answer was lost has arrived."
            return warning(part, "the bot is not a member", means, "Type /invite @Action Hero in the channel.")
        return error(part, str(refused), WAITS, "Correct `channel` in app.yaml, or type /invite @Action Hero there.")
    except (Throttled, Unreachable, Unknown) as trouble:
        return warning(part, f"could not be looked at ({trouble})", "It may be well.", "Try again in a minute.")
    return well(part, "the bot is a member")
