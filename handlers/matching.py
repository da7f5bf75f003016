"""Compares what customers said with the words of a route, in any case, script and spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

MARKS = 30
"""Combining marks in a row that are compared: as many as the stream-safe text format of Unicode (UAX #15) allows."""
_HALFWIDTH_MARKS = "\uff9e\uff9f"
"""The marks of halfwidth kana. They are letters until they are normalised."""

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""The letters of scripts that put no space between words, or hang endings on them, for a class of a regular expression: Thai, Lao,
Burmese, Khmer, kana, Han, Hangul."""


def same(wanted: tuple[str, ...], said: Sequence[str | None]) -> bool:
    """Returns whether one of these texts is one of those wanted, in any case and spelling, with any white space between words."""
    folded = all_plain(wanted)
    return any(text and plain(text) in folded for text in said)


@lru_cache(maxsize=4096)
def all_plain(words: tuple[str, ...]) -> frozenset[str]:
    """Returns the words of a route as `plain` has them. Cached, because each piece of feedback is compared with all of them."""
    return frozenset(map(plain, words))


@lru_cache(maxsize=128)
def plain(text: str) -> str:
    """Returns a short text, such as a tag or a touchpoint, as it is compared: `_plain`, and any white space is one space. Cached,
    because every route asks about the same few."""
    return " ".join(_plain(text).split())


def says(comment: str, words: tuple[str, ...]) -> bool:
    """Returns whether a comment holds one of these words or phrases, as whole words: `refund` is not found in `refundable`. A space
    matches any white space."""
    said = _said(comment)
    return any(_pattern(word).search(said) for word in words)


@lru_cache(maxsize=4096)
def _pattern(words: str) -> re.Pattern[str]:
    plain = _plain(words).strip()
    before = "" if is_unspaced(plain[:1]) else rf"(?<![^\W{UNSPACED}])"  # SIM in 我的SIM卡 is a whole word
    after = "" if is_unspaced(plain[-1:]) else rf"(?![^\W{UNSPACED}])"
    return re.compile(before + r"\s+".join(re.escape(part) for part in plain.split()) + after)


def is_unspaced(letter: str) -> bool:
    """Returns whether a letter is of such a script."""
    return re.match(f"[{UNSPACED}]", letter) is not None


@lru_cache(maxsize=1)
def _said(comment: str) -> str:
    """Returns a comment as it is compared. Cached, because every route with words is asked about the same one."""
    return _plain(comment)


def _plain(text: str) -> str:
    """Returns a text as it is compared: in lower case, with each accent in one spelling, and the apostrophe that keyboards have."""
    return unicodedata.normalize("NFKC", _shortened(text)).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold()


def _shortened(text: str) -> str:
    """Returns the text with at most MARKS combining marks in a row. The time to normalise a run of them grows with its square, and
    no language needs so many."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if character in _HALFWIDTH_MARKS or unicodedata.category(character).startswith("M") else 0
        if marks <= MARKS:
            kept.append(character)
    return "".join(kept)
