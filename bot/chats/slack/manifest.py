"""The Slack app manifest: what to enable, which scopes to request, and why each. Pure."""

from __future__ import annotations

import io
import json as jsonlib
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

HEARD = "heard"
"""The word that precedes a passed-on message, and the callback id of the shortcut for it."""

SCOPES: Mapping[str, str] = {
    "chat:write": "post cards, change them, answer in threads and privately",
    "chat:write.public": "post in public channels without being invited first",
    "commands": "the slash command /hero",
    "im:write": "open the private conversation with the person who claims, to send the customer's contact details",
    "users:read": "call people by the name their colleagues use, respect their time zone, and give customers to colleagues only",
    "users:read.email": "recognise the leaders named by e-mail in app.yaml, and whoever usually looks after a customer",
    "dnd:read": "hold back reminders while somebody's do-not-disturb is on",
    "usergroups:read": "know who is in a user group that app.yaml names as leader or backup",
    "channels:history": "after a failure, look in a public channel whether a card arrived, so that it is never posted twice; and "
    "hear the notes of a huddle in its thread",
    "groups:history": "the same in private channels the bot was invited to",
    "im:history": "hear the words you type to the bot in its direct messages; and look there for a lost message, as above",
}
"""Every requested scope, with the feature that needs it."""

EVENTS: Mapping[str, str] = {
    "app_home_opened": "show your own follow-ups on the app's Home tab",
    "message.im": "hear the words you type to the bot in its direct messages",
    "message.channels": "keep what is written in the thread of a huddle's card as its notes; whatever else is said is not kept",
    "message.groups": "the same in private channels the bot was invited to",
}
"""Every subscribed event, with the feature that needs it."""


def manifest(public_url: str | None, *, installs: bool = False) -> dict[str, Any]:
    """Returns what to paste at api.slack.com under *From a manifest*. With `public_url` Slack calls us over HTTP, without it the
    app uses Socket Mode and needs no address. With `installs`, other workspaces may install the app, and Slack reports when they
    remove it."""
    events = f"{public_url.rstrip('/')}/slack/events" if public_url else None
    address = {"request_url": events} if events else {}
    goodbyes = ["app_uninstalled", "tokens_revoked"] if installs and public_url else []
    back = {"redirect_urls": [f"{public_url.rstrip('/')}/slack/oauth_redirect"]} if goodbyes and public_url else {}
    return {
        "display_information": {
            "name": "Action Hero",
            "description": "When a customer is unhappy, somebody gets back to them, and everybody can see it happened.",
            "background_color": "#1f3a5f",
        },
        "features": _features(events),
        "oauth_config": {**back, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": [*EVENTS, *goodbyes]},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": bool(goodbyes),
            "socket_mode_enabled": events is None,
            "token_rotation_enabled": bool(goodbyes),
        },
    }


def _features(events: str | None) -> dict[str, Any]:
    """Returns what people see of the app: its home, the bot, the message shortcut and the slash command."""
    return {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "bot_user": {"display_name": "Action Hero", "always_online": True},
        "shortcuts": [
            {
                "name": "Pass on to the team",
                "type": "message",
                "callback_id": HEARD,
                "description": "Turn what a customer said into a follow-up",
            }
        ],
        "slash_commands": [
            {
                "command": "/hero",
                **({"url": events} if events else {}),
                "description": "Your follow-ups, and those that wait for somebody",
                "usage_hint": "mine | open | huddle | heard | less | pause until Monday | help",
                "should_escape": False,
            }
        ],
    }


def printed(public_url: str | None, *, installs: bool = False, json: bool = False) -> str:
    """Returns the manifest as Slack's page accepts it: YAML, or JSON."""
    wanted = manifest(public_url, installs=installs)
    if json:
        return jsonlib.dumps(wanted, indent=2, ensure_ascii=False)
    yaml, text = YAML(), io.StringIO()
    yaml.width = 200
    yaml.dump(wanted, text)
    return text.getvalue().rstrip()
