"""Whether what a customer wrote names a colleague. Pure."""

from __future__ import annotations

import re

from handlers.feedback import Band

OPENERS = frozenset({"an", "are", "can", "do", "even", "hope", "long", "may", "mine", "my", "odd", "per", "so", "will"})
"""First names that are also words with which sentences begin."""
WORDS = OPENERS | {"art", "bill", "dawn", "faith", "frank", "grace", "guy", "hung", "joy", "mark", "rich", "rob", "rose", "sue"}
"""First names that are also words."""
BEGINS = re.compile(r"(?:^|[.!?…:\n])[^\w.!?…:]*$")
"""Matches what stands before the first word of a sentence."""


def names(text: str, name: str) -> bool:
    """Returns whether a customer's text names somebody; by first name, as customers do."""
    first = name.split(maxsplit=1)[0] if name.split() else ""
    found = re.finditer(rf"(?<!\w){re.escape(first)}(?!\w)", text, re.IGNORECASE)
    return len(first) > 1 and any(_is_a_name(match) for match in found)


def is_named(band: Band, comment: str, name: str) -> bool:
    """Returns whether an unhappy customer names somebody: that person alone cannot end the case."""
    return band not in (Band.PROMOTER, Band.PASSIVE) and names(comment, name)


def _is_a_name(match: re.Match[str]) -> bool:
    """Returns whether a word means the colleague who is called so: “I will never come back” names nobody. A name has its capital;
    where capitals say nothing (all of them are, none is, or a sentence begins), a word that is also an ordinary one is no name."""
    word, text = match[0], match.string
    if word.isupper() or text.islower():
        return word.lower() not in WORDS
    begins = BEGINS.search(text[: match.start()]) is not None
    return not word[0].islower() and not (begins and word.lower() in OPENERS)
