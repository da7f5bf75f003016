"""Makes untrusted text harmless and short enough for Microsoft Teams. Pure."""

from __future__ import annotations

import json
import re

from bot import untrusted
from bot.untrusted import clean

_MARKDOWN = re.compile(r"([\\`*_\[\]~<])")
_ROUND = str.maketrans("[]<", "()‹")
_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
_DATE_FUNCTION = re.compile(r"\{(?=\{\s*(?:DATE|TIME)\s*\()", re.IGNORECASE)


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
    return untrusted.cut(text, limit, weight)


def parts(text: str, limit: int) -> list[str]:
    """Split the text into pieces of at most this `weight`, at a line or word boundary if one is near."""
    return untrusted.parts(text, limit, weight)
