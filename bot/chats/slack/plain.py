"""Makes untrusted text harmless and short enough for Slack. Pure."""

from __future__ import annotations

import re
import unicodedata

MARKS = 4
"""Consecutive combining marks that are kept: enough for every script, too few to overlap the lines above."""

EMOJI = "[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
JOINED_EMOJI = re.compile(f"(?<={EMOJI})\u200d(?={EMOJI})")
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
TOWER_OF_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
HALF_AN_ENTITY = re.compile(r"&[a-z]{0,3}$")


def clean(text: str) -> str:
    """Returns the text without invisible characters: controls, direction overrides, zero-width characters. Line breaks and joined
    emoji stay."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = [_seen(piece) for piece in JOINED_EMOJI.split(LINE_ENDS.sub("\n", text))]
    return TOWER_OF_LINES.sub("\n\n", "\u200d".join(kept)).strip()


def cut(text: str, limit: int) -> str:
    """Returns at most `limit` UTF-16 units, an upper bound for every way Slack counts; an ellipsis marks the cut."""
    if units(text) <= limit:
        return text
    head = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return head.rstrip() + "…"


def escaped(text: str, limit: int) -> str:
    """Escape text for where Slack parses its markup: nothing in it can mention, notify or link. Never cut inside an entity."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if units(safe) <= limit:
        return safe
    return HALF_AN_ENTITY.sub("", cut(safe, limit).removesuffix("…")) + "…"


def parts(text: str, size: int) -> list[str]:
    """Split the text into pieces of at most `size` UTF-16 units, at a line or word boundary if one is near."""
    pieces = []
    while units(text) > size:
        head = text.encode("utf-16-le")[: 2 * size].decode("utf-16-le", "ignore")
        end = max(head.rfind("\n"), head.rfind(" "))
        head = head[:end] if end > len(head) // 2 else head
        pieces.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def units(text: str) -> int:
    """Returns the length in UTF-16 units: an emoji counts as two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _seen(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MARKS or (category in ("Cc", "Cf", "Cs") and character not in "\n\t"):
            continue
        kept.append(character)
    return "".join(kept)
