"""Checks HTTP requests before Bolt: admits only those that Slack signed, that are recent and well-formed. Pure; the size limit is
enforced by bot.doors.

Bolt parses before it verifies, responds 500 to what it cannot parse, and treats every form that contains the letters "payload" as a
button. We therefore parse ourselves and give Bolt the finished object, as in Socket Mode.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from binascii import a2b_qp
from collections.abc import Mapping
from typing import Any

from bot.chats import TurnedAway

FRESH = 300
"""Seconds for which a signature is valid, in both directions, by the real clock: the application clock may be pushed forward."""

NEEDED = {"block_actions": "actions", "view_submission": "view", "view_closed": "view", "event_callback": "event"}
SHAPES: Mapping[str, type | tuple[type, ...]] = {
    "type": str,
    "actions": list,
    "event": dict,
    "view": dict,
    "message": dict,
    "container": dict,
    "authorizations": list,
    "user": (dict, str),
    "team": (dict, str),
    "enterprise": (dict, str),
    "channel": (dict, str),
}

_NOT_WELL_FORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def admit(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> dict[str, Any]:
    """Returns the object in a signed request, as Bolt expects it. `now` is the real time in seconds. Raises TurnedAway."""
    _verify(headers, body, secret, now)
    try:
        read = json.loads(body.decode()) if body.lstrip().startswith(b"{") else _form(body)
    except (ValueError, RecursionError):
        raise TurnedAway(400, "neither a JSON object nor a form of Slack's") from None
    return shaped(read)


def shaped(payload: Any) -> dict[str, Any]:
    """Returns the payload if it has the shape that Bolt takes for granted: Bolt fails on anything else. Raises TurnedAway."""
    if not isinstance(payload, dict):
        raise TurnedAway(400, "not a JSON object")
    kind, actions = payload.get("type"), payload.get("actions")
    needed = NEEDED.get(kind) if isinstance(kind, str) else None
    if needed is not None and not payload.get(needed):
        raise TurnedAway(400, f"{kind} without {needed!r}")
    for name, shapes in SHAPES.items():
        if payload.get(name) is not None and not isinstance(payload[name], shapes):
            raise TurnedAway(400, f"{name!r} is not what Slack sends")
    if isinstance(actions, list) and not all(isinstance(action, dict) for action in actions):
        raise TurnedAway(400, "'actions' is not what Slack sends")
    return payload


def is_ssl_check(body: bytes) -> bool:
    """Returns whether this is Slack's check of our certificate: unsigned, and answered with an empty 200."""
    return len(body) < 500 and b"ssl_check=1" in body.split(b"&")


def _verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and signature.isascii()):
        raise TurnedAway(401, "no readable signature")
    if abs(off := now - int(stamp)) > FRESH:
        side = "behind" if off > 0 else "ahead of"
        raise TurnedAway(401, f"the timestamp is more than 5 minutes off: {abs(off):.0f} s {side} this machine's clock")
    expected = "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise TurnedAway(401, "the signature does not fit; is the signing secret right?")


def _form(body: bytes) -> Any:
    """An interaction arrives as JSON in the field `payload`, a slash command as plain fields."""
    pairs = [field.split(b"=", 1) for field in body.split(b"&")]
    fields = {unquoted(name): unquoted(value) for name, value in pairs}
    if "command" in fields:
        return fields
    if "payload" not in fields:
        raise ValueError("neither a command nor an interaction")
    return json.loads(fields["payload"])


def unquoted(text: bytes) -> str:
    """Returns the decoded name or value of a form field. Raises ValueError if it is malformed: Slack escapes all that is not ASCII.

    URL encoding is quoted-printable with another escape character, and Python decodes quoted-printable in C: urllib's decoder takes
    as long as everything Bolt does.
    """
    if not text.isascii() or _NOT_WELL_FORMED.search(text):
        raise ValueError("a % without its two digits, or a letter that is not escaped")
    return a2b_qp(text.replace(b"=", b"=3D").replace(b"+", b" ").replace(b"%", b"=")).decode()
