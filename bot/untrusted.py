"""Cleans text that anybody may have written: removes what hides, overlaps or displaces other words, and cuts it to size.
Escaping for a chat's own markup is done in that chat's folder. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

MARKS = 4
"""Consecutive combining marks that are kept: enough for every script, too few to overlap the lines above."""

_EMOJI = "[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
_JOINED_EMOJI = re.compile(f"(?<={_EMOJI})\u200d(?={_EMOJI})")
_ASCII_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TOWER_OF_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")

Weigh = Callable[[str], int]
"""Returns how much of a limit a text takes up; that of a text is at most the sum of its characters'."""


def clean(text: str) -> str:
    """Returns the text without invisible characters: controls, direction overrides, zero-width characters. Line breaks and joined
    emoji stay, as does what this Python's Unicode does not know yet."""
    if text.isascii() and text.isprintable():
        return text.strip()
    seen = [_seen(piece) for piece in _JOINED_EMOJI.split(_LINE_END.sub("\n", text))]
    return _TOWER_OF_LINES.sub("\n\n", "\u200d".join(seen)).strip()


def cut(text: str, limit: int, weigh: Weigh) -> str:
    """Returns the text if it weighs at most `limit`, else its beginning with an ellipsis."""
    return text if weigh(text) <= limit else _head(text, limit - weigh("…"), weigh).rstrip() + "…"


def parts(text: str, limit: int, weigh: Weigh) -> list[str]:
    """Split the text into pieces that weigh at most `limit`, at a line or word boundary if one is near."""
    pieces = []
    while weigh(text) > limit:
        head = _head(text, limit, weigh) or text[0]
        end = max(head.rfind("\n"), head.rfind(" "))
        head = head[:end] if end > len(head) // 2 else head
        pieces.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def _head(text: str, limit: int, weigh: Weigh) -> str:
    """Returns as much of the beginning as fits."""
    spent = 0
    for n, character in enumerate(text):
        spent += weigh(character)
        if spent > limit:
            return text[:n]
    return text


def _seen(text: str) -> str:
    if text.isascii():
        return _ASCII_CONTROLS.sub("", text)
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MARKS or (category in ("Cc", "Cf", "Cs") and character not in "\n\t"):
            continue
        kept.append(character)
    return "".join(kept)
