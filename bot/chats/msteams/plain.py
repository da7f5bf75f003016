"""Makes untrusted text harmless and short enough for Microsoft Teams. Pure."""

from __future__ import annotations

import json
import re
import unicodedata

MARKS = 4
"""Consecutive combining marks that are kept: enough for every script, too few to overlap the lines above."""

_EMOJI = "[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
_HIDDEN_JOINT = re.compile(f"(?<!{_EMOJI})\u200d|\u200d(?!{_EMOJI})")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_MARKDOWN = re.compile(r"([\\`*_\[\]~<])")
_ROUND = str.maketrans("[]<", "()‹")
_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
_DATE_FUNCTION = re.compile(r"\{(?=\{\s*(?:DATE|TIME)\s*\()", re.IGNORECASE)


def clean(text: str) -> str:
    """Returns the text without invisible characters: controls, direction overrides, zero-width characters. Line breaks and joined
    emoji stay."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _HIDDEN_JOINT.sub("", _LINE_END.sub("\n", text))
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        hidden = category in ("Cc", "Cf", "Cs", "Co", "Cn") and character not in "\n\t\u200d"
        if not hidden and marks <= MARKS:
            kept.append(character)
    return _EMPTY_LINES.sub("\n\n", "".join(kept)).strip()


def run(text: str) -> str:
    """Clean text for a TextRun, in which Markdown is not parsed but {{DATE(…)}} would become a date."""
    return _DATE_FUNCTION.sub("{ ", clean(text))


def escaped(text: str) -> str:
    """Clean and escape text for the few places in which Markdown is parsed."""
    return _MARKDOWN.sub(r"\\\1", run(text))


def unaddressed(text: str) -> str:
    """Remove mentions: Teams treats <at>…</at> as one wherever it is."""
    return _MENTION.sub("< ", text)


def unlinked(text: str) -> str:
    """Clean text for choices, in which only some clients parse Markdown: escapes would be visible, and links must not become
    active."""
    return run(text).translate(_ROUND)


def spoken(text: str) -> str:
    """Clean text for a screen reader, which would parse angle brackets as speech markup."""
    return re.sub(r"[<>]", " ", clean(text))


def weight(text: str) -> int:
    """Returns the bytes of the text as JSON with all non-ASCII characters escaped: an upper bound for every way of counting."""
    return len(text) if text.isascii() and text.isalnum() else len(json.dumps(text)) - 2


def cut(text: str, limit: int) -> str:
    """Returns text of at most this `weight`; an ellipsis marks the cut."""
    if weight(text) <= limit:
        return text
    return _head(text, limit - weight("…")).rstrip() + "…"


def parts(text: str, limit: int) -> list[str]:
    """Split the text into pieces of at most this `weight`, at a line or word boundary if one is near."""
    pieces = []
    while weight(text) > limit:
        head = _head(text, limit)
        end = max(head.rfind("\n"), head.rfind(" "))
        head = head[:end] if end > len(head) // 2 else head
        pieces.append(head.rstrip())
        text = text[len(head) :].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def _head(text: str, limit: int) -> str:
    """Returns as much of the beginning as fits, at least one character."""
    spent = 0
    for n, character in enumerate(text):
        spent += weight(character)
        if spent > limit:
            return text[: max(n, 1)]
    return text
