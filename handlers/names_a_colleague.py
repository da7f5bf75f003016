"""Whether what a customer wrote names a colleague. Pure."""

from __future__ import annotations

import re

from handlers.feedback import CONTENT, Band

OPENERS = frozenset(
    {
        *("an", "are", "ask", "can", "chase", "do", "don", "else", "even", "hope", "jo", "long", "max", "may", "min", "mine", "my"),
        *("odd", "pat", "per", "so", "vår", "will"),
    }
)
"""First names that are also words with which sentences begin."""
WORDS = OPENERS | {
    *("anders", "april", "art", "august", "bent", "bill", "bo", "cash", "chance", "dag", "dawn", "drew", "faith", "frank"),
    *("gene", "grace", "guy", "hans", "hung", "jack", "joy", "june", "liv", "mark", "miles", "penny", "ray", "rich", "rob"),
    *("rose", "sandy", "sue", "summer", "tom"),
}
"""First names that are also words of which complaints are full, in English and in the languages around us."""
ENDS = ".!?…:\n"
"""What ends a sentence, or stands before one."""


def names(text: str, name: str) -> bool:
    """Returns whether a customer's text names somebody; by first name, as customers do."""
    first = name.split(maxsplit=1)[0] if name.split() else ""
    found = re.finditer(rf"(?<!\w){re.escape(first)}(?!\w)", text, re.IGNORECASE)
    return len(first) > 1 and any(_is_a_name(match) for match in found)


def is_named(band: Band, comment: str, name: str) -> bool:
    """Returns whether an unhappy customer names somebody: that person alone cannot end the case."""
    return band not in CONTENT and names(comment, name)


def _is_a_name(match: re.Match[str]) -> bool:
    """Returns whether a word means the colleague of that name: “I will never come back” names nobody. A name that is also an
    ordinary word counts only when capitalised, not in all capitals, and not where it may begin a sentence. Any other name counts
    in any case: many write “i was served by dana” on a phone, and a complaint that is missed is worse than one that is looked at
    in vain."""
    word = match[0]
    if word.lower() not in WORDS:
        return True
    if word[0].islower() or word.isupper():
        return False
    return not (word.lower() in OPENERS and _begins_a_sentence(match.string, match.start()))


def _begins_a_sentence(text: str, at: int) -> bool:
    """Returns whether no other word stands between the word there and the end of the sentence before it. Looks back no farther than
    needed: a name may be in a long comment a thousand times."""
    for place in range(at - 1, -1, -1):
        if text[place] in ENDS:
            return True
        if text[place].isalnum() or text[place] == "_":
            return False
    return True
