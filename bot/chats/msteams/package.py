"""The app package that an admin uploads to Microsoft Teams: a manifest and two icons in one zip. Pure, no SDK."""

from __future__ import annotations

import io
import json
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

VERSION = "1.1.1"
"""Increase it with every change of the manifest: Teams accepts an update only with a higher version."""

ACCENT = "#1F3A5F"
BLUE, WHITE, CLEAR = bytes((0x1F, 0x3A, 0x5F, 255)), b"\xff\xff\xff\xff", b"\xff\xff\xff\x00"
SCOPES = ("team", "personal")
"""Cards are in a team's channels; a customer's details go to the personal chat of whoever claims."""

COMMANDS = {
    "mine": "Your follow-ups",
    "open": "Follow-ups that wait for somebody",
    "help": "What you can do here",
}

HEARD = "heard"
"""The word that precedes a passed-on message, and the id of the message action for it."""

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can store, so that the same app.yaml gives the same bytes


def manifest(app_id: str, public_url: str) -> dict[str, Any]:
    """Returns the app manifest for Teams. Raises ValueError saying what is wrong unless `public_url` is an https address."""
    address = urlsplit(public_url)
    if address.scheme != "https" or not address.hostname:
        raise ValueError(f"server.public_url must begin with https:// and name a host, but it is {public_url!r}.")
    site = public_url.rstrip("/")
    return {
        "$schema": "https://developer.microsoft.com/json-schemas/teams/v1.25/MicrosoftTeams.schema.json",
        "manifestVersion": "1.25",
        "version": VERSION,
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"action-hero:{app_id.lower()}")),
        "developer": {
            "name": "Action Hero",
            "websiteUrl": site,
            "privacyUrl": f"{site}/privacy",
            "termsOfUseUrl": f"{site}/terms",
        },
        "name": {"short": "Action Hero", "full": "Action Hero: get back to unhappy customers"},
        "description": {
            "short": "When a customer is unhappy, somebody gets back to them.",
            "full": "Feedback from unhappy customers appears as a card in your channel. One person claims it with one tap, "
            "talks to the customer and closes it, and everybody can see that it happened. "
            "Customers' contact details go only to the person who claims, in the personal chat.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [_bot(app_id)],
        "composeExtensions": [_message_action(app_id)],
        "supportsChannelFeatures": "tier1",
        "validDomains": [address.hostname],
    }


def _bot(app_id: str) -> dict[str, Any]:
    return {
        "botId": app_id,
        "scopes": list(SCOPES),
        "supportsFiles": False,
        "isNotificationOnly": False,
        "commandLists": [
            {
                "scopes": list(SCOPES),
                "commands": [{"title": title, "description": words} for title, words in COMMANDS.items()],
            }
        ],
    }


def _message_action(app_id: str) -> dict[str, Any]:
    """Returns the entry in a message's menu that passes it on."""
    return {
        "botId": app_id,
        "commands": [
            {
                "id": HEARD,
                "type": "action",
                "context": ["message"],
                "fetchTask": True,
                "title": "A customer told us…",
                "description": "Turn what a customer said into a follow-up",
            }
        ],
    }


def package(app_id: str, public_url: str) -> bytes:
    """Returns the zip to upload; the same bytes for the same two values."""
    members = {
        "manifest.json": json.dumps(manifest(app_id, public_url), indent=2, ensure_ascii=False).encode(),
        "color.png": _png(192, lambda x, y: WHITE if _tick(x / 192, y / 192) else BLUE),
        "outline.png": _png(32, lambda x, y: WHITE if _tick(x / 32, y / 32) else CLEAR),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _tick(x: float, y: float) -> bool:
    """Returns whether a point of the unit square is on the logo, a tick."""
    return _near(x, y, (0.22, 0.52), (0.42, 0.72)) or _near(x, y, (0.42, 0.72), (0.78, 0.30))


def _near(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> bool:
    (ax, ay), (bx, by) = start, end
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = min(1.0, max(0.0, along))
    return (x - ax - along * (bx - ax)) ** 2 + (y - ay - along * (by - ay)) ** 2 <= 0.055**2


def _png(size: int, colour: Callable[[int, int], bytes]) -> bytes:
    """Returns a square PNG of RGBA pixels."""
    rows = b"".join(b"\0" + b"".join(colour(x, y) for x in range(size)) for y in range(size))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
