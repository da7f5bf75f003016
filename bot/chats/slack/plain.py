"""Makes foreign text harmless and short enough for Slack. Pure."""

from __future__ import annotations

import re
import unicodedata

MARKS = 4
"""Combining marks in a row that are kept: enough for every script, too few to tower over the lines above."""

EMOJI = "[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
JOINED_EMOJI = re.compile(f"(?<={EMOJI})\u200d(?={EMOJI})")
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
TOWER_OF_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
HALF_AN_ENTITY = re.compile(r"&[a-z]{0,3}$")


def clean(text: str) -> str:
    """Without what cannot be seen: controls, direction overrides, zero-width characters. Line breaks and joined emoji stay."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = [_seen(piece) for piece in JOINED_EMOJI.split(LINE_ENDS.sub("\n", text))]
    return TOWER_OF_LINES.sub("\n\n", "\u200d".join(kept)).strip()


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, which no counting of Slack's can exceed; an ellipsis says that something is missing."""
    if units(text) <= limit:
        return text
    head = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return head.rstrip() + "…"


def escaped(text: str, limit: int) -> str:
    """For the places where Slack reads its own markup: nothing in it can mention, ping or link. Never cut inside an entity."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if units(safe) <= limit:
        return safe
    return HALF_AN_ENTITY.sub("", cut(safe, limit).removesuffix("…")) + "…"


def parts(text: str, size: int) -> list[str]:
    """The text in pieces of at most `size` UTF-16 units, parted at a line or a word where there is one near."""
    pieces = []
    while units(text) > size:
        head = text.encode("utf-16-le")[: 2 * size].decode("utf-16-le", "ignore")
        end = max(head.rfind("\n"), head.rfind(" "))
        head = head[:end] if end > len(head) // 2 else head
        pieces.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def units(text: str) -> int:
    """The length in UTF-16 units: an emoji counts two."""
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
