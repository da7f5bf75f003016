"""Makes untrusted text harmless and short enough for Slack. Pure."""

from __future__ import annotations

import re

from bot import untrusted
from bot.untrusted import clean

_HALF_AN_ENTITY = re.compile(r"&[a-z]{0,3}$")


def units(text: str) -> int:
    """Returns the length in UTF-16 units, an upper bound for every way Slack counts: an emoji counts as two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Returns at most `limit` units; an ellipsis marks the cut."""
    return untrusted.cut(text, limit, units)


def parts(text: str, limit: int) -> list[str]:
    """Split the text into pieces of at most `limit` units, at a line or word boundary if one is near."""
    return untrusted.parts(text, limit, units)


def escaped(text: str, limit: int) -> str:
    """Escape text for where Slack parses its markup: nothing in it can mention, notify or link. Never cut inside an entity."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if units(safe) <= limit:
        return safe
    return _HALF_AN_ENTITY.sub("", cut(safe, limit).removesuffix("…")) + "…"
