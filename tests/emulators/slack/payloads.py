"""The payloads Slack sends to the bot, built as Slack builds them, and their signature."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from tests.emulators.slack.modals import view_json
from tests.emulators.slack.world import Channel, Json, Message, View

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack
    from tests.emulators.slack.person import Person

VERIFICATION_TOKEN = "emulated-verification-token"
"""The deprecated field that every payload still has."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Returns Slack's v0 signature of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def _who(slack: Slack, person: Person) -> Json:
    """In Enterprise Grid the team of somebody may be that of their organisation."""
    team = slack.company or person.team
    return {"id": person.id, "username": person.handle, "name": person.handle, "team_id": team}


def _common(slack: Slack, person: Person, kind: str, channel: Channel | None = None) -> Json:
    """Where an organisation has the app as a whole, only what is pressed in a channel names the workspace."""
    whole, company = slack.oauth.organisation is not None, slack.oauth.organisation or slack.company
    named = {"enterprise_id": company, "enterprise_name": "Northwind Group"} if company else {}
    return {
        "type": kind,
        "user": _who(slack, person),
        "api_app_id": slack.app_id,
        "token": VERIFICATION_TOKEN,
        "team": None if whole and channel is None else {"id": _team(slack, person, channel), "domain": slack.domain, **named},
        "enterprise": {"id": company, "name": "Northwind Group"} if company else None,
        "is_enterprise_install": whole,
    }


def _team(slack: Slack, person: Person | None, channel: Channel | None) -> str:
    """Returns the workspace in which somebody acts: their own, if it has the app, too, and the channel is of one workspace."""
    shared = channel is not None and channel.shared
    return person.team if person is not None and not shared and slack.has_app(person.team) else slack.team


def _now() -> str:
    return f"{time.time():.6f}"


def press_message(slack: Slack, person: Person, message: Message, action: Json) -> tuple[Json, str]:
    """Returns block_actions from a message or an ephemeral, and the id of its response_url."""
    channel = slack.channels[message.channel]
    answer = slack.new_response_url(person.id, message.channel, message)
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_common(slack, person, "block_actions", channel),
        "container": container,
        "trigger_id": slack.new_trigger(person.id),
        "channel": {
            "id": channel.id,
            "name": "directmessage" if channel.is_dm else "privategroup" if channel.private else channel.name,
        },
        "state": {"values": {}},
        "response_url": slack.response_address(answer),
        "actions": [{**action, "action_ts": _now()}],
    }
    if not message.ephemeral_to:
        payload["message"] = message.as_json(metadata=True)
    return payload, answer


def shortcut(slack: Slack, person: Person, message: Message, callback_id: str) -> tuple[Json, str]:
    """Returns the payload of a message shortcut, and the id of its response_url."""
    channel = slack.channels[message.channel]
    answer = slack.new_response_url(person.id, message.channel, None)
    payload = {
        **_common(slack, person, "message_action"),
        "callback_id": callback_id,
        "trigger_id": slack.new_trigger(person.id),
        "action_ts": _now(),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel.name},
        "message": message.as_json(metadata=True),
        "response_url": slack.response_address(answer),
    }
    return payload, answer


def press_view(slack: Slack, person: Person, view: View, action: Json) -> Json:
    """block_actions from a modal or a Home tab: no channel, no message, no response_url."""
    return {
        **_common(slack, person, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": slack.new_trigger(person.id, view if view.payload["type"] == "modal" else None),
        "view": view_json(slack, view),
        "actions": [{**action, "action_ts": _now()}],
    }


def submission(slack: Slack, person: Person, view: View, values: Json) -> Json:
    """view_submission with the answers in state.values."""
    return {
        **_common(slack, person, "view_submission"),
        "trigger_id": slack.new_trigger(person.id, view),
        "view": {**view_json(slack, view), "state": {"values": values}},
        "response_urls": [],
    }


def closed(slack: Slack, person: Person, view: View) -> Json:
    """view_closed, which Slack sends only for a view with notify_on_close."""
    return {**_common(slack, person, "view_closed"), "view": view_json(slack, view), "is_cleared": False}


def command(slack: Slack, person: Person, name: str, text: str, channel: str) -> tuple[Json, str]:
    """Returns the fields of a slash command, and the id of its response_url."""
    place = slack.channels[channel]
    answer = slack.new_response_url(person.id, channel, None)
    company = slack.oauth.organisation or slack.company
    fields = {
        "token": VERIFICATION_TOKEN,
        "team_id": _team(slack, person, place),
        "team_domain": slack.domain,
        "channel_id": channel,
        "channel_name": "directmessage" if place.is_dm else "privategroup" if place.private else place.name,
        "user_id": person.id,
        "user_name": person.handle,
        "command": name,
        "text": text,
        "api_app_id": slack.app_id,
        "is_enterprise_install": "true" if slack.oauth.organisation else "false",
        **({"enterprise_id": company, "enterprise_name": "Northwind Group"} if company else {}),
        "response_url": slack.response_address(answer),
        "trigger_id": slack.new_trigger(person.id),
    }
    return fields, answer


def envelope(slack: Slack, event: Json, event_id: str) -> Json:
    """Returns an event of the Events API in its envelope."""
    channel, by = slack.channels.get(str(event.get("channel", ""))), slack.people.get(_author(event))
    team, whole = _team(slack, by, channel), slack.oauth.organisation
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team,
        **({"enterprise_id": slack.company} if slack.company else {}),
        "api_app_id": slack.app_id,
        "event": {"event_ts": _now(), **event},
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": whole or slack.company,
                "team_id": None if whole else team,
                "user_id": slack.bot_user,
                "is_bot": True,
                "is_enterprise_install": whole is not None,
            }
        ],
        "is_ext_shared_channel": bool(channel and channel.shared),
        "event_context": f"4-{event_id}",
    }


def _author(event: Json) -> str:
    said = event.get("message") or event.get("previous_message") or event
    return str(said.get("user", ""))


def action_of(block: Json, element: Json, chosen: Any = None) -> Json:
    """Returns the entry in `actions` for one element; `chosen` is an option of a menu, or a user id."""
    action: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
    for key in ("text", "value", "style"):
        if key in element and element["type"] == "button":
            action[key] = element[key]
    if element["type"] == "users_select":
        action["selected_user"] = chosen
    elif chosen is not None:
        action["selected_option"] = chosen
    return action
